import fc from "fast-check";
import { describe, expect, it, vi } from "vitest";
import type { Keys } from "../e2ee/keys.client";
import type { MlsLeaf, Right } from "../e2ee/mls";
import { EVERYTHING } from "../e2ee/testing";
import { entitled, parseContent, Said, TEXT_LIMIT, type Content, type Utterance } from "./said";

describe("What is said (SAY-1)", () => {
  it.each(['{"kind":"chat","text":"hello"}', '{"kind":"hand","up":true}', '{"kind":"end"}', '{"epoch":3,"kind":"heartbeat","policy":0,"time":1,"transcript":"x"}'])("is heard: %s", (text) => {
    expect(parseContent(text)).toEqual(JSON.parse(text));
  });

  it.each([
    "", "null", "[]", '{"kind":"chat"}', '{"kind":"chat","text":""}', '{"kind":"chat","text":1}', '{"text":"a","kind":"chat"}', '{"kind":"chat","text":"a","sender":"Mallory"}',
    '{"kind":"chat","kind":"chat","text":"a"}', '{"kind":"dance"}', '{"kind":"hand","up":"yes"}', '{"kind": "end"}', '{"__proto__":{"kind":"chat"},"text":"a"}',
    '{"epoch":3.5,"kind":"heartbeat","policy":0,"time":1,"transcript":"x"}', '{"kind":"chat","text":"\\ud800"}', '{"kind":"chat","text":"\ud800"}',
  ])("is dropped: %s", (text) => {
    expect(parseContent(text)).toBeNull();
  });

  it("is limited in length by what people see, not by code units", () => {
    const text = (length: number): string => JSON.stringify({ kind: "chat", text: "👋".repeat(length) });
    expect(parseContent(text(TEXT_LIMIT))).not.toBeNull();
    expect(parseContent(text(TEXT_LIMIT + 1))).toBeNull();
  });

  it("never makes the parser fail, whatever comes", () => {
    fc.assert(fc.property(fc.oneof(fc.string(), fc.json()), (text) => { parseContent(text); }));
  });
});

function said(open: (message: string) => string | null): { said: Said; heard: Utterance[]; echoed: string[] } {
  const heard: Utterance[] = [];
  const echoed: string[] = [];
  const ask = (_operation: string, { message, participant }: { message: string; participant: string }): Promise<unknown> => {
    const content = open(message);
    return content === null ? Promise.reject(new Error("not ours")) : Promise.resolve({ participant, content });
  };
  const made = new Said({ ask } as unknown as Keys, "alice", { send: () => true, heard: (utterance) => heard.push(utterance) > 0, echoed: (message) => echoed.push(message) });
  return { said: made, heard, echoed };
}

const item = (index: number, participant: string, message: string) => ({ index, participant, message, received: 5, kid: "k", tag: "t" });

describe("Receiving", () => {
  it("tells an echo of our own from what others say, and takes nothing twice", async () => {
    const { said: made, heard, echoed } = said(() => '{"kind":"chat","text":"hi"}');
    const message = { t: "said" as const, incarnation: "i", from: 0, items: [item(0, "alice", "mine"), item(1, "bob", "his")] };
    await made.receive(message);
    await made.receive(message);
    expect([echoed, heard.map(({ participant }) => participant), made.next]).toEqual([["mine"], ["bob"], 2]);
  });

  it("tries a message again after the next epoch, once, since it may have overtaken its commit", async () => {
    let epoch = 1;
    const open = vi.fn(() => (epoch === 2 ? '{"kind":"end"}' : null));
    const { said: made, heard } = said(open);
    await made.receive({ t: "said", incarnation: "i", from: 0, items: [item(0, "bob", "early"), item(1, "bob", "garbage")] });
    expect(heard).toHaveLength(0);
    epoch = 2;
    await made.again();
    await made.again();
    expect([heard.length, open.mock.calls.length]).toEqual([2, 4]);
  });

  it("drops and counts what nobody can open, and goes on (SAY-1)", async () => {
    const { said: made, heard } = said((message) => (message === "good" ? '{"kind":"hand","up":true}' : null));
    await made.receive({ t: "said", incarnation: "i", from: 0, items: [item(0, "mallory", "bad"), item(1, "bob", "good")] });
    await made.again();
    expect([heard.length, made.dropped]).toEqual([1, 1]);
  });
});

describe("What is not for a leaf to say (SAY-7)", () => {
  const leaf = (may: readonly Right[], host = false): MlsLeaf => ({ leaf: 0, participant: "bob", name: "Bob", role: "guest", key: "b", host, cohost: false, may });

  it("is decided by the roster: chat and reactions by right, commands by who is a host", () => {
    const contents: Content[] = [
      { kind: "chat", text: "hi" }, { kind: "reaction", what: "heart" }, { kind: "mute" }, { kind: "ask", participant: "c", source: "camera" }, { kind: "end" }, { kind: "hand", up: true },
    ];
    const allowed = (one: MlsLeaf | undefined): string[] => contents.filter((content) => entitled(content, one)).map(({ kind }) => kind);
    expect(allowed(leaf(EVERYTHING))).toEqual(["chat", "reaction", "hand"]);
    expect(allowed(leaf(["reactions"]))).toEqual(["reaction", "hand"]);
    expect(allowed(leaf(["chat"], true))).toEqual(["chat", "mute", "ask", "end", "hand"]);
    expect(allowed(undefined)).toEqual(["hand"]);
  });

  it("is dropped and counted", async () => {
    const ask = (): Promise<unknown> => Promise.resolve({ participant: "mallory", content: '{"kind":"chat","text":"buy"}' });
    const made = new Said({ ask } as unknown as Keys, "alice", { send: () => true, heard: () => false, echoed: () => undefined });
    await made.receive({ t: "said", incarnation: "i", from: 0, items: [item(0, "mallory", "x"), item(1, "mallory", "y")] });
    expect(made.dropped).toBe(2);
  });

  it("has a form of its own for each kind, and no other", () => {
    const good = ['{"kind":"reaction","what":"heart"}', '{"kind":"mute"}', '{"kind":"mute","participant":"b"}', '{"kind":"ask","participant":"b","source":"microphone"}'];
    const bad = ['{"kind":"reaction","what":"flag"}', '{"kind":"reaction","what":"heart","x":1}', '{"kind":"mute","participant":7}', '{"kind":"ask","participant":"b"}', '{"kind":"ask","participant":"b","source":"screen"}', '{"kind":"ask","source":"camera"}'];
    expect(good.map((text) => parseContent(text)).every((content) => content !== null)).toBe(true);
    expect(bad.map((text) => parseContent(text))).toEqual(bad.map(() => null));
  });
});
