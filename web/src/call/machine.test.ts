/**
 * Anything, in any order: the client with real MLS, moved by the table that the delivery service is moved by too (tests/vectors/machine.json).
 * Its invariants are this file's assertions; the gateway is the double of testing.delivery.ts, with a network that keeps back, repeats and reorders.
 */
import fc from "fast-check";
import { afterEach, expect, it, vi } from "vitest";
import { runs } from "../e2ee/testing";
import { Somebody, world, type World } from "./testing";
import { Delivery } from "./testing.delivery";
import { Model, Player, TABLE, type Happening } from "./testing.machine";

/** The call, and what the table's words mean for its clients. */
class Call {
  static readonly met = new Map<string, number>();
  readonly place: World;
  readonly stranger: World;
  readonly delivery: Delivery;
  readonly players = new Map<string, Player>();
  readonly ghosts: Player[] = [];

  constructor(place: World, stranger: World) {
    [this.place, this.stranger, this.delivery] = [place, stranger, new Delivery(place)];
  }

  static count(what: string): void {
    this.met.set(what, (this.met.get(what) ?? 0) + 1);
  }

  player(name: string): Player {
    const player = this.players.get(name);
    if (!player) throw new Error(`${name} is not here`);
    return player;
  }

  async happen(event: string, name: string, model: Model): Promise<void> {
    const player = this.players.get(name);
    switch (event) {
      case "join":
        return this.#come(name, await new Somebody(name).sit(this.place));
      case "leave":
        await this.delivery.remove(this.player(name).somebody.participant);
        this.#go(name);
        return;
      case "crash": {
        const old = this.player(name);
        const last = await old.somebody.vault.ask("remember", {}).then(({ text }) => text, () => undefined);
        this.#go(name);
        const { identity, participant } = old.somebody;
        return this.#come(name, await new Somebody(name).sit(this.place, { identity, participant, ...(last === undefined ? {} : { last }) }));
      }
      case "lose":
        player?.disconnect(this.delivery);
        return;
      case "return":
        return player?.connect(this.delivery);
      case "live":
        await player?.live(this.delivery);
        return;
      case "withhold":
        player?.cut();
        return;
      case "release":
      case "reorder":
        player?.mend(event === "reorder");
        return this.delivery.settled();
      case "duplicate":
        player?.duplicate();
        return;
      case "rival":
        return this.#rival(model);
      case "forge":
        return this.#forge();
      case "restart":
        // A client sees of it that its socket is gone, and comes back.
        for (const one of model.who("seated")) {
          await this.player(one).connect(this.delivery);
          model.become(one, { cut: false });
        }
        return;
      default:
        throw new Error(`no such event: ${event}`);
    }
  }

  /** Time passes; over longer stretches whoever is free does what comes. */
  async wait(ms: number, model: Model): Promise<void> {
    for (let slice = 0; slice < 4; slice++) {
      model.wait(ms / 4);
      for (const name of model.who("gone")) {
        const player = this.players.get(name);
        if (!player) continue;
        await this.delivery.remove(player.somebody.participant, "lost");
        this.#go(name);
      }
      await this.delivery.tick(ms / 4);
      if (ms > 5_000) await this.rest(model);
    }
    await this.#noteWhoStaysOut(model);
  }

  /** Everybody who is free lives until nothing is new. */
  async rest(model: Model): Promise<void> {
    const free = model.who("seated").filter((name) => !model.of(name).cut);
    for (let did = true; did;) {
      did = false;
      for (const name of free) if (await this.players.get(name)?.live(this.delivery)) did = true;
    }
  }

  /** Nothing is kept back any more, and what must hold then is looked at. */
  async heal(model: Model): Promise<void> {
    for (const name of model.who("seated")) {
      if (model.of(name).cut) this.player(name).mend(false);
      model.become(name, { cut: false });
    }
    for (let passed = 0; passed < TABLE.healed.within_ms; passed += 500) {
      await this.rest(model);
      await this.wait(500, model);
    }
    await this.rest(model);
    const inside = model.who(...TABLE.healed.inside).map((name) => this.player(name).somebody);
    const [first] = inside;
    if (!first) return;
    expect(new Set(inside.map(({ group }) => `${String(group.incarnation)}/${String(group.state?.epoch)}/${String(group.state?.code)}`)).size).toBe(1);
    expect(first.group.incarnation).toBe(this.delivery.incarnation);
    const names = first.group.state?.roster.map(({ name }) => name) ?? [];
    expect(names).toEqual(expect.arrayContaining(model.who(...TABLE.healed.inside)));
    expect(model.who(...TABLE.healed.inside, ...TABLE.healed.may_be_inside)).toEqual(expect.arrayContaining(names));
    await this.check();
    if (inside.length > 1) for (const name of model.who("seated")) expect(this.player(name).sends).toBe(true);
    await this.#lookAtGhosts(first, model);
  }

  /** I4, I6, LOG-4: at every moment. */
  async check(): Promise<void> {
    expect(new Set(this.delivery.accepted).size).toBe(this.delivery.accepted.length);
    expect([...this.delivery.acks.values()].filter((digests) => digests.size > 1)).toEqual([]);
    expect([this.delivery.refused, this.delivery.nacks]).toEqual([[], []]);
    for (const { somebody } of this.players.values()) expect(somebody.state?.roster.map(({ name }) => name) ?? []).not.toContain("Mallory");
    for (const player of this.players.values()) await player.check();
  }

