import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { AdmitAsked } from "../api/socket.gen";
import type { Keys } from "../e2ee/keys.client";
import type { MlsEvent, MlsState } from "../e2ee/mls";
import type { Knocking } from "./contract";
import { Knocks } from "./knocks";
import type { Session } from "./session";
import { createCallStore, type Store } from "./store";

const waits = (knock: string, name: string, signature_key = `key of ${name}`) => ({ knock, name, signature_key, since: 1, why: "waiting_room" as const, signed_in: false });
const asked = (participant: string): AdmitAsked => ({ t: "admit_asked", incarnation: "i", participant, key_package: `of ${participant}` });

let sent: unknown[];
let removed: string[];
let store: Store;
/** Whose key package it is, as the module finds by its checked leaf. */
let leaf: { signature_key: string; name: string };
let knocks: Knocks;

beforeEach(() => {
  vi.useFakeTimers();
  [sent, removed] = [[], []];
  store = createCallStore("m");
  leaf = { signature_key: "key of Bob", name: "Bob" };
  const ask = (operation: string, { admitted }: { admitted: ReadonlyMap<string, string> }) => {
    if (operation === "seal_link") return seals();
    return Promise.resolve({ ...leaf, word: admitted.get(leaf.signature_key) === leaf.name ? { key: "host", signature: "word" } : null });
  };
  const remove = (participant: string): Promise<void> => { removed.push(participant); return Promise.resolve(); };
  const session = { send: (message: unknown) => { sent.push(message); }, bans: () => { sent.push("bans"); }, group: { remove } } as unknown as Session;
  knocks = new Knocks({ ask } as unknown as Keys, store, session, true);
});
afterEach(() => { vi.useRealTimers(); });

const group = (roster: readonly object[], policy: object = {}, hosting = true): MlsState => ({ roster, hosting, policy: { locked: false, strict: false, ...policy } }) as unknown as MlsState;
const guest = (name: string): object => ({ participant: name, name, key: `key of ${name}` });
const crowd = (count: number, from = 0): readonly object[] => Array.from({ length: count }, (_, index) => guest(`Guest ${String(from + index)}`));
const shown = (): readonly Knocking[] => store.getState().knocks;
const names = (): string[] => shown().map(({ name }) => name);
const toasts = (): string[] => store.getState().toasts.map(({ kind, name }) => `${kind} ${name}`);
/** A key that is sealed to, or not. */
const seals = vi.fn((): Promise<object> => Promise.reject(new Error("bad_seal")));
const WORD = { t: "admit", incarnation: "i", participant: "b", key: "host", signature: "word" };

