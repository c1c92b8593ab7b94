import { Hourglass, KeyRound, Lock as Padlock, type LucideIcon, ShieldX } from "lucide-react";
import { useTranslation } from "react-i18next";

import type { Lock, Person } from "../call/contract";

/** Four shapes, so that no state is told by colour alone. */
const ICONS: Record<Lock, LucideIcon> = { locked: Padlock, quiet: KeyRound, securing: Hourglass, stranger: ShieldX };

/** How a person stands to the key: the shape, and its sentence for who hovers or listens. */
export function Sign({ lock, name, size = 16 }: { readonly lock: Lock; readonly name: string; readonly size?: number }) {
  const { t } = useTranslation();
  const Icon = ICONS[lock];
  const sentence = t(`call.lock.${lock}`, { name });
  return (
    <span className="sign" data-lock={lock} title={sentence}>
      <Icon size={size} aria-hidden />
      <span className="unseen">{sentence}</span>
    </span>
  );
}

/** The name to show: the validated one, or what stands for it until there is one. */
export function useShownName(person: Person): string {
  const { t } = useTranslation();
  if (person.name !== "") return person.name;
  return person.lock === "securing" ? t("call.securingName") : t("call.strangerName");
}
