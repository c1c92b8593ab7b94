import type { ReactNode } from "react";
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

interface ConfirmProps {
  readonly title: string;
  readonly children: ReactNode;
  /** What the button says that does it. */
  readonly does: string;
  readonly onConfirm: () => void;
  /** A way that leads further, beside the two. */
  readonly more?: { readonly label: string; readonly onPress: () => void };
  /** Nothing is lost by it: the button that does it has the focus, and nobody is alarmed. */
  readonly calm?: boolean;
}

/** A question with a way back, which has the focus where something would be lost. */
function Confirm({ title, children, does, onConfirm, more, calm = false }: ConfirmProps) {
  const { t } = useTranslation();
  const { closeAsk } = useView();
  return (
    <Dialog title={title} open alert={!calm} onClose={closeAsk}>
      {children}
      <div className="actions">
        <Button autoFocus={!calm} onPress={closeAsk}>
          {t("common.cancel")}
        </Button>
        {more === undefined ? null : (
          <Button tone="danger" onPress={more.onPress}>
            {more.label}
          </Button>
        )}
        <Button tone="stop" autoFocus={calm} onPress={onConfirm}>
          {does}
        </Button>
      </div>
    </Dialog>
  );
}

function Leave() {
  const { t } = useTranslation();
  const call = useActions();
  const { locked } = useCall((state) => state.rules);
  const { openAsk } = useView();
  const end = { label: t("call.leave.end"), onPress: () => { openAsk({ kind: "end" }); } };
  return (
    <Confirm title={t("call.leave.title")} does={t("call.leave.leave")} onConfirm={() => void call.leave()} more={end} calm>
      <p>{t(locked ? "call.leave.locked" : "call.leave.text")}</p>
    </Confirm>
  );
}

const NAMED = 3;

function End() {
  const { t, i18n } = useTranslation();
  const call = useActions();
  const others = useCall((state) => state.people).filter((person) => !person.self && person.name !== "");
  const names = others.slice(0, NAMED).map((person) => person.name);
  if (others.length > NAMED) names.push(t("call.more", { count: others.length - NAMED }));
  const list = new Intl.ListFormat(i18n.language).format(names);
  return (
    <Confirm title={t("call.end.title")} does={t("call.end.end")} onConfirm={() => void call.endForAll()}>
      <p>{others.length === 0 ? t("call.end.alone") : t("call.end.text", { count: others.length, names: list })}</p>
    </Confirm>
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
  const stepDown = (): void => {
    closeAsk();
    if (self) call.unmakeCoHost(self.participant);
  };
  return (
    <Confirm title={t("call.stepDown.title")} does={t("call.stepDown.stepDown")} onConfirm={stepDown}>
      <p>{others.length === 0 ? t("call.stepDown.nobody") : t("call.stepDown.text", { names: list })}</p>
    </Confirm>
  );
}

function Remove({ person }: { readonly person: Person }) {
  const { t } = useTranslation();
  const call = useActions();
  const { closeAsk, openAsk } = useView();
  const name = useShownName(person);
  const remove = (): void => {
    closeAsk();
    void call.remove(person.participant);
  };
  const ban = { label: t("call.remove.ban"), onPress: () => { openAsk({ kind: "ban", participant: person.participant }); } };
  return (
    <Confirm title={t("call.remove.title", { name })} does={t("call.remove.remove", { name })} onConfirm={remove} more={ban}>
      <p>{t("call.remove.text", { name })}</p>
    </Confirm>
  );
}

/** Says how far it reaches and how far it cannot. */
function Ban({ person }: { readonly person: Person }) {
  const { t } = useTranslation();
  const call = useActions();
  const { closeAsk } = useView();
  const name = useShownName(person);
  const ban = (): void => {
    closeAsk();
    void call.remove(person.participant, true);
  };
  return (
    <Confirm title={t("call.ban.title", { name })} does={t("call.ban.ban", { name })} onConfirm={ban}>
      <p>{t(person.signedIn ? "call.ban.account" : "call.ban.browser", { name })}</p>
      <p>{t("call.ban.link")}</p>
    </Confirm>
  );
}
