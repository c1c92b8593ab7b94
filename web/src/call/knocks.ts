/** Who waits at the door, for hosts: what the server says, and whom this device has let in by hand (KNOCK-9). */
import type { AdmitAsked, Knocks as KnocksMessage } from "../api/socket.gen";
import type { Keys } from "../e2ee/keys.client";
import type { MlsEvent as GroupEvent, MlsState as GroupState } from "../e2ee/mls";
import { ring } from "../media/bell";
import type { Knocking, Toast } from "./contract";
import { Crowd } from "./risk";
import type { Session } from "./session";
import { retell, toast, type Store } from "./store";

/** Another host may have let them in by hand: whoever is announced by then is asked about no more. */
const OTHERS_FIRST_MS = 3_000;
const MOST_ANSWERED = 100;
const ASKED = "seat:";
/** As many knocks as fit beside each other as messages. */
const TOLD_APART = 2;
/** Who comes to the door is drawn so often and no more: a page that draws each of two hundred by itself has no time for pictures. */
const DRAWN_MS = 1_000;

export class Knocks {
  readonly #keys: Keys;
  readonly #store: Store;
  readonly #session: Session;
  readonly #waiting = new Map<string, Knocking>();
  /** Leaf keys and names that were let in by hand, for as long as this page lives. */
  readonly #admitted = new Map<string, string>();
  readonly #asked = new Map<string, AdmitAsked>();
  /** Everybody who has stood at the door: a host has let them in. */
  readonly #knocked = new Set<string>();
  readonly #crowd = new Crowd();
  /** Who came since the list was drawn last. */
  #fresh: Knocking[] = [];
  #resting: ReturnType<typeof setTimeout> | undefined;
  readonly #signatureKeys = new Map<string, string>();
  #hosting: boolean;
  /** What the link may be sealed to for who knocks (LINK-7). */
  readonly #seals = new Map<string, { readonly to: string; readonly signature_key: string; readonly signature: string }>();

  constructor(keys: Keys, store: Store, session: Session, hosting: boolean) {
    this.#hosting = hosting;
    this.#keys = keys;
    this.#store = store;
    this.#session = session;
  }

