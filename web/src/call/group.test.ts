import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { ClientMessage, ServerMessage } from "../api/socket.gen";
import type { Stay } from "../e2ee/mls";
import { Somebody, world, type World } from "./testing";
import { Delivery } from "./testing.delivery";

let place: World;
let delivery: Delivery;
const sit = async (name: string, host = false): Promise<Somebody> => {
  const somebody = await new Somebody(name).sit(place, { host });
  await delivery.welcome(somebody);
  return somebody;
};

beforeEach(async () => {
  place = await world();
  delivery = new Delivery(place);
  vi.stubGlobal("fetch", (address: string) => {
    const tree = delivery.trees.get(address.split("/").at(-1) ?? "");
    return Promise.resolve(tree ? new Response(tree.slice()) : new Response("{}", { status: 404 }));
  });
});
afterEach(() => { vi.unstubAllGlobals(); });

const codes = (...people: Somebody[]): Set<string | undefined> => new Set(people.map(({ state }) => state?.code));
const names = ({ state }: Somebody): string[] => (state?.roster ?? []).map(({ name }) => name).sort();

describe("A group driven over the log (LOG-4, LOG-5)", () => {
  it("is created by the first and joined by the next, who then see one code (I3, I6)", async () => {
    const alice = await sit("Alice", true);
    const bob = await sit("Bob");
    const carol = await sit("Carol");
    expect([names(alice), names(bob), names(carol)]).toEqual([["Alice", "Bob", "Carol"], ["Alice", "Bob", "Carol"], ["Alice", "Bob", "Carol"]]);
    expect(codes(alice, bob, carol).size).toBe(1);
    expect(alice.state?.code).toMatch(/^\d{30}$/);
    for (const digests of delivery.acks.values()) expect(digests.size).toBe(1);
    expect([delivery.refused, delivery.nacks]).toEqual([[], []]);
  });

  it("writes down who held the key, and signs it for a host only (ATT-1, ATT-2)", async () => {
    const alice = await sit("Alice", true);
    const bob = await sit("Bob");
    const carol = await sit("Carol");
    await delivery.remove(bob.participant);
    const { attendance } = await alice.vault.ask("attendance", {});
    const { people } = JSON.parse(attendance) as { people: readonly Stay[] };
    expect(people.map(({ name, epoch, until }) => [name, epoch, until === undefined])).toEqual([["Alice", 0, true], ["Bob", 1, false], ["Carol", 2, true]]);
    await expect(carol.vault.ask("attendance", {})).rejects.toMatchObject({ code: "not_host" });
    // A reload goes on with what was kept, and nothing that somebody else kept takes the place of what was seen here.
    const kept = await alice.vault.ask("attended", {});
    const again = await new Somebody("Alice").sit(place, { host: true });
    expect(await again.vault.ask("attended", { before: kept })).toEqual(kept);
    expect(await alice.vault.ask("attended", { before: { ...kept, stays: [] } })).toEqual(kept);
  });

  it("gives the frame worker each epoch with the keys wanted in it, and the leaf that is gone", async () => {
    const alice = await sit("Alice");
    const bob = await sit("Bob");
    await alice.vault.want({ t: "want", participants: [bob.participant] });
    await sit("Carol");
    await delivery.remove(bob.participant);
    const epochs = alice.toFrames.flatMap((message) => (message.t === "epoch" ? [message.news] : []));
    expect(epochs.map(({ epoch }) => epoch)).toEqual([0, 1, 2, 3]);
    expect(epochs.at(-1)?.removed).toEqual([bob.state?.leaf]);
    const keys = alice.toFrames.flatMap((message) => (message.t === "key" ? [message] : []));
    expect(keys.map(({ epoch, leaf }) => [epoch, leaf])).toEqual([[1, bob.state?.leaf], [2, bob.state?.leaf], [2, 2], [3, 2]]);
    for (const { key } of keys) expect([key.extractable, key.usages]).toEqual([false, ["decrypt"]]);
  });

  it("moves the sender on when the others have acknowledged", async () => {
    const alice = await sit("Alice");
    await sit("Bob");
    expect(alice.toFrames.filter(({ t }) => t === "send").at(-1)).toMatchObject({ epoch: 1 });
  });

  it("sends under the new epoch at once where nobody else was in the old one, and else waits for the others", async () => {
    const alice = await sit("Alice");
    await sit("Bob");
    await sit("Carol");
    const after = (epoch: number) => alice.toFrames[alice.toFrames.findIndex((message) => message.t === "epoch" && message.news.epoch === epoch) + 1]?.t;
    expect([after(0), after(1), after(2)]).toEqual(["send", "send", "key"]);
  });

  it("goes on without who was removed, who is told so", async () => {
    const alice = await sit("Alice");
    const bob = await sit("Bob");
    await delivery.remove(bob.participant);
    expect(names(alice)).toEqual(["Alice"]);
    expect(bob.outs).toEqual(["removed"]);
  });

  it("takes a reload back into the same seat by replacement, with the same participant and key (JOIN-2)", async () => {
    const alice = await sit("Alice");
    const bob = await sit("Bob");
    const again = await new Somebody("Bob").sit(place, { identity: bob.identity, participant: bob.participant });
    await delivery.welcome(again);
    expect(names(alice)).toEqual(["Alice", "Bob"]);
    expect(codes(alice, again).size).toBe(1);
    expect(again.state?.roster.find(({ name }) => name === "Bob")?.key).toBe(bob.state?.roster.find(({ name }) => name === "Bob")?.key);
  });

  it("says of a commit that it could not follow, whatever else came with it (LOG-11)", async () => {
    const alice = await sit("Alice");
    const bob = await sit("Bob");
    const rubbish = { kind: "commit" as const, participant: alice.participant, commit: "AAAA" };
    const from = delivery.log.length;
    await bob.group.handle({ t: "entries", incarnation: delivery.incarnation, from, entries: [rubbish, rubbish] });
    await delivery.settled();
    expect(delivery.nacks).toEqual([{ participant: bob.participant, index: from, code: "malformed" }]);
    expect(bob.state?.epoch).toBe(1);
  });

  it("sends one commit for a lease, the same again after a reconnect (LOG-4)", async () => {
    const alice = await sit("Alice");
    const sent: unknown[] = [];
    alice.deliver = (message) => { if (message.t === "commit") sent.push(message.commit); };
    const lease = { t: "lease" as const, incarnation: delivery.incarnation, lease: "l", epoch: 0, covers: -1, policy: false };
    await alice.group.handle(lease);
    await alice.group.handle(lease);
    expect(sent).toHaveLength(1);
    await alice.group.handle({ t: "ready", incarnation: delivery.incarnation, mode: "resume", log: 0, said: 0, time: 0 });
    await alice.group.handle(lease);
    expect(sent).toEqual([sent[0], sent[0]]);
  });

  it("asks for what a host wants until a commit of its own has it, one thing after the other", async () => {
    const alice = await sit("Alice", true);
    const bob = await sit("Bob");
    const key = bob.state?.roster.find(({ name }) => name === "Bob")?.key ?? "";
    const { deliver } = alice;
    const sent: ClientMessage[] = [];
    alice.deliver = (message) => { sent.push(message); };
    const { incarnation } = delivery;
    const asked = () => sent.filter(({ t }) => t === "policy").length;
    const lease = (id: string) => alice.group.handle({ t: "lease", incarnation, lease: id, epoch: 1, covers: delivery.log.length - 1, policy: true });
    alice.group.change({ locked: true });
    alice.group.change({ locked: true });
    alice.group.change({ host: key });
    expect(asked()).toBe(2);
    await lease("first");
    await alice.group.handle({ t: "refused", lease: "first", code: "bad_commit" });
    expect(asked()).toBe(3);
    await lease("second");
    const commit = sent.findLast(({ t }) => t === "commit");
    if (commit?.t !== "commit") throw new Error("no commit");
    const entry = { kind: "commit" as const, participant: alice.participant, commit: commit.commit };
    const entries = { t: "entries" as const, incarnation, from: delivery.log.length, entries: [entry] };
    await alice.group.handle(entries);
    await bob.group.handle(entries);
    expect([alice.state?.policy.locked, bob.state?.policy.locked, bob.state?.hosting]).toEqual([true, true, false]);
    expect(asked()).toBe(4); // for the second wish
    alice.deliver = deliver;
  });

  it("turns a switch as often as it is asked to, and does nothing else twice", async () => {
    const alice = await sit("Alice", true);
    const sent: ClientMessage[] = [];
    alice.deliver = (message) => { sent.push(message); };
    for (const changes of [{ claim: true }, { locked: true }, { locked: true }, { claim: true }, { locked: false }, { locked: true }] as const) alice.group.change(changes);
    expect(sent.filter(({ t }) => t === "policy")).toHaveLength(4);
  });

  it("wishes again in the next life of the group what it had wished before (LOG-16)", async () => {
    const alice = await sit("Alice", true);
    const sent: ClientMessage[] = [];
    const { deliver } = alice;
    alice.deliver = (message) => { sent.push(message); };
    alice.group.change({ suspended: true });
    alice.deliver = (message) => { sent.push(message); deliver(message); };
    await delivery.renew("");
    await vi.waitFor(() => { expect(alice.state?.incarnation).toBe(delivery.incarnation); });
    expect(sent.filter((message) => message.t === "policy" && message.incarnation === delivery.incarnation)).not.toHaveLength(0);
  });

  it("lets nobody in who has another link", async () => {
    const alice = await sit("Alice");
    const charlie = await new Somebody("Charlie").sit({ ...place, link: { ...(await world()).link, host_hash: place.link.host_hash } });
    await delivery.welcome(charlie);
    expect(names(alice)).toEqual(["Alice"]);
    expect(charlie.state).toBeUndefined();
  });

  it("says again what was lost with the socket, and the very same commit (LOG-16)", async () => {
    const alice = await sit("Alice", true);
    const bob = await sit("Bob");
    const deliver = alice.deliver;
    const lost: ClientMessage[] = [];
    alice.deliver = (message) => { lost.push(message); };
    await alice.group.remove(bob.participant);
    await delivery.welcome(await new Somebody("Carol").sit(place));
    const [removal, commit] = lost;
    if (commit?.t !== "commit") throw new Error("no commit was lost");
    expect(removal).toMatchObject({ t: "remove", participant: bob.participant });

    lost.length = 0;
    const { incarnation, lease, epoch } = commit;
    await alice.group.handle({ t: "ready", incarnation, mode: "resume", log: delivery.log.length, said: 0, time: Date.now() });
    expect(lost).toEqual([expect.objectContaining({ t: "ack", epoch }), removal]);
    alice.deliver = deliver;
    await alice.group.handle({ t: "lease", incarnation, lease, epoch, covers: delivery.log.length - 1, policy: false });
    await delivery.settled();
    expect(names(alice)).toEqual(["Alice", "Bob", "Carol"]);
    expect(delivery.log.at(-1)).toMatchObject({ commit: commit.commit });
  });

  it("replaces the link once somebody banned is out, gives everybody the new one, and says it to the gateway until it is heard (LINK-5, LINK-6)", async () => {
    const alice = await sit("Alice", true);
    const [bob, charlie] = [await sit("Bob"), await sit("Charlie")];
    const said: ClientMessage[] = [];
    const { deliver } = alice;
    alice.deliver = (message) => { said.push(message); deliver(message); };
    await alice.group.remove(charlie.participant, true);
    expect(said.at(-1)).toMatchObject({ t: "remove", participant: charlie.participant, ban: true });
    await delivery.remove(charlie.participant);
    await delivery.settled();
    expect(names(bob)).toEqual(["Alice", "Bob"]);
    const { incarnation } = delivery;
    expect(said).toContainEqual({ t: "policy", incarnation, alone: true });
    const [link] = alice.links;
    expect([alice.links, bob.links, charlie.links]).toEqual([[link], [link], []]);
    expect(alice.state?.policy.link_version).toBe(2);
    const word = { t: "link", incarnation, link_version: 2, link_id: link?.link_id };
    expect(said.filter(({ t }) => t === "link")).toEqual([word]);

    const ready = { t: "ready", incarnation, mode: "resume", log: delivery.log.length, said: 0, time: Date.now() } as const;
    await alice.group.handle(ready);
    expect(said.filter(({ t }) => t === "link")).toEqual([word, word]);
    await alice.group.handle({ t: "linked", link_version: 2, link_id: link?.link_id ?? "" });
    await alice.group.handle(ready);
    expect(said.filter(({ t }) => t === "link")).toHaveLength(2);
    // LINK-10: what only members can tell.
    expect([alice.outs, bob.outs]).toEqual([[], []]);
    await bob.group.handle({ t: "linked", link_version: 2, link_id: "a-co-host-gone-rogue--" });
    expect(bob.outs).toEqual(["false_link"]);
  });

  it("goes on with a ban after a reload, whenever that comes (LINK-5, LOG-16)", async () => {
    const kept = new Map<string, string>();
    vi.stubGlobal("sessionStorage", { getItem: (key: string) => kept.get(key) ?? null, setItem: (key: string, value: string) => kept.set(key, value), removeItem: (key: string) => kept.delete(key) });
    const alice = await sit("Alice", true);
    const [bob, charlie] = [await sit("Bob"), await sit("Charlie")];
    let linkVersion = 1;
    const reloaded = async (said: ClientMessage[]): Promise<Somebody> => {
      delivery.disconnect(alice.participant);
      const again = await new Somebody("Alice").sit(place, { host: true, identity: alice.identity, participant: alice.participant, linkVersion });
      const work = delivery.welcome(again);
      const { deliver } = again;
      again.deliver = (message) => { said.push(message); deliver(message); };
      await work;
      return again;
    };
    // Before the gateway has heard of it: said again; before the link is replaced: it is; before the gateway has the link: it is told.
    await alice.group.remove(charlie.participant, true);
    const first: ClientMessage[] = [];
    await reloaded(first);
    expect(first).toContainEqual(expect.objectContaining({ t: "remove", participant: charlie.participant, ban: true }));
    delivery.disconnect(alice.participant);
    await delivery.remove(charlie.participant);
    const second: ClientMessage[] = [];
    await reloaded(second);
    expect([bob.state?.policy.link_version, second.filter(({ t }) => t === "remove")]).toEqual([2, []]);
    const word = { t: "link", incarnation: delivery.incarnation, link_version: 2, link_id: bob.links[0]?.link_id };
    expect(second).toContainEqual(word);
    place = { ...place, link: { ...place.link, secret: bob.links[0]?.secret ?? "" } };
    linkVersion = 2;
    const third: ClientMessage[] = [];
    const last = await reloaded(third);
    expect(third.filter(({ t }) => t === "link")).toEqual([word]);
    await last.group.handle({ t: "linked", link_version: 2, link_id: bob.links[0]?.link_id ?? "" });
    expect([...kept]).toEqual([]);
  });

  it("is inside when the gateway knows its group though the word of it was lost (LOG-16)", async () => {
    const alice = await new Somebody("Alice").sit(place);
    alice.deliver = () => undefined;
    await alice.group.handle({ t: "ready", incarnation: delivery.incarnation, mode: "create", log: 0, said: 0, time: Date.now() });
    expect(alice.group.state).toBeNull();
    await alice.group.handle({ t: "ready", incarnation: delivery.incarnation, mode: "resume", log: 0, said: 0, time: Date.now() });
    expect(names(alice)).toEqual(["Alice"]);
  });

  it("starts anew when the incarnation ends, and sends under none of the old keys", async () => {
    const alice = await sit("Alice");
    await sit("Bob");
    alice.deliver = () => undefined;
    const next = new Delivery(place);
    await alice.group.handle({ t: "renew", incarnation: next.incarnation, mode: "create" });
    expect(alice.toFrames.some(({ t }) => t === "wipe")).toBe(true);
  });

  it("keeps its commit when a copy of it comes too late: the log decides (LOG-4)", async () => {
    const [alice, bob, carol] = [await sit("Alice"), await sit("Bob"), await sit("Carol")];
    const { deliver, hear } = alice;
    const late: ServerMessage[] = [];
    alice.deliver = (message) => {
      deliver(message);
      if (message.t === "commit") deliver(message);
    };
    alice.hear = (message) => (message.t === "entries" && message.entries.some(({ kind }) => kind === "commit") ? Promise.resolve(void late.push(message)) : hear(message));
    await delivery.remove(carol.participant);
    for (const message of late) await hear(message);
    await delivery.settled();
    expect([names(alice), delivery.nacks]).toEqual([["Alice", "Bob"], []]);
    expect(codes(alice, bob).size).toBe(1);
  });

  it("lets a creator who was too slow into the group of the next, for its own was never opened (LOG-12, LOG-13)", async () => {
    const slow = await new Somebody("Alice").sit(place);
    const waiting: ServerMessage[] = [];
    const hear = slow.hear;
    slow.hear = (message) => Promise.resolve(void waiting.push(message));
    await delivery.welcome(slow);
    const bob = await sit("Bob");
    await delivery.tick(2_000);
    slow.hear = hear;
    for (const message of waiting) await hear(message);
    await delivery.settled();
    expect([names(slow), names(bob)]).toEqual([["Alice", "Bob"], ["Alice", "Bob"]]);
    expect(slow.outs).toEqual([]);
  });
});
