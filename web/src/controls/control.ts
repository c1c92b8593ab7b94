import type { LucideIcon } from "lucide-react";

import type { Call, DeviceState, Person, Right } from "../call/contract";
import type { en } from "../i18n/en";

type ControlId = keyof typeof en.controls;
/** Why a control does nothing just now: a sentence of `rights.why`. */
export type Bar = keyof typeof en.rights.why;
export type PanelId = "people" | "chat" | "safety" | "security" | "more";
export type Ask = { readonly kind: "leave" | "end" | "shortcuts" | "stepDown" | "react" | "rename" } | { readonly kind: "remove" | "ban"; readonly participant: string };

/** What the screen shows besides the call itself. */
export interface View {
  readonly panel: PanelId | null;
  readonly ask: Ask | null;
  readonly togglePanel: (panel: PanelId) => void;
  readonly openPanel: (panel: PanelId) => void;
  readonly openAsk: (ask: Ask) => void;
}

/** What a control may look at to decide how it stands. */
export interface Scene {
  readonly self: Person | undefined;
  readonly microphone: DeviceState;
  readonly camera: DeviceState;
  readonly unread: number;
  /** How many people wait at the door. */
  readonly waiting: number;
  readonly hosting: boolean;
  /** The meeting is suspended, for this person too. */
  readonly held: boolean;
  readonly screenTaken: boolean;
  readonly canShowScreen: boolean;
  readonly view: View;
  readonly call: Call;
}

/**
 * One control of the call. Bar, phone sheet, shortcut sheet and keyboard all render or read the list in index.ts;
 * its words are `controls.<id>` in each language.
 */
export interface Control {
  readonly id: ControlId;
  /** Where it stands on a wide screen; `sheet` is the panel "more". */
  readonly place: "middle" | "right" | "apart" | "sheet";
  readonly phone: "bar" | "sheet";
  /** A letter, with "shift+" where a slip would hurt. */
  readonly shortcut: string;
  /** Its heading in docs/use.md. */
  readonly docs: string;
  icon(scene: Scene): LucideIcon;
  available(scene: Scene): boolean;
  /** On or open just now; null for an act that does not stay. */
  pressed(scene: Scene): boolean | null;
  /** A host has stopped it for now: it is shown and cannot be pressed. */
  held?(scene: Scene): boolean;
  /** How many things wait behind it. */
  badge?(scene: Scene): number;
  /** What it would do is not this person's to do; it can always be turned off. */
  barred?(scene: Scene): Bar | null;
  /** It cannot do what it should and needs a look. */
  troubled?(scene: Scene): boolean;
  act(scene: Scene): void;
}

/** Whether the policy keeps that from this person; before there is a group, nothing is kept from anybody. */
export function bars(scene: Scene, right: Bar & Right): Bar | null {
  return scene.self && scene.self.leaf !== null && !scene.self.may.includes(right) ? right : null;
}

/** The states in which pressing a device control leads to help instead of a device. */
export function isTroubled(state: DeviceState): boolean {
  return state === "refused" || state === "missing" || state === "taken";
}
