/**
 * Every parser of the client, given anything: the kept examples of tests/fuzz/corpus first, then texts bent from them.
 * Each answers with what it promises or refuses as it promises, keeps no more than it was given, and what it refuses changes nothing.
 */
import fc from "fast-check";
import { readFileSync } from "node:fs";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { ApiError, getBytes, post } from "../src/api/http";
import type { Entries, SaidItem, ServerMessage } from "../src/api/socket.gen";
import { Log } from "../src/call/log";
import { parseContent, Said, TEXT_LIMIT } from "../src/call/said";
import { MeetingSocket, type SocketHooks } from "../src/call/socket";
import { Somebody, world } from "../src/call/testing";
import { Delivery } from "../src/call/testing.delivery";
import { bytesOf, textOf } from "../src/e2ee/base64";
import { clearBytes, codecOf, openFrame, readTrailer, SOURCES, writeTrailer } from "../src/e2ee/frames";
import type { Keys } from "../src/e2ee/keys.client";
import { meetingOf, parseFragment } from "../src/e2ee/link";
import { ReceivePipe } from "../src/e2ee/pipes";
import { ReplayWindow, WINDOW } from "../src/e2ee/replay";
import { KeyRing } from "../src/e2ee/ring";
import { aesKey, encoded, runs } from "../src/e2ee/testing";
import { linkify } from "../src/screens/panels/linkify";

const kept = (name: string): string[] => JSON.parse(readFileSync(new URL(`../../tests/fuzz/corpus/${name}.json`, import.meta.url), "utf8")) as string[];

/** Any code units, half characters included. */
const texts = fc.array(fc.oneof(fc.integer({ min: 0, max: 0xffff }), fc.integer({ min: 0x20, max: 0x7e })), { maxLength: 60 }).map((units) => String.fromCharCode(...units));

/** A kept example with a stretch of it replaced, or a text that owes nothing to any. */
function bent(name: string): fc.Arbitrary<string> {
  const some = fc.record({ text: fc.constantFrom(...kept(name)), at: fc.nat(), length: fc.nat({ max: 8 }), piece: fc.string({ maxLength: 12 }) });
  return fc.oneof(texts, some.map(({ text, at, length, piece }) => text.slice(0, at % (text.length + 1)) + piece + text.slice((at % (text.length + 1)) + length)));
}

/** A kept JSON object with one key changed, added or left out. */
function bentJson(name: string): fc.Arbitrary<string> {
  const objects = kept(name).flatMap((text): Record<string, unknown>[] => {
    try {
      const value: unknown = JSON.parse(text);
      return typeof value === "object" && value !== null && !Array.isArray(value) ? [{ ...value }] : [];
    } catch {
      return [];
    }
  });
  const some = fc.record({ value: fc.constantFrom(...objects), which: fc.nat(), other: fc.jsonValue({ maxDepth: 3 }), out: fc.boolean() });
  const swapped = some.map(({ value, which, other, out }) => {
    const keys = [...Object.keys(value), "extra"];
    const key = keys[which % keys.length] ?? "extra";
    const { [key]: _gone, ...rest } = value;
    return JSON.stringify(out ? rest : { ...rest, [key]: other });
  });
  return fc.oneof(swapped, bent(name));
}

const anything = <T>(name: string, arbitrary: fc.Arbitrary<T>, check: (value: T) => void): void => {
  fc.assert(fc.property(arbitrary, check), { ...runs(2000), examples: kept(name).map((text): [T] => [text as T]) });
};

afterEach(() => { vi.unstubAllGlobals(); });

describe("Texts", () => {
  it("base64: one text for one value", () => {
    anything("base64", bent("base64"), (text) => {
      let bytes: Uint8Array;
      try {
        bytes = bytesOf(text);
      } catch {
        return;
      }
      expect(textOf(bytes)).toBe(text);
    });
  });

  it("a link's fragment is one of two shapes, or none (LINK-2)", () => {
    anything("fragments", bent("fragments"), (text) => {
      const meeting = "AAAAAAAAAAAAAAAAAAAAAQ";
      const link = parseFragment(meeting, text);
      if (link === null) return;
      expect([bytesOf(link.secret).length, link.hostHash === null]).toEqual([16, link.hostKey !== null]);
      expect([`${link.secret}.${link.hostHash ?? link.hostKey ?? ""}`, `#${link.secret}.${link.hostHash ?? link.hostKey ?? ""}`]).toContain(text);
      expect(parseFragment(text, text)).toBeNull();
    });
    anything("paths", bent("paths"), (path) => { expect(meetingOf(path)).toMatch(/^([A-Za-z0-9_-]{22})?$/); });
  });

  it("what is said is exactly one of the known contents, or nothing (SAY-1)", () => {
    anything("contents", bentJson("contents"), (text) => {
      const content = parseContent(text);
      if (content === null) return;
      expect(["chat", "hand", "heartbeat", "end", "reaction", "mute", "ask"]).toContain(content.kind);
      if (content.kind === "chat") expect(Array.from(content.text).length).toBeLessThanOrEqual(TEXT_LIMIT);
      expect(Object.getPrototypeOf(content)).toBe(Object.prototype);
      expect(parseContent(JSON.stringify(content))).toEqual(content);
    });
  });

  it("addresses in text are http(s), and no character is lost or added (SAY-4)", () => {
    anything("origins", fc.array(bent("origins"), { maxLength: 4 }).map((parts) => parts.join(" ")), (text) => {
      const pieces = linkify(text);
      expect(pieces.map((piece) => piece.text).join("")).toBe(text);
      for (const piece of pieces) if (piece.link) expect(new URL(piece.text).protocol).toMatch(/^https?:$/);
    });
  });
});

