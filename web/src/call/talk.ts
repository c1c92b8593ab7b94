/** The chat as this person has it: own lines wait for their echo and can be sent once more, others' come as they are said. */
import * as chat from "./chat";
import type { Session } from "./session";
import { toast, type Store } from "./store";

/** A line whose echo stays away for longer may be lost, whatever the socket said; an echo that comes later is still believed. */
const ECHO_MS = 15_000;
/** Across seats: a call that comes back by itself keeps its lines. */
let lastLine = 0;

export class Talk {
  readonly #store: Store;
  readonly #session: () => Session;
  readonly #sent = new Map<string, string>();

  constructor(store: Store, session: () => Session) {
    this.#store = store;
    this.#session = session;
  }

  async say(text: string): Promise<void> {
    const id = `own-${String(++lastLine)}`;
    const { ticket, now } = this.#session();
    this.#chat((lines) => chat.saying(lines, { id, participant: ticket.participant, name: ticket.name, text, at: now }));
    await this.#send(id, text);
  }

  async retry(id: string): Promise<void> {
    const line = this.#store.getState().chat.find((one) => one.id === id && one.state === "failed");
    if (!line) return;
    this.#chat((lines) => chat.again(lines, id, this.#session().now));
    await this.#send(id, line.text);
  }

  heard(line: Parameters<typeof chat.heard>[1]): void {
    this.#chat((lines) => chat.heard(lines, line));
    toast(this.#store, "chat", line.name);
  }

  echoed(message: string): void {
    const id = this.#sent.get(message);
    if (id === undefined) return;
    this.#sent.delete(message);
    this.#chat((lines) => chat.settled(lines, id, "sent"));
  }

  async #send(id: string, text: string): Promise<void> {
    const failed = (): void => {
      this.#chat((lines) => chat.settled(lines, id, "failed"));
      toast(this.#store, "send_failed");
    };
    const sealed = await this.#session().say({ kind: "chat", text }).catch(() => null);
    if (sealed === null) { failed(); return; }
    this.#sent.set(sealed, id);
    setTimeout(() => { if (this.#sent.has(sealed)) failed(); }, ECHO_MS);
  }

  #chat(change: (chat: chat.Chat) => chat.Chat): void {
    this.#store.setState(({ chat: lines, unread }) => {
      const next = change({ lines, unread });
      return { chat: next.lines, unread: next.unread };
    });
  }
}
