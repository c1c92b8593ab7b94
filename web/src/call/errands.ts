/** What a host has asked for and is not done yet: who is to go, that the link moves on, and that the gateway knows the new one (LOG-16). */
import type { ClientMessage } from "../api/socket.gen";
import type { Keys } from "../e2ee/keys.client";
import type { MlsState as GroupState, NewLink, PolicyChanges } from "../e2ee/mls";

export class Errands {
  readonly #keys: Keys;
  readonly #send: (message: ClientMessage) => void;
  readonly #change: (changes: PolicyChanges) => void;
  /** Whom our host wants out, until the group is without them; true for a ban, after which the link is replaced. */
  readonly #unwanted = new Map<string, boolean>();
  /** The version that the link is to have at least: our host wants it replaced. */
  #owed = 0;
  /** The new link, until the gateway has taken it from us (LINK-6). */
  #unlinked: NewLink | null = null;

  constructor(keys: Keys, send: (message: ClientMessage) => void, change: (changes: PolicyChanges) => void) {
    this.#keys = keys;
    this.#send = send;
    this.#change = change;
  }

  async remove(participant: string, ban: boolean): Promise<void> {
    this.#unwanted.set(participant, ban || this.#unwanted.get(participant) === true);
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
    if (this.#owed > policy.link_version) this.#change({ link_version: this.#owed });
  }

  /** The group has moved on; a host tells the gateway, again after a reconnect. */
  moved(link: NewLink): void {
    this.#unlinked = link;
  }

  linked(version: number): void {
    if (this.#unlinked?.link_version === version) this.#unlinked = null;
  }

  register({ incarnation, hosting }: GroupState): void {
    if (this.#unlinked === null || hosting !== true) return;
    const { link_id, link_version } = this.#unlinked;
    this.#send({ t: "link", incarnation, link_version, link_id });
  }

  /** What may be lost with the socket is said again. */
  async again(state: GroupState): Promise<void> {
    this.register(state);
    for (const [participant, ban] of this.#unwanted) await this.remove(participant, ban).catch(() => undefined);
  }
}
