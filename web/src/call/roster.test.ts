import { describe, expect, it } from "vitest";
import type { MlsLeaf } from "../e2ee/mls";
import { FROZEN_MS, LOCK_MS, people, settled, type RosterFacts } from "./roster";
import { EVERYTHING } from "../e2ee/testing";

const leaf = (number: number, participant: string, name: string, more: Partial<MlsLeaf> = {}): MlsLeaf => ({ leaf: number, participant, name, role: "guest", key: "k", host: false, cohost: false, may: EVERYTHING, ...more });
const present = (participant: string) => ({ participant, speaking: false, microphone: true, camera: true, screen: false, connection: "good" as const, due: true });
const facts = (more: Partial<RosterFacts> = {}): RosterFacts => ({
  now: 100_000, self: "a", leaves: [leaf(0, "a", "Alice"), leaf(1, "b", "Bob")], announced: new Map(), present: [], outside: new Map(), heard: new Map(), due: new Map(), seen: new Set(), connected: true, hands: new Set(), reactions: new Map(), unseen: new Set(), order: ["b", "a"], ...more,
});

describe("The roster (I3)", () => {
  it("is the leaves of the tree, self first", () => {
    expect(people(facts()).map(({ name, leaf, self }) => [name, leaf, self])).toEqual([["Alice", 0, true], ["Bob", 1, false]]);
  });

  it("shows a padlock only while frames authenticated in the last 3 s (FRM-6)", () => {
    const lock = (ago: number) => people(facts({ heard: new Map([["b", 100_000 - ago]]) })).map((person) => person.lock);
    expect(lock(LOCK_MS - 1)).toEqual(["quiet", "locked"]);
    expect(lock(LOCK_MS)).toEqual(["quiet", "quiet"]);
  });

  it("gives nobody a name, a lock or a role for being in the media room (I10, JOIN-4)", () => {
    const [, , stranger] = people(facts({ present: [present("mallory")], outside: new Map([["mallory", 0]]), heard: new Map([["mallory", 100_000]]), hands: new Set(["mallory"]) }));
    expect(stranger).toMatchObject({ participant: "mallory", name: "", lock: "stranger", leaf: null, hosting: false, handUp: false });
  });

  it("shows an announced participant as being secured for 15 s, then as a stranger", () => {
    const lock = (ago: number) => people(facts({ announced: new Map([["c", 100_000 - ago]]), present: [present("c")] })).at(-1)?.lock;
    expect([lock(300), lock(14_999), lock(15_000)]).toEqual(["securing", "securing", "stranger"]);
  });

  it("does not show for ever who was announced and is not here at all", () => {
    const locks = (ago: number, here: boolean) => people(facts({ announced: new Map([["c", 100_000 - ago]]), present: here ? [present("c")] : [] })).slice(2).map(({ lock }) => lock);
    expect([locks(59_999, false), locks(60_000, false), locks(60_000, true)]).toEqual([["stranger"], [], ["stranger"]]);
  });

  it("waits a moment before it calls somebody a stranger, for media and group change side by side", () => {
    const lock = (ago: number) => people(facts({ present: [present("d")], outside: new Map([["d", 100_000 - ago]]) })).at(-1)?.lock;
    expect([lock(300), lock(3_999), lock(4_000)]).toEqual(["securing", "securing", "stranger"]);
  });

  it("draws no tile for the moment in which most are secured", () => {
    const names = (ago: number) => people(facts({ announced: new Map([["c", 100_000 - ago]]), present: [present("c"), present("d")], outside: new Map([["d", 100_000 - ago]]) })).map(({ participant }) => participant);
    expect([names(299), names(300)]).toEqual([["a", "b"], ["a", "b", "c", "d"]]);
  });

  it("keeps whoever has not changed the same object, and the list when nobody has", () => {
    const before = people(facts());
    expect(settled(before, people(facts()))).toBe(before);
    const after = settled(before, people(facts({ hands: new Set(["b"]) })));
    expect([after[0] === before[0], after[1] === before[1], after[1]?.handUp]).toEqual([true, false, true]);
    expect(settled(before, people(facts({ leaves: [leaf(0, "a", "Alice")] })))).toEqual([before[0]]);
  });

  it("does not show ourselves as a stranger before we have a leaf", () => {
    expect(people(facts({ leaves: [], present: [present("a")] }))).toEqual([]);
  });

  it("takes hosts from the policy, not from the attested role", () => {
    const [alice, bob] = people(facts({ leaves: [leaf(0, "a", "Alice", { role: "host" }), leaf(1, "b", "Bob", { host: true })] }));
    expect([alice?.hosting, bob?.hosting]).toEqual([false, true]);
  });

  it("says that somebody's line is lost as soon as the media room has them no more", () => {
    const line = (more: Partial<RosterFacts>) => people(facts(more)).map(({ connection }) => connection);
    expect(line({})).toEqual(["good", "good"]);
    expect(line({ seen: new Set(["a", "b"]) })).toEqual(["good", "lost"]);
    expect(line({ seen: new Set(["a", "b"]), connected: false })).toEqual(["good", "good"]);
  });

  it("says so too when what is due has not come for 4 s", () => {
    const line = (due: number, heard?: number) =>
      people(facts({ present: [present("b")], due: new Map([["b", due]]), heard: heard === undefined ? new Map() : new Map([["b", heard]]) }))[1]?.connection;
    expect(line(1, 100_000 - FROZEN_MS)).toBe("lost");
    expect(line(1, 100_001 - FROZEN_MS)).toBe("good");
    expect(line(100_001 - FROZEN_MS)).toBe("good");
    expect(line(100_000 - FROZEN_MS)).toBe("lost");
    expect(people(facts({ present: [present("b")], heard: new Map([["b", 1]]) }))[1]?.connection).toBe("good");
  });

  it("marks names that are the same or look the same", () => {
    const names = ["Alice", "Αlice", "Bob"];
    expect(people(facts({ leaves: names.map((name, index) => leaf(index, String(index), name)) })).map(({ ambiguous }) => ambiguous)).toEqual([true, true, false]);
  });
});

describe("Rights on the screen (POL-20)", () => {
  const sends = (participant: string) => ({ ...present(participant), screen: true, speaking: true });

  it("show of a leaf nothing that it may not send, whatever the media room has", () => {
    const [, bob] = people(facts({ leaves: [leaf(0, "a", "Alice"), leaf(1, "b", "Bob", { may: ["chat"] })], present: [sends("a"), sends("b")] }));
    expect(bob).toMatchObject({ microphone: false, camera: false, screen: false, speaking: false });
  });

  it("hide the second of two screens where one at a time may be shown", () => {
    const [alice, bob] = people(facts({ present: [sends("a"), sends("b")], unseen: new Set(["b"]) }));
    expect([alice?.screen, bob?.screen]).toEqual([true, false]);
  });
});
