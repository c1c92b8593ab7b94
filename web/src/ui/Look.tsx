import { Languages, Moon, Sun, SunMoon } from "lucide-react";
import { useState } from "react";
import { Button, Menu, MenuItem, MenuTrigger, Popover } from "react-aria-components";
import { useTranslation } from "react-i18next";

import { setLanguage } from "../i18n";
import { isLanguage, LANGUAGES, OWN_NAMES } from "../i18n/languages";
import { setTheme, theme, THEMES, type Theme } from "./theme";

const THEME_ICONS = { system: SunMoon, light: Sun, dark: Moon };
const CODES = Object.keys(LANGUAGES).filter(isLanguage);

/** Language and colours, as two small menus. */
export function Look() {
  const { t, i18n } = useTranslation();
  const [chosen, choose] = useState<Theme>(theme);
  const Icon = THEME_ICONS[chosen];
  return (
    <div className="look">
      <MenuTrigger>
        <Button className="button" data-tone="bare">
          <Languages size={20} aria-hidden />
          <span className="unseen">{t("common.language")}: </span>
          <span lang={i18n.language}>{isLanguage(i18n.language) ? OWN_NAMES[i18n.language] : i18n.language}</span>
        </Button>
        <Popover className="popover" placement="bottom end">
          <Menu
            selectionMode="single"
            selectedKeys={[i18n.language]}
            onAction={(key) => {
              if (isLanguage(String(key))) void setLanguage(key as (typeof CODES)[number]);
            }}
          >
            {CODES.map((code) => (
              <MenuItem key={code} id={code} className="choice" textValue={OWN_NAMES[code]}>
                <span className="chosen" lang={code}>
                  {OWN_NAMES[code]}
                </span>
              </MenuItem>
            ))}
          </Menu>
        </Popover>
      </MenuTrigger>
      <MenuTrigger>
        <Button className="button" data-tone="bare" data-icon-only aria-label={t("common.theme")}>
          <Icon size={20} aria-hidden />
        </Button>
        <Popover className="popover" placement="bottom end">
          <Menu
            selectionMode="single"
            selectedKeys={[chosen]}
            onAction={(key) => {
              const next = THEMES.find((known) => known === key) ?? "system";
              setTheme(next);
              choose(next);
            }}
          >
            {THEMES.map((id) => {
              const ItemIcon = THEME_ICONS[id];
              return (
                <MenuItem key={id} id={id} className="choice" textValue={t(`common.themes.${id}`)}>
                  <ItemIcon size={20} aria-hidden />
                  <span className="chosen">{t(`common.themes.${id}`)}</span>
                </MenuItem>
              );
            })}
          </Menu>
        </Popover>
      </MenuTrigger>
    </div>
  );
}
