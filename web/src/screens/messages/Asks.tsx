import { useTranslation } from "react-i18next";

import { Button } from "../../ui/Button";
import { Dialog } from "../../ui/Dialog";
import { useActions, useCall } from "../context";
import { useShownName } from "../Sign";
import type { Person } from "../../call/contract";
import { useView } from "../view";
import { React } from "./React";
import { Rename } from "./Rename";
import { Shortcuts } from "./Shortcuts";

/** The question that is open, if one is. */
export function Asks() {
  const { ask } = useView();
  const participant = ask?.kind === "remove" || ask?.kind === "ban" ? ask.participant : null;
  const person = useCall((state) => state.people.find((each) => each.participant === participant));
  switch (ask?.kind) {
    case "leave":
      return <Leave />;
    case "end":
      return <End />;
    case "stepDown":
      return <StepDown />;
    case "react":
      return <React />;
    case "rename":
      return <Rename />;
    case "shortcuts":
      return <Shortcuts />;
    case "remove":
      return person ? <Remove person={person} /> : null;
    case "ban":
      return person ? <Ban person={person} /> : null;
    case undefined:
      return null;
  }
}

function Leave() {
  const { t } = useTranslation();
  const call = useActions();
  const { locked } = useCall((state) => state.rules);
  const { closeAsk, openAsk } = useView();
  return (
    <Dialog title={t("call.leave.title")} open onClose={closeAsk}>
      <p>{t(locked ? "call.leave.locked" : "call.leave.text")}</p>
      <div className="actions">
        <Button onPress={closeAsk}>{t("common.cancel")}</Button>
        <Button
          tone="danger"
          onPress={() => {
            openAsk({ kind: "end" });
          }}
        >
          {t("call.leave.end")}
        </Button>
        <Button tone="stop" autoFocus onPress={() => void call.leave()}>
          {t("call.leave.leave")}
        </Button>
      </div>
    </Dialog>
  );
}

const NAMED = 3;

function End() {
  const { t, i18n } = useTranslation();
  const call = useActions();
  const { closeAsk } = useView();
  const others = useCall((state) => state.people).filter((person) => !person.self && person.name !== "");
  const names = others.slice(0, NAMED).map((person) => person.name);
  if (others.length > NAMED) names.push(t("call.more", { count: others.length - NAMED }));
  const list = new Intl.ListFormat(i18n.language).format(names);
  return (
    <Dialog title={t("call.end.title")} open alert onClose={closeAsk}>
      <p>{others.length === 0 ? t("call.end.alone") : t("call.end.text", { count: others.length, names: list })}</p>
      <div className="actions">
        <Button autoFocus onPress={closeAsk}>
          {t("common.cancel")}
        </Button>
        <Button tone="stop" onPress={() => void call.endForAll()}>
          {t("call.end.end")}
        </Button>
      </div>
    </Dialog>
  );
}

function StepDown() {
  const { t, i18n } = useTranslation();
  const call = useActions();
  const { closeAsk } = useView();
  const people = useCall((state) => state.people);
  const self = people.find((person) => person.self);
  const others = people.filter((person) => !person.self && person.hosting).map((person) => person.name);
  const list = new Intl.ListFormat(i18n.language).format(others);
  return (
    <Dialog title={t("call.stepDown.title")} open alert onClose={closeAsk}>
      <p>{others.length === 0 ? t("call.stepDown.nobody") : t("call.stepDown.text", { names: list })}</p>
      <div className="actions">
        <Button autoFocus onPress={closeAsk}>
          {t("common.cancel")}
        </Button>
        <Button
          tone="stop"
          onPress={() => {
            closeAsk();
            if (self) call.unmakeCoHost(self.participant);
          }}
        >
          {t("call.stepDown.stepDown")}
        </Button>
      </div>
    </Dialog>
  );
}

function Remove({ person }: { readonly person: Person }) {
  const { t } = useTranslation();
  const call = useActions();
  const { closeAsk, openAsk } = useView();
  const name = useShownName(person);
  return (
    <Dialog title={t("call.remove.title", { name })} open alert onClose={closeAsk}>
      <p>{t("call.remove.text", { name })}</p>
      <div className="actions">
        <Button autoFocus onPress={closeAsk}>
          {t("common.cancel")}
        </Button>
        <Button
          tone="danger"
          onPress={() => {
            openAsk({ kind: "ban", participant: person.participant });
          }}
        >
          {t("call.remove.ban")}
        </Button>
        <Button
          tone="stop"
          onPress={() => {
            closeAsk();
            void call.remove(person.participant);
          }}
        >
          {t("call.remove.remove", { name })}
        </Button>
      </div>
    </Dialog>
  );
}

/** Says how far it reaches and how far it cannot. */
function Ban({ person }: { readonly person: Person }) {
  const { t } = useTranslation();
  const call = useActions();
  const { closeAsk } = useView();
  const name = useShownName(person);
  return (
    <Dialog title={t("call.ban.title", { name })} open alert onClose={closeAsk}>
      <p>{t(person.signedIn ? "call.ban.account" : "call.ban.browser", { name })}</p>
      <p>{t("call.ban.link")}</p>
      <div className="actions">
        <Button autoFocus onPress={closeAsk}>
          {t("common.cancel")}
        </Button>
        <Button
          tone="stop"
          onPress={() => {
            closeAsk();
            void call.remove(person.participant, true);
          }}
        >
          {t("call.ban.ban", { name })}
        </Button>
      </div>
    </Dialog>
  );
}
