import { DoorOpen, EllipsisVertical, KeyRound, Link, Pencil, Trash2, UserPlus } from "lucide-react";
import { Button, Menu, MenuItem, MenuTrigger, Popover } from "react-aria-components";
import { useTranslation } from "react-i18next";

export type CardAsk = "invitations" | "entrance" | "host" | "replace" | "rename" | "delete";

interface CardMenuProps {
  readonly title: string;
  /** This device has the link. */
  readonly link: boolean;
  /** This device holds the host key. */
  readonly host: boolean;
  readonly onAsk: (ask: CardAsk) => void;
}

/** What is done rarely. */
export function CardMenu({ title, link, host, onAsk }: CardMenuProps) {
  const { t } = useTranslation();
  return (
    <MenuTrigger>
      <Button className="button" data-tone="bare" data-icon-only aria-label={t("meetings.more", { title })}>
        <EllipsisVertical size={20} aria-hidden />
      </Button>
      <Popover className="popover" placement="bottom end">
        <Menu
          onAction={(key) => {
            onAsk(key as CardAsk);
          }}
        >
          <MenuItem id="invitations" className="choice" textValue={t("meetings.invitations.title")}>
            <UserPlus size={20} aria-hidden />
            {t("meetings.invitations.title")}
          </MenuItem>
          <MenuItem id="entrance" className="choice" textValue={t("meetings.preset")}>
            <DoorOpen size={20} aria-hidden />
            {t("meetings.preset")}
          </MenuItem>
          {host ? (
            <MenuItem id="host" className="choice" textValue={t("meetings.hostLink")}>
              <KeyRound size={20} aria-hidden />
              {t("meetings.hostLink")}
            </MenuItem>
          ) : null}
          {link ? (
            <MenuItem id="replace" className="choice" textValue={t("meetings.replace")}>
              <Link size={20} aria-hidden />
              {t("meetings.replace")}
            </MenuItem>
          ) : null}
          <MenuItem id="rename" className="choice" textValue={t("meetings.rename")}>
            <Pencil size={20} aria-hidden />
            {t("meetings.rename")}
          </MenuItem>
          <MenuItem id="delete" className="choice" data-tone="danger" textValue={t("meetings.delete")}>
            <Trash2 size={20} aria-hidden />
            {t("meetings.delete")}
          </MenuItem>
        </Menu>
      </Popover>
    </MenuTrigger>
  );
}