  /** I5: a state that was left behind, or removed, opens nothing of today, whatever it is given. */
  async #lookAtGhosts(today: Somebody, model: Model): Promise<void> {
    const { digest } = await today.vault.ask("acknowledgement", {});
    for (const { somebody } of this.ghosts) {
      const { group, vault, state } = somebody;
      // Who is away has not taken its leaf back from the state that it lost.
      if (!state || model.of(somebody.name).standing === "away") continue;
      if (group.incarnation === this.delivery.incarnation) await vault.ask("entries", { from: state.next, entries: this.delivery.log.slice(state.next) }).catch(() => undefined);
      const knows = await vault.ask("acknowledgement", {}).then((known) => known.digest, () => "");
      expect(knows).not.toBe(digest);
      Call.count("ghosts");
    }
  }

  async #come(name: string, somebody: Somebody): Promise<void> {
    const player = new Player(somebody);
    this.players.set(name, player);
    await player.connect(this.delivery);
  }

  #go(name: string): void {
    const player = this.player(name);
    player.disconnect(this.delivery);
    this.ghosts.push(player);
    this.players.delete(name);
  }

  /** Two have leases at once, and write; the later one's commit comes first. */
  async #rival(model: Model): Promise<void> {
    await this.rest(model);
    await this.#forge();
    await this.delivery.tick(2_000);
    const free = model.who("seated").filter((name) => !model.of(name).cut).map((name) => this.player(name));
    const drafted: Player[] = [];
    for (const player of free) if (await player.draft(this.delivery)) drafted.push(player);
    if (drafted.length > 1) Call.count("rivals");
    for (const player of free.reverse()) player.mend(false);
    await this.delivery.settled();
  }

  /** Mallory has a seat and another link; her socket is gone at once, so that nobody asks her to found a group. */
  async #forge(): Promise<void> {
    const mallory = await new Somebody("Mallory").sit({ ...this.place, link: { ...this.stranger.link, host_hash: this.place.link.host_hash } });
    await this.delivery.connect(mallory, null, 0);
    await this.delivery.settled();
    this.delivery.disconnect(mallory.participant);
  }

  /** LOG-12: who may not enter the new incarnation, because its creator is a stranger, says so and goes. */
  async #noteWhoStaysOut(model: Model): Promise<void> {
    for (const name of model.who("seated")) {
      const { somebody } = this.player(name);
      if (somebody.outs.length === 0) continue;
      expect(new Set(somebody.outs)).toEqual(new Set(["not_securing"]));
      await this.delivery.remove(somebody.participant);
      this.#go(name);
      model.become(name, { standing: "gone", cut: false });
      Call.count("stays_out");
    }
  }
}

class Happens implements fc.AsyncCommand<Model, Call> {
  readonly event: Happening;
  readonly name: string;
  readonly ms: number;

  constructor(event: Happening, name: string, ms: number) {
    [this.event, this.name, this.ms] = [event, name, ms];
  }

  check(model: Readonly<Model>): boolean {
    return model.possible(this.event, this.name);
  }

  async run(model: Model, call: Call): Promise<void> {
    if (this.ms > 0) await call.wait(this.ms, model);
    else await call.happen(this.event.name, this.name, model);
    model.become(this.name, this.event.then ?? {});
    Call.count(this.event.name);
    await call.check();
  }

  toString(): string {
    return `${this.event.name}(${this.ms > 0 ? String(this.ms) : this.name})`;
  }
}

const happenings = TABLE.events.flatMap((event) => {
  const made = fc.record({ name: fc.constantFrom(...TABLE.people), ms: fc.constantFrom(...(event.ms ?? [0])) }).map(({ name, ms }) => new Happens(event, name, ms));
  return Array.from({ length: event.often ?? 1 }, () => made);
});

afterEach(() => { vi.unstubAllGlobals(); });

it("ends in one epoch for those who stay, whatever happens (I1, I4, I5, I6, I9, LOG-4, LOG-5)", { timeout: 600_000 }, async () => {
  const [place, stranger] = [await world(), await world()];
  Call.met.clear();
  await fc.assert(
    fc.asyncProperty(fc.commands(happenings, { maxCommands: 60, size: "max" }), async (commands) => {
      const [model, call] = [new Model(), new Call(place, stranger)];
      vi.stubGlobal("fetch", (address: string) => {
        const tree = call.delivery.trees.get(address.split("/").at(-1) ?? "");
        return Promise.resolve(tree ? new Response(tree.slice()) : new Response("{}", { status: 404 }));
      });
      await fc.asyncModelRun(() => ({ model, real: call }), commands);
      await call.heal(model);
    }),
    { ...runs(200), endOnFailure: process.env["SHRINK"] === undefined },
  );
  const never = [...TABLE.events.map(({ name }) => name), "rivals", "ghosts"].filter((name) => !Call.met.has(name));
  // A fast look is too short to meet all of it.
  expect(runs(200).numRuns < 200 ? [] : never).toEqual([]);
});
