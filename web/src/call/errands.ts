/**
 * What a host has asked for and is not done yet: who is to go, that the link moves on, and that the gateway knows the new one (LOG-16).
 * It outlives a reload of this tab: a ban whose link is never replaced would be half a ban.
 */
import type { ClientMessage, Linked } from "../api/socket.gen";
import type { Keys } from "../e2ee/keys.client";
import type { MlsState as GroupState, NewLink, PolicyChanges } from "../e2ee/mls";
import { keepOwed, keptOwed, type Owed } from "./seat";

export class Errands {
  readonly #keys: Keys;
  readonly #call: string;
  readonly #send: (message: ClientMessage) => void;
  readonly #change: (changes: PolicyChanges) => void;
  readonly #falsified: () => void;
  /** Whom our host wants out, until the group is without them; true for a ban, after which the link is replaced. */
  readonly #unwanted: Map<string, boolean>;
  /** The version that the link is to have at least: our host wants it replaced. */
  #owed: number;
  /** The new link, until the gateway has taken it from us (LINK-6). */
  #unlinked: Owed["unlinked"];
  /** The link that we derived ourselves, and the one that the gateway says it was given. */
  #own: Owed["unlinked"] = null;
  #registered: Owed["unlinked"] = null;
  /** Which life of the group we were in last: who is out of that one is out. */
  #incarnation: string;
  /** Whether a reload would find anything. */
  #kept: boolean;

  constructor(keys: Keys, call: string, send: (message: ClientMessage) => void, change: (changes: PolicyChanges) => void, falsified: () => void) {
    this.#falsified = falsified;
    this.#keys = keys;
    this.#call = call;
    this.#send = send;
    this.#change = change;
    const kept = keptOwed(call);
    const { incarnation, unwanted, link, unlinked } = kept ?? { incarnation: "", unwanted: [], link: 0, unlinked: null };
    this.#kept = kept !== null;
    this.#incarnation = incarnation;
    this.#unwanted = new Map(unwanted);
    this.#owed = link;
    this.#unlinked = unlinked;
  }

  async remove(participant: string, ban: boolean): Promise<void> {
    this.#unwanted.set(participant, ban || this.#unwanted.get(participant) === true);
    this.#keep();
    const { signature } = await this.#keys.ask("sign_remove", { participant });
    this.#send({ t: "remove", participant, signature, ban });
  }

  /** Moves the group on to another link, which only who is in it by then will have (LINK-5). */
  replaceLink(state: GroupState): void {
    this.#owed = state.policy.link_version + 1;
    this.settle(state);
  }

  /** Who is out by now; and once somebody is whom we banned, the link that they know is replaced, in this life of the group or the next. */
  settle({ roster, policy }: GroupState): void {
    const here = new Set(roster.map(({ participant }) => participant));
    for (const [participant, ban] of this.#unwanted) {
      if (here.has(participant)) continue;
      this.#unwanted.delete(participant);
      if (ban) this.#owed = policy.link_version + 1;
    }
    this.#move(policy.link_version);
    if (this.#owed <= policy.link_version) this.#owed = 0;
    this.#keep();
  }

  /** The group has moved on; a host tells the gateway, again after a reconnect. */
  moved({ link_id, link_version }: NewLink, state: GroupState | undefined): void {
    this.#unlinked = this.#own = { link_id, link_version };
    if (state?.hosting === true) this.#keep();
    this.#compare();
  }

  /** What the gateway has taken for the meeting's link: ours, or what a host gone rogue has told it. */
  linked({ link_id, link_version }: Linked): void {
    this.#registered = { link_id, link_version };
    if (this.#unlinked?.link_version === link_version) this.#unlinked = null;
    this.#keep();
    this.#compare();
  }

  register({ incarnation, hosting }: GroupState): void {
    if (this.#unlinked === null || hosting !== true) return;
    const { link_id, link_version } = this.#unlinked;
    this.#send({ t: "link", incarnation, link_version, link_id });
  }

  /** What may be lost with the socket, or with the page, is said again. */
  async again(state: GroupState): Promise<void> {
    this.register(state);
    // Who is not back yet in a new life of the group is not out.
    if (this.#incarnation === state.incarnation) this.settle(state);
    this.#incarnation = state.incarnation;
    this.#move(state.policy.link_version);
    for (const [participant, ban] of this.#unwanted) await this.remove(participant, ban).catch(() => undefined);
  }

  /** LINK-10; the gateway's word may come before the commit that it speaks of. */
  #compare(): void {
    const [ours, theirs] = [this.#own, this.#registered];
    if (ours !== null && theirs !== null && ours.link_version === theirs.link_version && ours.link_id !== theirs.link_id) this.#falsified();
  }

  #move(version: number): void {
    if (this.#owed > version) this.#change({ link_version: this.#owed });
  }

  #keep(): void {
    const owes = this.#unwanted.size > 0 || this.#owed > 0 || this.#unlinked !== null;
    if (!owes && !this.#kept) return;
    this.#kept = owes;
    keepOwed(this.#call, owes ? { incarnation: this.#incarnation, unwanted: [...this.#unwanted], link: this.#owed, unlinked: this.#unlinked } : null);
  }
}
