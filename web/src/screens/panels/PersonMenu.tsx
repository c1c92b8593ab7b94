import { Crown, EllipsisVertical, UserMinus, UserX } from "lucide-react";
import { Button, Menu, MenuItem, MenuTrigger, Popover } from "react-aria-components";
import { useTranslation } from "react-i18next";

import type { Person } from "../../call/contract";
import { useActions } from "../context";
import { useView } from "../view";
import { usePersonWords } from "./usePersonWords";

/** What a host can do about one person; `chief` is a host by the link, whom co-hosts cannot touch (POL-15, POL-16). */
export function PersonMenu({ person, name, chief }: { readonly person: Person; readonly name: string; readonly chief: boolean }) {
  const { t } = useTranslation();
  const call = useActions();
  const { openAsk } = useView();
  const words = usePersonWords(person);
  const touchable = chief || !person.hosting || person.cohost;
  if (person.leaf === null || !touchable) return null;
  const acts: Record<string, () => void> = {
    ...Object.fromEntries(words.map(({ id, act }) => [id, act])),
    role: () => {
      if (person.hosting) call.unmakeCoHost(person.participant);
      else call.makeCoHost(person.participant);
    },
    remove: () => {
      openAsk({ kind: "remove", participant: person.participant });
    },
    ban: () => {
      openAsk({ kind: "ban", participant: person.participant });
    },
  };
  return (
    <MenuTrigger>
      <Button className="button" data-tone="bare" data-icon-only data-menu="person" aria-label={t("people.menu", { name })}>
        <EllipsisVertical size={20} aria-hidden />
      </Button>
      <Popover className="popover" placement="bottom end">
        <Menu
          onAction={(key) => {
            acts[String(key)]?.();
          }}
        >
          {words.map(({ id, icon: Icon, label }) => (
            <MenuItem key={id} id={id} className="choice">
              <Icon size={20} aria-hidden />
              <span className="chosen">{label}</span>
            </MenuItem>
          ))}
          <MenuItem id="role" className="choice">
            <Crown size={20} aria-hidden />
            <span className="chosen">{t(person.hosting ? "people.unmakeCohost" : "people.makeCohost")}</span>
          </MenuItem>
          <MenuItem id="remove" className="choice">
            <UserMinus size={20} aria-hidden />
            <span className="chosen">{t("people.removeAsk")}</span>
          </MenuItem>
          <MenuItem id="ban" className="choice">
            <UserX size={20} aria-hidden />
            <span className="chosen">{t("people.banAsk")}</span>
          </MenuItem>
        </Menu>
      </Popover>
    </MenuTrigger>
  );
}