describe("Answers over HTTP", () => {
  it("are the value, or an ApiError with a code, whatever comes", async () => {
    const answers = fc.record({ status: fc.constantFrom(200, 201, 204, 301, 400, 403, 404, 409, 422, 429, 500, 503), body: bentJson("server_messages"), breaks: fc.boolean() });
    await fc.assert(
      fc.asyncProperty(answers, async ({ status, body, breaks }) => {
        vi.stubGlobal("fetch", () => (breaks ? Promise.reject(new TypeError("network")) : Promise.resolve(new Response(status === 204 ? null : body, { status }))));
        for (const ask of [post("/api/v1/join", {}), getBytes("/api/v1/trees/x", {})]) {
          const error: unknown = await ask.then(() => null, (reason: unknown) => reason);
          if (error === null) expect(status).toBeLessThan(300);
          else if (error instanceof ApiError) expect(typeof error.code).toBe("string");
          else expect(status).toBeLessThan(300);
        }
      }),
      runs(200),
    );
  });
});

describe("Frames", () => {
  it("have a trailer that is read as it was written, or are too short", () => {
    const trailers = fc.record({ counter: fc.maxSafeNat().map((n) => n % 2 ** 48), epoch: fc.nat({ max: 2 ** 31 - 1 }), leaf: fc.nat({ max: 2 ** 24 - 1 }), kind: fc.nat({ max: 255 }) });
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 64 }), trailers, (body, trailer) => {
        const read = readTrailer(new Uint8Array([...body, ...writeTrailer(trailer)]));
        expect(read).toEqual(body.length < 16 ? null : trailer);
        const anyway = readTrailer(body);
        if (anyway) expect([anyway.counter < 2 ** 48, anyway.leaf < 2 ** 24, anyway.kind < 256]).toEqual([true, true, true]);
      }),
      runs(500),
    );
  });

  it("that were never sealed open nowhere, move no window and keep nothing (I2, FRM-4)", async () => {
    const ring = new KeyRing(() => 0);
    const key = await aesKey(1);
    ring.install({ group: "g", epoch: 1, self: { leaf: 1, key }, leaves: [["alice", 0, SOURCES], ["bob", 1, SOURCES]], removed: [] });
    ring.addKey("g", 1, 0, key);
    const types = fc.record({ mimeType: fc.constantFrom("video/VP8", "video/H264", "audio/opus", "", "__proto__"), type: fc.constantFrom("key", "delta", "empty", undefined) });
    const bytes = fc.oneof(fc.uint8Array({ maxLength: 80 }), fc.uint8Array({ minLength: 16, maxLength: 60 }).map((body) => new Uint8Array([...body, ...writeTrailer({ counter: 2 ** 47, epoch: 1, leaf: 0, kind: 2 })])));
    const pipe = new ReceivePipe("video", ring);
    pipe.bind("alice", "camera");
    await fc.assert(
      fc.asyncProperty(bytes, types, async (body, { mimeType, type }) => {
        // An epoch that may be on its way would only be waited for.
        if ((readTrailer(body)?.epoch ?? 0) > 1) return;
        expect(await pipe.pass(encoded(Uint8Array.from(body), mimeType, type))).toBe(false);
        expect(ring.window(1, 0, 2).fresh(0)).toBe(true);
        await expect(openFrame(key, Uint8Array.from(body), clearBytes(codecOf(mimeType), type === "key") ?? 0)).rejects.toBeDefined();
      }),
      runs(300),
    );
  });

  it("are accepted once each, in any order, and the window remembers what a set would (FRM-4)", () => {
    fc.assert(
      fc.property(fc.array(fc.oneof(fc.nat({ max: 3 * WINDOW }), fc.maxSafeNat().map((n) => n % 2 ** 48)), { maxLength: 200 }), (counters) => {
        const window = new ReplayWindow();
        const seen = new Set<number>();
        let highest = -1;
        for (const counter of counters) {
          expect(window.fresh(counter)).toBe(!seen.has(counter) && counter > highest - WINDOW);
          if (!window.fresh(counter)) continue;
          window.mark(counter);
          seen.add(counter);
          highest = Math.max(highest, counter);
        }
      }),
      runs(200),
    );
  });
});

