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
const LONGEST_WAIT_MS = 4_000;
/** Heartbeats come every 10 s; a socket silent for longer is broken even if nobody said so. */
const SILENCE_MS = 25_000;

export class MeetingSocket {
  readonly #url: string;
  readonly #hooks: SocketHooks;
  #socket: WebSocket | null = null;
  #closed = false;
  #lostAt: number | null = null;
  #wait = FIRST_WAIT_MS;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #silence: ReturnType<typeof setTimeout> | undefined;

  constructor(path: string, hooks: SocketHooks) {
    const url = new URL(path, location.href);
    url.protocol = url.protocol === "https:" ? "wss:" : "ws:";
    this.#url = url.href;
    this.#hooks = hooks;
    this.#open();
  }

  /** False when the socket is away; whoever sends decides whether to say it again after `back`. */
  send(message: ClientMessage): boolean {
    if (this.#socket?.readyState !== WebSocket.OPEN) return false;
    this.#socket.send(JSON.stringify(message));
    return true;
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
    socket.onopen = () => {
      socket.send(JSON.stringify(this.#hooks.hello()));
      this.#listen();
    };
    socket.onmessage = ({ data }: MessageEvent<unknown>) => {
      this.#listen();
      const message = parse(data);
      if (message === null) return;
      if (message.t === "ready") this.#arrived();
      this.#hooks.message(message);
    };
    socket.onclose = () => {
      if (this.#socket === socket && !this.#closed) this.#again();
    };
  }

  #arrived(): void {
    const wasLost = this.#lostAt !== null;
    this.#lostAt = null;
    this.#wait = FIRST_WAIT_MS;
    if (wasLost) this.#hooks.back();
  }

  #again(): void {
    const now = performance.now();
    clearTimeout(this.#silence);
    if (this.#lostAt === null) {
      this.#lostAt = now;
      this.#hooks.lost();
    }
    if (now - this.#lostAt > SEAT_KEPT_MS) {
      this.close();
      this.#hooks.dead();
      return;
    }
    // Spread out, so that a restarted gateway is not met by everybody at once.
    this.#timer = setTimeout(() => { this.#open(); }, this.#wait * (0.5 + Math.random()));
    this.#wait = Math.min(this.#wait * 2, LONGEST_WAIT_MS);
  }

  #listen(): void {
    clearTimeout(this.#silence);
    this.#silence = setTimeout(() => { this.#socket?.close(); }, SILENCE_MS);
  }
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
