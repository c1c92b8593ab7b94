/** Where the call is held: looked at while it lasts, and saved as the server's signed receipt with what this browser saw (regions.md). */
import { fetchReceipt, type Seat } from "../api/join";
import { astray } from "../media/where";
import type { Session } from "./session";
import { toast, type Store } from "./store";

const LOOK_MS = 5_000;
const MOST_KEPT = 200;

interface Seen { readonly address: string; readonly at: number }

export class Route {
  readonly #store: Store;
  readonly #seen: Seen[] = [];
  #seat: Seat | null = null;
  #region: string | null = null;
  #timer: ReturnType<typeof setInterval> | null = null;
  #look: () => Promise<void> = () => Promise.resolve();

  constructor(store: Store) {
    this.#store = store;
  }

  /** Begins with a session; the one before, if any, is looked at no more. */
  follow(session: Session): void {
    const { region } = session.ticket;
    if (this.#region !== null && this.#region !== region.id) toast(this.#store, "region", region.id);
    const { picture } = session.ticket.media;
    if (picture !== "full") toast(this.#store, picture === "small" ? "small_picture" : "sound_only");
    this.#region = region.id;
    this.#seat = session.ticket;
    this.#store.setState({ region, astray: [], receipt: true });
    this.stop();
    this.#look = () => this.#compare(session).catch(() => undefined);
    this.#timer = setInterval(() => { void this.#look(); }, LOOK_MS);
  }

  stop(): void {
    if (this.#timer !== null) clearInterval(this.#timer);
    this.#timer = null;
    this.#look = () => Promise.resolve();
  }

  /** The receipt as a file; null where the server gives none. What this browser saw stands beside what the server signed. */
  async file(): Promise<string | null> {
    if (this.#seat === null) return null;
    // Whoever saves it soon after the call began or moved saves what there is to see by now.
    await this.#look();
    try {
      const signed = (await fetchReceipt(this.#seat)).trimEnd();
      if (!signed.startsWith("{") || !signed.endsWith("}")) return null;
      return `${signed.slice(0, -1)},"observed":${JSON.stringify(this.#seen)}}\n`;
    } catch {
      return null;
    }
  }

  /** REG-9: media that goes where the region has no address is told of, once for each address. */
  async #compare(session: Session): Promise<void> {
    const ends = await session.media.farEnds();
    for (const address of ends) this.#note({ address, at: session.now });
    const wrong = astray(ends, session.ticket.media.addresses);
    const before = this.#store.getState().astray;
    if (wrong.some((address) => !before.includes(address))) toast(this.#store, "astray", wrong.join(", "));
    if (wrong.join() !== before.join()) this.#store.setState({ astray: wrong });
  }

  #note(seen: Seen): void {
    // As long as nothing changes, one look says what all say.
    if (this.#seen.at(-1)?.address === seen.address) return;
    this.#seen.push(seen);
    if (this.#seen.length > MOST_KEPT) this.#seen.shift();
  }
}