  hear({ waiting, gone }: KnocksMessage): void {
    const fresh: Knocking[] = [];
    for (const { knock, name, signature_key, since, why, signed_in, seal_key, seal_signature } of waiting) {
      const one: Knocking = { knock, name, since, why, signedIn: signed_in };
      this.#signatureKeys.set(knock, signature_key);
      this.#knocked.add(signature_key);
      if (seal_key != null && seal_signature != null) this.#seals.set(knock, { to: seal_key, signature_key, signature: seal_signature });
      if (!this.#waiting.has(knock)) fresh.push(one);
      this.#waiting.set(knock, one);
    }
    for (const knock of gone) this.#forget(knock);
    this.#show(fresh, gone.length > 0);
  }

  /** Only where the group lists our leaf is anything shown, whatever the server tells (KNOCK-4); what came before we know of it is kept. */
  host(listed: boolean): void {
    if (listed === this.#hosting) return;
    this.#hosting = listed;
    if (listed) this.#show([...this.#waiting.values()], true);
    else this.clear();
  }

  /** A new epoch: words that do not hold any more, and whether the link has reached too many. */
  entered(before: GroupState | null, after: GroupState, events: readonly GroupEvent[]): void {
    this.#withdraw(before, events);
    const { locked, strict } = after.policy;
    const known = new Set(before?.roster.map(({ participant }) => participant));
    const strangers = before === null ? [] : after.roster.filter(({ participant, key, account }) => !known.has(participant) && account === undefined && !this.#knocked.has(key));
    const many = this.#crowd.grows(strangers.length, performance.now());
    if (many > 0 && after.hosting === true && !locked && !strict) toast(this.#store, "at_risk", String(many));
  }

  /** Whom a host removed is not let in again by a word that was given before (KNOCK-9). */
  #withdraw(before: GroupState | null, events: readonly GroupEvent[]): void {
    const gone = events.flatMap((event) => (event.kind === "applied" ? event.removed : [])).filter(({ host }) => host !== undefined).map(({ participant }) => participant);
    for (const { participant, key } of before?.roster ?? []) if (gone.includes(participant)) this.#admitted.delete(key);
  }

  /** This seat is told of no knocks any more, or of all of them anew. */
  clear(): void {
    if (this.#waiting.size === 0) return;
    this.#waiting.clear();
    this.#show([]);
  }

  answer(knocks: readonly string[], admit: boolean, block: boolean): void {
    const known = knocks.filter((knock) => this.#waiting.has(knock));
    for (const knock of known) {
      const key = this.#signatureKeys.get(knock);
      if (key !== undefined && admit) this.#admitted.set(key, this.#waiting.get(knock)?.name ?? "");
      else if (key !== undefined) this.#admitted.delete(key);
      if (knock.startsWith(ASKED)) void this.#answerAsked(knock.slice(ASKED.length), admit);
    }
    const atDoor = known.filter((knock) => !knock.startsWith(ASKED));
    for (let start = 0; start < atDoor.length; start += MOST_ANSWERED) {
      const some = atDoor.slice(start, start + MOST_ANSWERED);
      void this.#sealed(admit ? some : []).then((sealed) => {
        this.#session.send({ t: "answer", knocks: some, admit, block, sealed });
        // Whom we block is listed from now on, with the way to take it back.
        if (block) this.#session.bans();
      });
    }
  }

  /** Whoever waited while the link was replaced, or came with a former one, is handed the new one with the answer. */
  async #sealed(knocks: readonly string[]): Promise<{ knock: string; sealed: string }[]> {
    const made = knocks.map(async (knock) => {
      const seal = this.#seals.get(knock);
      const sealed = seal ? await this.#keys.ask("seal_link", seal).catch(() => null) : null;
      return sealed ? [{ knock, ...sealed }] : [];
    });
    return (await Promise.all(made)).flat();
  }

  /** A strict group asks for our word: given at once for whom we let in by hand, by key and name; else the person is asked. */
  async asked(message: AdmitAsked): Promise<void> {
    const { participant, incarnation, key_package } = message;
    this.#asked.set(participant, message);
    const { signature_key, name, word } = await this.#keys.ask("admit", { participant, incarnation, key_package, admitted: this.#admitted });
    if (word !== null) {
      this.#session.send({ t: "admit", incarnation, participant, ...word });
      this.#settled(participant);
      return;
    }
    setTimeout(() => {
      if (this.#asked.get(participant) !== message) return;
      const one: Knocking = { knock: ASKED + participant, name, since: Date.now(), why: "waiting_room", signedIn: false };
      this.#signatureKeys.set(one.knock, signature_key);
      this.#waiting.set(one.knock, one);
      this.#show([one]);
    }, OTHERS_FIRST_MS);
  }

  /** Announced, or gone: nobody has to be asked about this participant. */
  settled(participant: string): void {
    if (this.#asked.has(participant)) this.#settled(participant);
  }

  async #answerAsked(participant: string, admit: boolean): Promise<void> {
    const message = this.#asked.get(participant);
    this.#settled(participant);
    if (!admit) await this.#session.group.remove(participant);
    else if (message) await this.asked(message);
  }

  /** At once; only who comes within a moment after that is shown together. */
  #show(news: readonly Knocking[], atOnce = news.length === 0): void {
    this.#fresh.push(...news);
    if (this.#resting !== undefined && !atOnce) return;
    if (this.#resting === undefined) this.#rest();
    this.#draw();
  }

  #rest(): void {
    this.#resting = setTimeout(() => {
      this.#resting = undefined;
      if (this.#fresh.length > 0) this.#show([]);
    }, DRAWN_MS);
  }

  /** A few are shown one by one, a crowd as one message. */
  #draw(): void {
    const [waiting, fresh] = this.#hosting ? [[...this.#waiting.values()], this.#fresh.filter(({ knock }) => this.#waiting.has(knock))] : [[], []];
    this.#fresh = [];
    const crowd = waiting.length > TOLD_APART;
    const outdated = ({ kind, knock }: Toast): boolean => (kind === "knocks" && !crowd) || (kind === "knock" && (crowd || !this.#waiting.has(knock ?? "")));
    this.#store.setState(({ toasts }) => ({ knocks: waiting, toasts: toasts.filter((shown) => !outdated(shown)) }));
    if (crowd) retell(this.#store, "knocks", String(waiting.length));
    else for (const { knock, name } of fresh) toast(this.#store, "knock", name, { knock });
    if (fresh.length > 0) ring();
  }

  #settled(participant: string): void {
    this.#asked.delete(participant);
    if (this.#forget(ASKED + participant)) this.#show([]);
  }

  #forget(knock: string): boolean {
    this.#seals.delete(knock);
    this.#signatureKeys.delete(knock);
    return this.#waiting.delete(knock);
  }
}
