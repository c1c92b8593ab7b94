/** The meeting socket's life: hello with our place in the log, messages, and coming back within the 30 s the seat is kept (JOIN-7). */
import type { ClientMessage, Hello, ServerMessage } from "../api/socket.gen";

export interface SocketHooks {
  hello(): Hello;
  message(message: ServerMessage): void;
  lost(): void;
  back(): void;
  /** Not back within the time the seat is kept. */
  dead(): void;
}

const SEAT_KEPT_MS = 30_000;
const FIRST_WAIT_MS = 250;
const LONGEST_WAIT_MS = 2_000;
/** A connection that is not open by then leads nowhere, and a browser would wait for minutes; a gateway that starts again is faster. */
const OPEN_MS = 8_000;
/** Heartbeats come every 10 s; a socket silent for longer is broken even if nobody said so. */
const SILENCE_MS = 25_000;

/** Opened before there is a seat, since the way to the gateway takes as long as the ticket; says nothing until `start`. */
export class MeetingSocket {
  #url: string;
  #hooks: SocketHooks | null = null;
  #socket: WebSocket | null = null;
  #closed = false;
  #lostAt: number | null = null;
  #wait = FIRST_WAIT_MS;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #silence: ReturnType<typeof setTimeout> | undefined;

  constructor(path: string) {
    this.#url = addressOf(path);
    this.#open();
  }

  /** Says hello, on the socket that is open already if it leads where the ticket says. */
  start(path: string, hooks: SocketHooks): void {
    const url = addressOf(path);
    const early = this.#socket;
    this.#hooks = hooks;
    if (url === this.#url && early?.readyState === WebSocket.CONNECTING) return;
    if (url === this.#url && early?.readyState === WebSocket.OPEN) {
      this.#hello(early);
      return;
    }
    this.#url = url;
    this.#open();
    early?.close();
  }

  /** False when the socket is away; whoever sends decides whether to say it again after `back`. */
  send(message: ClientMessage): boolean {
    if (this.#socket?.readyState !== WebSocket.OPEN) return false;
    this.#socket.send(JSON.stringify(message));
    return true;
  }

  /** What should have come did not: asks from our place in the log on, on a new line. */
  again(): void {
    if (this.#socket?.readyState === WebSocket.OPEN) this.#drop();
  }

  close(): void {
    this.#closed = true;
    clearTimeout(this.#timer);
    clearTimeout(this.#silence);
    this.#socket?.close();
  }

  #open(): void {
    const socket = new WebSocket(this.#url);
    this.#socket = socket;
    this.#within(OPEN_MS);
    socket.onopen = () => {
      if (this.#socket !== socket) return;
      clearTimeout(this.#silence);
      this.#hello(socket);
    };
    socket.onmessage = ({ data }: MessageEvent<unknown>) => {
      // One that was given up may still come to life; what it says is about itself alone.
      if (this.#socket !== socket) return;
      this.#listen();
      const message = parse(data);
      if (message === null) return;
      if (message.t === "ready") this.#arrived();
      this.#hooks?.message(message);
    };
    socket.onclose = () => {
      if (this.#socket === socket && !this.#closed && this.#hooks) this.#again(this.#hooks);
    };
  }

  #hello(socket: WebSocket): void {
    if (!this.#hooks) return;
    socket.send(JSON.stringify(this.#hooks.hello()));
    this.#listen();
  }

  #arrived(): void {
    const wasLost = this.#lostAt !== null;
    this.#lostAt = null;
    this.#wait = FIRST_WAIT_MS;
    if (wasLost) this.#hooks?.back();
  }

  #again(hooks: SocketHooks, atOnce = false): void {
    const now = performance.now();
    clearTimeout(this.#silence);
    if (this.#lostAt === null) {
      this.#lostAt = now;
      hooks.lost();
    }
    if (now - this.#lostAt > SEAT_KEPT_MS) {
      this.close();
      hooks.dead();
      return;
    }
    if (atOnce) {
      this.#open();
      return;
    }
    // Spread out, so that a restarted gateway is not met by everybody at once.
    this.#timer = setTimeout(() => { this.#open(); }, this.#wait * (0.5 + Math.random()));
    this.#wait = Math.min(this.#wait * 2, LONGEST_WAIT_MS);
  }

  #listen(): void {
    this.#within(SILENCE_MS);
  }

  /** Something must be heard by then; a browser would go on waiting for a farewell from a path that is dead. */
  #within(ms: number): void {
    clearTimeout(this.#silence);
    this.#silence = setTimeout(() => { this.#drop(); }, ms);
  }

  #drop(): void {
    const silent = this.#socket;
    this.#socket = null;
    silent?.close();
    // Only we think so, and at our own time; a page in the background, whose timers come once a minute, would be too late with one more.
    if (this.#hooks) this.#again(this.#hooks, true);
  }
}

function addressOf(path: string): string {
  const url = new URL(path, location.href);
  url.protocol = url.protocol === "https:" ? "wss:" : "ws:";
  return url.href;
}

/** Garbage from the gateway disturbs nothing: it is not a message. */
function parse(data: unknown): ServerMessage | null {
  if (typeof data !== "string") return null;
  try {
    const value = JSON.parse(data) as { t?: unknown } | null;
    return typeof value?.t === "string" ? (value as ServerMessage) : null;
  } catch {
    return null;
  }
}