describe("What the gateway says", () => {
  const hooks = { message: vi.fn(), lost: vi.fn(), back: vi.fn(), dead: vi.fn(), hello: () => ({ t: "hello", v: 1, participant: "p", seat: "s", incarnation: null, log: 0, said: 0 }) } as const satisfies SocketHooks;
  let hear: (data: unknown) => void = () => undefined;

  beforeEach(() => {
    vi.stubGlobal("location", { href: "https://meet.example/m/x" });
    vi.stubGlobal("WebSocket", class {
      static readonly OPEN = 1;
      readyState = 1;
      onmessage: ((event: { data: unknown }) => void) | null = null;
      constructor() { hear = (data) => { this.onmessage?.({ data }); }; }
      send(): void { /* nobody listens */ }
      close(): void { this.readyState = 3; }
    });
  });

  it("is a message with a type, or nothing at all", () => {
    const socket = new MeetingSocket("/api/v1/socket");
    socket.start("/api/v1/socket", hooks);
    anything("server_messages", bentJson("server_messages"), (text) => {
      hooks.message.mockClear();
      hear(text);
      hear(new TextEncoder().encode(text));
      for (const [message] of hooks.message.mock.calls as [ServerMessage][]) expect(typeof message.t).toBe("string");
      expect(hooks.message.mock.calls.length).toBeLessThanOrEqual(1);
    });
    socket.close();
  });

  it("moves no member that is inside, unless it is the log's next entry or a new beginning (I10, LOG-6)", async () => {
    const place = await world();
    const delivery = new Delivery(place);
    vi.stubGlobal("fetch", () => Promise.resolve(new Response("{}", { status: 404 })));
    const alice = await new Somebody("Alice").sit(place);
    await delivery.welcome(alice);
    const quiet = { "ready": 0, "renew": 0 };
    const { state } = alice.group;
    await fc.assert(
      fc.asyncProperty(bentJson("server_messages"), async (text) => {
        let message: { t?: unknown; incarnation?: unknown } | null;
        try {
          message = JSON.parse(text.replaceAll("AAAAAAAAAAAAAAAAAAAAAQ", delivery.incarnation)) as typeof message;
        } catch {
          return;
        }
        if (typeof message?.t !== "string" || message.t in quiet || message.t === "entries") return;
        // session.ts takes a failure for a message that was none.
        await alice.group.handle(message as ServerMessage).catch(() => undefined);
        expect(alice.group.state).toBe(state);
        expect(alice.group.cursor).toBe(0);
        expect(alice.outs).toEqual([]);
      }),
      runs(300),
    );
    const bob = await new Somebody("Bob").sit(place);
    vi.stubGlobal("fetch", (address: string) => Promise.resolve(new Response(delivery.trees.get(address.split("/").at(-1) ?? "")?.slice())));
    await delivery.welcome(bob);
    expect(bob.group.state?.code).toBe(alice.group.state?.code);
  });

  it("entries are handed on in order and each once, wherever they claim to begin (LOG-5)", () => {
    const places = fc.oneof(fc.integer({ min: -5, max: 30 }), fc.constantFrom(NaN, Infinity, -Infinity, 0.5, 2 ** 53, "3" as unknown as number));
    const pieces = fc.array(fc.record({ from: places, count: fc.nat({ max: 6 }) }), { maxLength: 30 });
    fc.assert(
      fc.property(pieces, (parts) => {
        const log = new Log();
        const taken: string[] = [];
        for (const { from, count } of parts) {
          const entries: Entries["entries"] = Array.from({ length: count }, (_, at) => ({ kind: "remove", participant: String(from + at), reason: "left" }));
          log.add(from, entries);
          taken.push(...log.take().entries.map(({ participant }) => participant));
        }
        expect(taken).toEqual(taken.map((_, index) => String(index)));
        expect(log.next).toBe(taken.length);
      }),
      runs(300),
    );
  });

  it("messages that nobody can open are dropped and counted, and few wait (SAY-1)", async () => {
    const indices = fc.oneof(fc.nat({ max: 500 }), fc.constantFrom(-1, 2 ** 53));
    await fc.assert(
      fc.asyncProperty(fc.array(indices, { maxLength: 300 }), bentJson("contents"), async (at, content) => {
        const heard: unknown[] = [];
        const ask = (): Promise<unknown> => (at.length % 2 === 0 ? Promise.reject(new Error("undecryptable")) : Promise.resolve({ participant: "bob", content }));
        const said = new Said({ ask } as unknown as Keys, "alice", { send: () => true, heard: (utterance) => heard.push(utterance) > 0, echoed: () => undefined });
        const items = at.map((index): SaidItem => ({ index, participant: "bob", message: "AAAA", received: 0, kid: "k", tag: "t" }));
        await said.receive({ t: "said", incarnation: "i", from: 0, items });
        await said.again();
        expect(heard.length === 0 || parseContent(content) !== null).toBe(true);
        expect(heard.length + said.dropped).toBeLessThanOrEqual(items.length);
      }),
      runs(200),
    );
  });
});
