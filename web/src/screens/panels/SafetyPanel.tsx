import { CirclePause, CirclePlay, Crown, FileKey, FileX, Lock, LockOpen } from "lucide-react";
import { useTranslation } from "react-i18next";

import type { Piece } from "../../call/contract";
import { Button } from "../../ui/Button";
import { Note } from "../../ui/Note";
import { useActions, useCall } from "../context";
import { useView } from "../view";
import { Bans } from "./Bans";
import { Rule } from "./Rule";
import { Rights } from "./Rights";

/** In the order in which people miss them. */
const PIECES = ["unmute", "video", "chat", "reactions", "share"] as const satisfies readonly Piece[];

/** What the hosts have decided for everybody; hosts change it here, the others read it. */
export function SafetyPanel() {
  const { t } = useTranslation();
  const hosting = useCall((state) => state.hosting);
  return (
    // Without a host's buttons nothing in it takes the focus, and yet it scrolls.
    <div className="panel-body safety" role="group" aria-label={t("call.panels.safety")} tabIndex={0}>
      <p className="quiet">
        {t(hosting ? "safety.forHosts" : "safety.forOthers")}{" "}
        {/* In a tab of its own, so that the call goes on. */}
        <a href="/help" target="_blank" rel="noreferrer">
          {t("safety.help")}
        </a>
      </p>
      <Door />
      <Strictness />
      <Suspension />
      <Rights />
      <Hosts />
      {hosting ? <Bans /> : null}
    </div>
  );
}

function Door() {
  const { t } = useTranslation();
  const call = useActions();
  const hosting = useCall((state) => state.hosting);
  const { locked } = useCall((state) => state.rules);
  const state = locked ? "locked" : "open";
  return (
    <Rule rule="lock" on={locked} icon={locked ? Lock : LockOpen} title={t(`safety.door.${state}`)} text={t(`safety.door.${state}Text`)}>
      {hosting ? (
        <Button
          icon={locked ? LockOpen : Lock}
          onPress={() => {
            call.setLocked(!locked);
          }}
        >
          {t(locked ? "safety.door.unlock" : "safety.door.lock")}
        </Button>
      ) : null}
    </Rule>
  );
}

function Strictness() {
  const { t } = useTranslation();
  const call = useActions();
  const hosting = useCall((state) => state.hosting);
  const { strict } = useCall((state) => state.rules);
  const state = strict ? "on" : "off";
  return (
    <Rule rule="strict" on={strict} icon={strict ? FileKey : FileX} title={t(`safety.strict.${state}`)} text={t(`safety.strict.${state}Text`)}>
      {hosting ? (
        <Button
          icon={strict ? FileX : FileKey}
          onPress={() => {
            call.setStrict(!strict);
          }}
        >
          {t(strict ? "safety.strict.end" : "safety.strict.begin")}
        </Button>
      ) : null}
    </Rule>
  );
}

function Suspension() {
  const { t } = useTranslation();
  const call = useActions();
  const hosting = useCall((state) => state.hosting);
  const { suspended, suspendedBy, withheld } = useCall((state) => state.rules);
  const back = suspended ? PIECES : PIECES.filter((piece) => piece in withheld);
  const state = suspended ? "on" : back.length > 0 ? "part" : "off";
  return (
    <Rule
      rule="suspend"
      on={suspended}
      icon={CirclePause}
      title={t(`safety.suspend.${state}`, { name: suspendedBy === "" ? t("safety.someHost") : suspendedBy })}
      text={t(`safety.suspend.${state}Text`)}
    >
      {hosting && back.length > 0 ? <GivingBack pieces={back} whole={!suspended} /> : null}
      {hosting ? (
        <Button
          tone={suspended ? "keep" : "danger"}
          icon={suspended ? CirclePlay : CirclePause}
          onPress={() => {
            call.setSuspended(!suspended);
          }}
        >
          {t(suspended ? "safety.suspend.resume" : "safety.suspend.suspend")}
        </Button>
      ) : null}
    </Rule>
  );
}

/** One thing at a time; `whole` offers all that is left at once, which resuming does else. */
function GivingBack({ pieces, whole }: { readonly pieces: readonly Piece[]; readonly whole: boolean }) {
  const { t } = useTranslation();
  const call = useActions();
  return (
    <div role="group" aria-label={t("safety.suspend.giveBack")} className="giving-back">
      <p className="help">{t("safety.suspend.giveBack")}</p>
      <div className="actions">
        {pieces.map((piece) => (
          <Button
            key={piece}
            data-piece={piece}
            onPress={() => {
              call.giveBack(piece);
            }}
          >
            {t(`safety.suspend.pieces.${piece}`)}
          </Button>
        ))}
        {whole ? (
          <Button
            tone="keep"
            icon={CirclePlay}
            data-piece="rest"
            onPress={() => {
              call.setSuspended(false);
            }}
          >
            {t("safety.suspend.rest")}
          </Button>
        ) : null}
      </div>
    </div>
  );
}

function Hosts() {
  const { t, i18n } = useTranslation();
  const call = useActions();
  const { openAsk } = useView();
  const people = useCall((state) => state.people);
  const steppedDown = useCall((state) => state.steppedDown);
  const self = people.find((person) => person.self);
  const named = (cohost: boolean): readonly string[] =>
    people.filter((person) => person.hosting && person.cohost === cohost).map((person) => (person.self ? `${person.name} (${t("common.you")})` : person.name));
  const list = new Intl.ListFormat(i18n.language);
  const [hosts, cohosts] = [named(false), named(true)];
  const title = hosts.length > 0 ? t("safety.hosts.hosts", { count: hosts.length, names: list.format(hosts) }) : t("safety.hosts.noHost");
  const text = cohosts.length > 0 ? t("safety.hosts.cohosts", { count: cohosts.length, names: list.format(cohosts) }) : t("safety.hosts.noCohost");
  return (
    <Rule rule="hosts" on={hosts.length > 0} icon={Crown} title={title} text={text}>
      {hosts.length + cohosts.length === 0 ? <Note tone="heed">{t("safety.hosts.nobody")}</Note> : null}
      {self?.hosting ? (
        <Button
          onPress={() => {
            openAsk({ kind: "stepDown" });
          }}
        >
          {t("safety.hosts.stepDown")}
        </Button>
      ) : null}
      {steppedDown ? (
        <Button
          onPress={() => {
            call.takeRole();
          }}
        >
          {t("safety.hosts.takeRole")}
        </Button>
      ) : null}
    </Rule>
  );
}
