import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { MeetingSocket, type SocketHooks } from "./socket";

class FakeWebSocket {
  static readonly CONNECTING = 0;
  static readonly OPEN = 1;
  static made: FakeWebSocket[] = [];
  readyState = 0;
  sent: string[] = [];
  onopen: (() => void) | null = null;
  onclose: (() => void) | null = null;
  onmessage: ((event: { data: unknown }) => void) | null = null;
  readonly url: string;
  constructor(url: string) {
    this.url = url;
    FakeWebSocket.made.push(this);
  }
  open(): void {
    this.readyState = 1;
    this.onopen?.();
  }
  send(text: string): void { this.sent.push(text); }
  hear(message: unknown): void { this.onmessage?.({ data: typeof message === "string" ? message : JSON.stringify(message) }); }
  close(): void {
    this.readyState = 3;
    this.onclose?.();
  }
}

let log = 0;
const hooks = { message: vi.fn(), lost: vi.fn(), back: vi.fn(), dead: vi.fn(), hello: () => ({ t: "hello", v: 1, participant: "p", seat: "s", incarnation: "i", log, said: 0 }) } as const satisfies SocketHooks;
const ready = { t: "ready", incarnation: "i", mode: "resume", log: 0, said: 0, time: 0 };
const newest = (): FakeWebSocket => {
  const socket = FakeWebSocket.made.at(-1);
  if (!socket) throw new Error("no socket");
  return socket;
};

const SOCKET = "/api/v1/socket";
const started = (): MeetingSocket => {
  const socket = new MeetingSocket(SOCKET);
  socket.start(SOCKET, hooks);
  return socket;
};

beforeEach(() => {
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "performance"] });
  vi.stubGlobal("WebSocket", FakeWebSocket);
  vi.stubGlobal("location", { href: "https://meet.example/m/x" });
  vi.clearAllMocks();
  FakeWebSocket.made = [];
  log = 0;
});
afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

describe("The meeting socket (JOIN-5)", () => {
  it("says hello first, and where it stands after a loss (LOG-5)", async () => {
    const socket = started();
    expect(newest().url).toBe("wss://meet.example/api/v1/socket");
    newest().open();
    newest().hear(ready);
    log = 7;
    newest().close();
    expect(hooks.lost).toHaveBeenCalledOnce();
    await vi.advanceTimersByTimeAsync(400);
    newest().open();
    expect(JSON.parse(newest().sent[0] ?? "")).toMatchObject({ t: "hello", log: 7 });
    newest().hear(ready);
    expect(hooks.back).toHaveBeenCalledOnce();
    socket.close();
  });

  it("gives up when the seat is no longer kept (JOIN-7)", async () => {
    started();
    for (let waited = 0; waited < 45_000; waited += 500) {
      if (newest().readyState !== 3) newest().close();
      await vi.advanceTimersByTimeAsync(500);
    }
    expect([hooks.lost.mock.calls.length, hooks.dead.mock.calls.length]).toEqual([1, 1]);
    expect(FakeWebSocket.made.length).toBeLessThan(40);
  });

  it("notices a connection that fell silent", async () => {
    const socket = started();
    newest().open();
    newest().hear(ready);
    await vi.advanceTimersByTimeAsync(26_000);
    expect(hooks.lost).toHaveBeenCalledOnce();
    socket.close();
  });

  it("waits neither for a farewell from a dead path nor for a connection that does not open", async () => {
    const socket = started();
    newest().open();
    newest().hear(ready);
    // Nothing closes while the path is dead: the browser waits for the other side.
    for (const each of [0, 1]) {
      const dead = newest();
      dead.close = () => undefined;
      expect(hooks.message.mock.calls.length).toBe(1);
      await vi.advanceTimersByTimeAsync(each === 0 ? 25_001 : 8_001);
      expect(newest()).not.toBe(dead);
      dead.open();
      dead.hear({ t: "gone", reason: "misbehaved" });
    }
    newest().open();
    newest().hear(ready);
    expect([hooks.lost.mock.calls.length, hooks.back.mock.calls.length, hooks.dead.mock.calls.length]).toEqual([1, 1, 0]);
    socket.close();
  });

  it("asks on a new line for what did not come, and on one only (LOG-5)", async () => {
    const socket = started();
    newest().open();
    newest().hear(ready);
    log = 3;
    socket.again();
    socket.again();
    await vi.advanceTimersByTimeAsync(1_000);
    expect(FakeWebSocket.made).toHaveLength(2);
    newest().open();
    expect(newest().sent.map((text) => (JSON.parse(text) as { log: number }).log)).toEqual([3]);
    socket.close();
  });

  it("is disturbed by no garbage", () => {
    const socket = started();
    newest().open();
    for (const text of ["", "{", "null", "[]", "7", '{"t":5}', '"t"']) newest().hear(text);
    expect(hooks.message).not.toHaveBeenCalled();
    socket.close();
  });

  it("is opened before there is a seat, and says nothing until there is one", () => {
    const socket = new MeetingSocket(SOCKET);
    newest().open();
    expect(newest().sent).toEqual([]);
    socket.start(SOCKET, hooks);
    expect(newest().sent).toHaveLength(1);
    expect(FakeWebSocket.made).toHaveLength(1);
    socket.close();
  });

  it.each([["was closed meanwhile", SOCKET], ["leads elsewhere than the ticket says", "/elsewhere"]])("is opened again when the early one %s", (why, path) => {
    const socket = new MeetingSocket(SOCKET);
    newest().open();
    if (why.startsWith("was")) newest().close();
    socket.start(path, hooks);
    expect(FakeWebSocket.made.map(({ url }) => url)).toEqual([`wss://meet.example${SOCKET}`, `wss://meet.example${path}`]);
    newest().open();
    expect(FakeWebSocket.made.map(({ sent }) => sent.length)).toEqual([0, 1]);
    expect(hooks.lost).not.toHaveBeenCalled();
    socket.close();
  });

  it("says whether it could send", () => {
    const socket = started();
    expect(socket.send({ t: "bye" })).toBe(false);
    newest().open();
    expect(socket.send({ t: "bye" })).toBe(true);
    socket.close();
  });
});
