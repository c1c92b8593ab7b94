/** What people say, inside the group (docs/protocol/messages.md): sealing, opening, order. Nothing here trusts the gateway's word on who spoke. */
import canonicalize from "canonicalize";
import type { ClientMessage, Said as SaidMessage, SaidItem } from "../api/socket.gen";
import type { MlsLeaf as Leaf } from "../e2ee/mls";
import type { Keys } from "../e2ee/keys.client";

export const REACTIONS = ["applause", "celebrate", "heart", "laugh", "surprise", "thumb"] as const;
export type Reaction = (typeof REACTIONS)[number];
/** What a host may ask somebody to turn on. */
export type Asked = "microphone" | "camera";

export type Content =
  | { readonly kind: "chat"; readonly text: string }
  | { readonly kind: "hand"; readonly up: boolean }
  | { readonly kind: "heartbeat"; readonly epoch: number; readonly transcript: string; readonly policy: number; readonly time: number }
  | { readonly kind: "reaction"; readonly what: Reaction }
  /** Of everybody who is no host, where it names nobody. */
  | { readonly kind: "mute"; readonly participant?: string }
  | { readonly kind: "ask"; readonly participant: string; readonly source: Asked }
  | { readonly kind: "end" };

export interface Utterance {
  readonly participant: string;
  readonly index: number;
  readonly received: number;
  readonly content: Content;
}

export const TEXT_LIMIT = 4000;
/** A message may overtake the commit of its epoch; it waits for that commit, this many at most. */
const WAITING_LIMIT = 64;

/** SAY-1: null for anything that is not exactly one of the known contents. */
export function parseContent(text: string): Content | null {
  let value: unknown;
  try {
    value = JSON.parse(text);
    // Half a character has no canonical form: that throws too.
    if (canonicalize(value) !== text) return null;
  } catch {
    return null;
  }
  if (typeof value !== "object" || value === null || Array.isArray(value)) return null;
  const fields = value as Record<string, unknown>;
  return matches(fields) ? (fields as unknown as Content) : null;
}

function matches(fields: Record<string, unknown>): boolean {
  const names = Object.keys(fields).sort().join(" ");
  switch (fields["kind"]) {
    case "chat":
      return names === "kind text" && typeof fields["text"] === "string" && fields["text"].length > 0 && Array.from(fields["text"]).length <= TEXT_LIMIT;
    case "hand":
      return names === "kind up" && typeof fields["up"] === "boolean";
    case "heartbeat":
      return (
        names === "epoch kind policy time transcript" &&
        typeof fields["transcript"] === "string" &&
        [fields["epoch"], fields["policy"], fields["time"]].every((field) => Number.isSafeInteger(field))
      );
    case "reaction":
      return names === "kind what" && REACTIONS.includes(fields["what"] as Reaction);
    case "mute":
      return names === "kind" || (names === "kind participant" && typeof fields["participant"] === "string");
    case "ask":
      return names === "kind participant source" && typeof fields["participant"] === "string" && (fields["source"] === "microphone" || fields["source"] === "camera");
    case "end":
      return names === "kind";
    default:
      return false;
  }
}

/** SAY-7: whether that leaf may say this, by the checked roster alone. */
export function entitled({ kind }: Content, leaf: Leaf | undefined): boolean {
  switch (kind) {
    case "chat":
      return leaf?.may.includes("chat") === true;
    case "reaction":
      return leaf?.may.includes("reactions") === true;
    case "mute":
    case "ask":
    case "end":
      return leaf?.host === true;
    default:
      return true;
  }
}

export interface SaidHooks {
  send(message: ClientMessage): boolean;
  /** False when it was not for this leaf to say. */
  heard(utterance: Utterance): boolean;
  /** Our own message has come back: the gateway has relayed it. */
  echoed(message: string): void;
}

export class Said {
  readonly #keys: Keys;
  readonly #self: string;
  readonly #hooks: SaidHooks;
  #next = 0;
  #waiting: SaidItem[] = [];
  /** SAY-1: dropped messages are counted, nothing else. */
  dropped = 0;

  constructor(keys: Keys, self: string, hooks: SaidHooks) {
    this.#keys = keys;
    this.#self = self;
    this.#hooks = hooks;
  }

  get next(): number {
    return this.#next;
  }

  /** Another incarnation counts its messages anew. */
  reset(): void {
    this.#next = 0;
    this.#waiting = [];
  }

  /** Gives the sealed message, by which its echo is known; null when it could not be sent. */
  async say(incarnation: string, content: Content): Promise<string | null> {
    const text = canonicalize(content);
    if (text === undefined) return null;
    const { message } = await this.#keys.ask("seal", { content: text });
    return this.#hooks.send({ t: "say", incarnation, message }) ? message : null;
  }

  async receive({ from, items }: SaidMessage): Promise<void> {
    for (const item of items) {
      if (item.index < this.#next) continue;
      this.#next = item.index + 1;
      if (item.participant === this.#self) this.#hooks.echoed(item.message);
      else if (!(await this.#open(item))) this.#waiting.push(item);
    }
    this.#next = Math.max(this.#next, from + items.length);
    this.#drop(Math.max(0, this.#waiting.length - WAITING_LIMIT));
  }

  /** After a new epoch: messages that came before their commit get their second and last chance. */
  async again(): Promise<void> {
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const item of waiting) if (!(await this.#open(item))) this.dropped += 1;
  }

  #drop(count: number): void {
    this.#waiting.splice(0, count);
    this.dropped += count;
  }

  async #open({ participant, message, index, received }: SaidItem): Promise<boolean> {
    // SAY-2, SAY-3, SAY-5 are checked behind this call, where the leaf is known.
    const said = await this.#keys.ask("open_message", { message, participant }).catch(() => null);
    if (!said) return false;
    const content = parseContent(said.content);
    if (!content || !this.#hooks.heard({ participant: said.participant, index, received, content })) this.dropped += 1;
    return true;
  }
}