describe("Who waits at the door", () => {
  it("is shown until somebody has answered, a few each with a message and a crowd with one", () => {
    knocks.hear({ t: "knocks", waiting: [waits("1", "Bob"), waits("2", "Carol")], gone: [] });
    expect([names(), toasts()]).toEqual([["Bob", "Carol"], ["knock Bob", "knock Carol"]]);
    knocks.hear({ t: "knocks", waiting: [waits("2", "Carol"), waits("3", "Dave"), waits("4", "Erin")], gone: ["1"] });
    expect([names(), toasts()]).toEqual([["Carol", "Dave", "Erin"], ["knocks 3"]]);
    knocks.hear({ t: "knocks", waiting: [], gone: ["2", "3", "4"] });
    expect([names(), toasts()]).toEqual([[], []]);
  });

  it("is drawn at once, and what comes within a moment after that together: the message of a crowd stays where it is", async () => {
    const drawn = vi.fn();
    store.subscribe(drawn);
    const message = (): number | undefined => store.getState().toasts[0]?.id;
    for (let number = 0; number < 100; number++) {
      knocks.hear({ t: "knocks", waiting: [waits(String(number), `Guest ${String(number)}`)], gone: [] });
      await vi.advanceTimersByTimeAsync(40);
    }
    await vi.advanceTimersByTimeAsync(1_000);
    expect([names().length, toasts()]).toEqual([100, ["knocks 100"]]);
    // Ten times in four seconds, each the list and its message.
    expect(drawn.mock.calls.length).toBeLessThan(30);
    const first = message();
    knocks.hear({ t: "knocks", waiting: [], gone: ["7"] });
    expect([names().length, toasts(), message()]).toEqual([99, ["knocks 99"], first]);
  });

  it("is shown to nobody but a host, whatever the server tells; what it told too early waits (KNOCK-4)", async () => {
    knocks.host(false);
    knocks.hear({ t: "knocks", waiting: [waits("1", "Bob")], gone: [] });
    await knocks.asked(asked("c"));
    await vi.advanceTimersByTimeAsync(3_000);
    expect([names(), toasts(), sent]).toEqual([[], [], []]);
    knocks.host(true);
    expect([names(), toasts()]).toEqual([["Bob", "Bob"], ["knock Bob", "knock Bob"]]);
    knocks.host(false);
    expect([names(), toasts()]).toEqual([[], []]);
    knocks.host(true);
    expect([names(), toasts()]).toEqual([[], []]);
  });

  it("is answered a hundred at a time, and never who is not there", async () => {
    const crowd = Array.from({ length: 150 }, (_, index) => waits(String(index), `Guest ${String(index)}`));
    knocks.hear({ t: "knocks", waiting: crowd, gone: [] });
    knocks.answer([...crowd.map(({ knock }) => knock), "nobody"], false, true);
    await vi.advanceTimersByTimeAsync(0);
    expect(sent.map((message) => (message as { knocks?: string[] }).knocks?.length ?? message)).toEqual([100, "bans", 50, "bans"]);
    expect(sent[0]).toMatchObject({ t: "answer", admit: false, block: true });
  });
});

describe("A host's word in a strict group (KNOCK-8, KNOCK-9)", () => {
  it("is given by itself to whom this device let in by hand, anew for each key package", async () => {
    knocks.hear({ t: "knocks", waiting: [waits("1", "Bob")], gone: [] });
    knocks.answer(["1"], true, false);
    await vi.advanceTimersByTimeAsync(0);
    await knocks.asked(asked("b"));
    await knocks.asked({ ...asked("b"), incarnation: "j" });
    expect(sent.slice(1)).toEqual([WORD, { ...WORD, incarnation: "j" }]);
  });

  it.each([
    ["another key under the admitted name", { signature_key: "key of Mallory", name: "Bob" }],
    ["the admitted key under another name", { signature_key: "key of Bob", name: "Alice" }],
  ])("is not given to %s: the person is asked", async (_what, other) => {
    knocks.hear({ t: "knocks", waiting: [waits("1", "Bob")], gone: [] });
    knocks.answer(["1"], true, false);
    await vi.advanceTimersByTimeAsync(0);
    knocks.hear({ t: "knocks", waiting: [], gone: ["1"] });
    leaf = other;
    await knocks.asked(asked("b"));
    expect(sent).toHaveLength(1);
    await vi.advanceTimersByTimeAsync(3_000);
    expect(names()).toEqual([other.name]);
    knocks.answer([shown()[0]?.knock ?? ""], false, false);
    expect(removed).toEqual(["b"]);
    expect(sent).toHaveLength(1);
  });

  it("waits a moment for other hosts, and for nobody who was announced meanwhile", async () => {
    await knocks.asked(asked("b"));
    knocks.settled("b");
    await vi.advanceTimersByTimeAsync(10_000);
    expect(shown()).toEqual([]);
  });

  it("is given once the person says so", async () => {
    await knocks.asked(asked("b"));
    await vi.advanceTimersByTimeAsync(3_000);
    knocks.answer([shown()[0]?.knock ?? ""], true, false);
    await vi.advanceTimersByTimeAsync(0);
    expect(sent).toEqual([WORD]);
    expect(shown()).toEqual([]);
  });
});

