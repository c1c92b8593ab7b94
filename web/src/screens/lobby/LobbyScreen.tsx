import { useEffect, useRef, useState } from "react";
import { useTranslation } from "react-i18next";

import type { Call, Phase, TypedReason } from "../../call/contract";
import { Button } from "../../ui/Button";
import { Mark } from "../../ui/Mark";
import { Note } from "../../ui/Note";
import { TextField } from "../../ui/TextField";
import { useActions, useCall } from "../context";
import { Look } from "../../ui/Look";
import { DeviceChoice } from "./DeviceChoice";
import { Facts } from "./Facts";
import { Preview } from "./Preview";
import { Waiting } from "./Waiting";
import { rememberedName, rememberName } from "./name";

type Step = Extract<Phase, { at: "joining" }>["step"];

interface LobbyProps {
  /** Set while the way in is under way. */
  readonly step?: Step;
  /** The server or this device refused the name or the passcode. */
  readonly refused?: TypedReason;
  /** At the door, until a host has answered. */
  readonly waiting?: boolean;
}
/** Once per page: coming back must not turn on again what was turned off. */
const previewed = new WeakSet<Call>();

/** Before the call: see and hear yourself, read who invites and what is protected, type a name, press Join. */
export function LobbyScreen({ step, refused, waiting = false }: LobbyProps) {
  const { t } = useTranslation();
  const call = useActions();
  const title = useCall((state) => state.title);
  const inviter = useCall((state) => state.inviter);
  const [name, setName] = useState(rememberedName);
  const [passcode, setPasscode] = useState("");
  const [error, setError] = useState<TypedReason | null>(refused ?? null);
  const field = useRef<HTMLInputElement>(null);
  const codeField = useRef<HTMLInputElement>(null);
  const ofCode = error === "passcode_required" || error === "passcode_wrong";
  // Whoever was asked once is asked here, also where the lobby did not say so.
  const asksCode = useCall((state) => state.passcode) || ofCode;
  const heading = title === "" ? t("lobby.title") : t("lobby.heading", { title });

  // A reload takes its own seat back without a lobby, muted or not as it was: the devices are asked for only once the lobby has its answer.
  const joining = step !== undefined || waiting;
  const linkOld = useCall((state) => state.linkOld);
  const known = useCall((state) => state.region.id !== "");
  const answered = known || linkOld;
  useEffect(() => {
    if (!answered || joining || previewed.has(call)) return;
    previewed.add(call);
    void call.preview();
  }, [call, answered, joining]);
  useEffect(() => {
    document.title = heading;
  }, [heading]);
  useEffect(() => {
    if (error !== null) (ofCode ? codeField : field).current?.focus();
  }, [error, ofCode]);

  const join = (): void => {
    const wanted = name.trim();
    const long = Array.from(wanted.normalize("NFC")).length > 64;
    const wrong = wanted === "" ? "name_empty" : long ? "name_too_long" : asksCode && passcode === "" ? "passcode_required" : null;
    setError(wrong);
    if (wrong !== null) {
      (wrong === "passcode_required" ? codeField : field).current?.focus();
      return;
    }
    rememberName(wanted);
    void call.join(wanted, asksCode ? passcode : undefined);
  };

  return (
    <div className="lobby">
      <header className="lobby-head">
        <a className="brand" href="/">
          <Mark size={28} />
          Conclave
        </a>
        <Look />
      </header>
      <main className="lobby-body">
        <section className="lobby-self" aria-label={t("lobby.picture")}>
          <Preview />
        </section>
        <form
          className="lobby-way"
          onSubmit={(event) => {
            event.preventDefault();
            if (!joining) join();
          }}
        >
          {answered ? (
            <div>
              <h1>{heading}</h1>
              {linkOld ? (
                <Note tone="heed">{t("lobby.linkOld")}</Note>
              ) : (
                <p className="quiet">{inviter === "" ? t("lobby.noInviter") : t("lobby.invites", { name: inviter })}</p>
              )}
            </div>
          ) : (
            <div className="skeleton lobby-waiting">
              <h1 className="unseen">{t("lobby.title")}</h1>
            </div>
          )}
          <TextField
            label={t("lobby.name")}
            help={t("lobby.nameHelp")}
            error={error === null || ofCode ? null : `${t(`ended.${error}`)} ${t(`endedNext.${error}`)}`}
            name="name"
            autoComplete="name"
            value={name}
            onChange={setName}
            inputRef={field}
            isDisabled={joining}
          />
          {asksCode ? (
            <TextField
              label={t("lobby.passcode")}
              help={t("lobby.passcodeHelp")}
              error={ofCode ? (error === "passcode_required" ? t("lobby.passcodeEmpty") : `${t(`ended.${error}`)} ${t(`endedNext.${error}`)}`) : null}
              name="passcode"
              type="password"
              autoComplete="off"
              value={passcode}
              onChange={setPasscode}
              inputRef={codeField}
              isDisabled={joining}
              maxLength={64}
            />
          ) : null}
          {known && !waiting ? <Facts /> : null}
          {waiting ? <Waiting /> : (
          <div className="lobby-join">
            <Button tone="keep" big type="submit" isPending={joining} data-control="join">
              {step ? t(`lobby.joining.${step}`) : t("lobby.join")}
            </Button>
            <p className="help" role="status">
              {step ? "" : t("lobby.nobodyYet")}
            </p>
          </div>
          )}
        </form>
        <DeviceChoice />
      </main>
    </div>
  );
}