describe("A word that was given (KNOCK-9)", () => {
  const lets = async (): Promise<void> => {
    knocks.hear({ t: "knocks", waiting: [waits("1", "Bob")], gone: [] });
    knocks.answer(["1"], true, false);
    await vi.advanceTimersByTimeAsync(0);
    sent.length = 0;
  };
  const asksAgain = async (): Promise<unknown[]> => {
    await knocks.asked(asked("b"));
    await vi.advanceTimersByTimeAsync(0);
    return sent.filter((message) => (message as { t: string }).t === "admit");
  };

  it("ends when a host removes who was let in", async () => {
    await lets();
    const roster = [{ participant: "b", key: "key of Bob" }];
    const applied = { kind: "applied", removed: [{ participant: "b", reason: "removed", host: "a" }] };
    knocks.entered({ roster } as unknown as MlsState, group([]), [applied] as unknown as MlsEvent[]);
    expect(await asksAgain()).toEqual([]);
  });

  it("ends when the next knock is refused, and not when somebody only leaves", async () => {
    await lets();
    const left = { kind: "applied", removed: [{ participant: "b", reason: "left" }] };
    knocks.entered({ roster: [{ participant: "b", key: "key of Bob" }] } as unknown as MlsState, group([]), [left] as unknown as MlsEvent[]);
    expect(await asksAgain()).toHaveLength(1);
    knocks.hear({ t: "knocks", waiting: [waits("2", "Bob")], gone: ["1"] });
    knocks.answer(["2"], false, false);
    sent.length = 0;
    expect(await asksAgain()).toEqual([]);
  });
});

describe("The link for who knocks (LINK-7)", () => {
  const old = { ...waits("k", "Dora"), why: "link_old" as const, seal_key: "to", seal_signature: "signed" };
  const answer = (sealed: object[], admit = true) => ({ t: "answer", knocks: ["k"], admit, block: false, sealed });

  it.each([
    ["is sealed to the key that they showed, and goes with the answer", true, true, [{ knock: "k", sealed: "for her alone" }]],
    ["is given to nobody who is refused", true, false, []],
    ["is given to no key that is not theirs", false, true, []],
  ])("%s", async (_what, good, admit, sealed) => {
    seals.mockImplementation(() => (good ? Promise.resolve({ sealed: "for her alone" }) : Promise.reject(new Error("bad_seal"))));
    knocks.hear({ t: "knocks", waiting: [old], gone: [] });
    knocks.answer(["k"], admit, false);
    await vi.advanceTimersByTimeAsync(0);
    expect(sent).toEqual([answer(sealed, admit)]);
  });
});

describe("A link that has reached too many", () => {
  const begun = group([guest("Alice")]);
  const come = (before: MlsState, more: readonly object[], policy: object = {}, hosting = true): MlsState => {
    const after = group([...before.roster, ...more], policy, hosting);
    knocks.entered(before, after, []);
    return after;
  };

  it("is said to hosts when five came with typed names within two minutes, and not again at once", () => {
    const four = come(begun, crowd(4));
    expect(toasts()).toEqual([]);
    vi.advanceTimersByTime(119_000);
    const five = come(four, crowd(1, 4));
    expect(toasts()).toEqual(["at_risk 5"]);
    come(five, crowd(30, 5));
    expect(toasts()).toEqual(["at_risk 5"]);
  });

  it("is nothing when they come one after the other, by an account, or through the door", () => {
    const four = come(begun, crowd(4));
    vi.advanceTimersByTime(121_000);
    const five = come(four, crowd(1, 4));
    const known = come(five, crowd(9, 5).map((one) => ({ ...one, account: "pseudonym" })));
    knocks.hear({ t: "knocks", waiting: Array.from({ length: 9 }, (_, index) => waits(String(index), `Guest ${String(50 + index)}`)), gone: [] });
    knocks.hear({ t: "knocks", waiting: [], gone: Array.from({ length: 9 }, (_, index) => String(index)) });
    come(known, crowd(9, 50));
    expect(toasts()).toEqual([]);
  });

  it("is nothing to who is no host, nor where nobody comes in by the link alone, nor to who has just come in", () => {
    come(begun, crowd(9), {}, false);
    vi.advanceTimersByTime(700_000);
    come(begun, crowd(9), { strict: true });
    vi.advanceTimersByTime(700_000);
    come(begun, crowd(9), { locked: true });
    vi.advanceTimersByTime(700_000);
    knocks.entered(null, group(crowd(9)), []);
    expect(toasts()).toEqual([]);
  });
});
