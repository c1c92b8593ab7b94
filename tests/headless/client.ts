/**
 * One person's client without camera, microphone and screen: seat, meeting socket, group, rules and state are the browser's own
 * (web/src/call, web/src/e2ee). Commands come as JSON lines on standard input, answers go out as JSON lines (tests/headless/clients.py).
 */
import { readFile } from "node:fs/promises";
import { answer } from "./answer.ts";
import type { EndReason } from "../../web/src/call/contract.ts";
import type { Session } from "../../web/src/call/session.ts";
import type { Entry } from "../../web/src/call/entry.ts";
import type { Keys } from "../../web/src/e2ee/keys.client.ts";
import type { KeysToFrames } from "../../web/src/e2ee/frames.protocol.ts";
import type { Content } from "../../web/src/call/said.ts";
import type { PolicyChanges } from "../../web/src/e2ee/mls.ts";
import type { Workers } from "../../web/src/e2ee/workers.ts";
import type { Devices } from "../../web/src/media/devices.ts";

interface Command {
  readonly id: number;
  readonly do: string;
  readonly url?: string;
  readonly meeting?: string;
  readonly fragment?: string;
  readonly name?: string;
  readonly text?: string;
  readonly target?: string;
  readonly changes?: PolicyChanges;
  readonly passcode?: string;
  readonly targets?: readonly string[];
  readonly admit?: boolean;
  readonly block?: boolean;
  readonly ban?: boolean;
  readonly ms?: number;
  readonly content?: Content;
  readonly times?: number;
}

// What a page has and Node has not. The clock is the test's to move.
let page = new URL("http://localhost");
let ahead = 0;
const clock = performance.now.bind(performance);
performance.now = () => clock() + ahead;
const ask = globalThis.fetch;
const tab = new Map<string, string>();
const nothing = (): void => undefined;
const page_has = {
  location: { get: () => page },
  fetch: { value: (path: string, init: RequestInit) => ask(new URL(path, page), init) },
  sessionStorage: {
    value: { getItem: (name: string) => tab.get(name) ?? null, setItem: (name: string, text: string) => tab.set(name, text), removeItem: (name: string) => tab.delete(name) },
  },
  document: { value: { createElement: () => ({ remove: nothing }), body: { append: nothing }, addEventListener: nothing } },
};
for (const [name, property] of Object.entries(page_has)) Object.defineProperty(globalThis, name, { configurable: true, ...property });

const [{ InCall }, { join, JoinRefused }, { prepare }, { createCallStore }, { verified }, { Frames }, { instantiate }, { Vault }, { NO_DEVICES }, { Tiles }] = await Promise.all([
  import("../../web/src/call/incall.ts"), import("../../web/src/call/join.ts"), import("../../web/src/call/entry.ts"), import("../../web/src/call/store.ts"),
  import("../../web/src/call/verify.ts"), import("../../web/src/e2ee/frames.client.ts"), import("../../web/src/e2ee/mls.ts"), import("../../web/src/e2ee/vault.ts"),
  import("../../web/src/media/devices.ts"), import("../../web/src/media/tiles.ts"),
]);

const { wasm } = JSON.parse(process.argv[2] ?? "{}") as { wasm: string };
const module = await WebAssembly.compile(await readFile(wasm));

/** One life of the page, from the link to the end. */
class Page {
  readonly store;
  readonly toFrames: KeysToFrames[] = [];
  /** Every toast, in order; the screen keeps the last few. */
  readonly toasts: string[] = [];
  /** incarnation.epoch → security code. */
  readonly codes: Record<string, string> = {};
  readonly #keys: Keys;
  #call: InstanceType<typeof InCall> | null = null;
  #joined: Session | null = null;
  readonly #door = new AbortController();
  #ticks = 0;

  constructor(meeting: string) {
    let origin = performance.timeOrigin;
    const clock = { now: () => origin + performance.now(), set: (time: number) => { origin = time - performance.now(); } };
    const vault = new Vault(() => instantiate(module, clock.now), clock, (message) => this.toFrames.push(message));
    this.#keys = { ask: vault.ask.bind(vault) } as unknown as Keys;
    this.store = createCallStore(meeting);
    let last = 0;
    this.store.subscribe(({ toasts }) => {
      for (const { id, kind, name } of toasts) if (id > last) this.toasts.push(`${kind} ${name}`.trim());
      last = Math.max(last, ...toasts.map(({ id }) => id));
    });
  }

  get session(): Session {
    if (!this.#joined) throw new Error("not in a call");
    return this.#joined;
  }

  async join({ meeting = "", fragment = "", name = "", passcode }: Command): Promise<void> {
    this.store.setState({ phase: { at: "joining", step: "asking" } });
    const entry = await prepare(meeting, fragment, this.#keys);
    if (!entry) this.#end("link_incomplete");
    else await this.#enter(entry, name, passcode).catch((error: unknown) => { this.#end(error instanceof JoinRefused ? error.code : `failed: ${String(error)}`); });
  }

  async #enter(entry: Entry, name: string, passcode: string | undefined): Promise<void> {
    const call = new InCall(this.store, new Tiles(), entry, (reason) => { this.#end(reason); });
    const { epoch, changed, ...others } = call.hooks;
    const frames = new Frames(new EventTarget() as Worker);
    const joined = await join(entry, name, { keys: this.#keys, frames, stop: nothing }, {
      ...others,
      epoch: (state, events, first) => {
        this.codes[`${state.incarnation}.${String(state.epoch)}`] = state.code ?? "";
        epoch(state, events, first);
      },
      changed: () => {
        this.#ticks += 1;
        changed();
      },
    }, nothing, {
      ...(passcode === undefined ? {} : { passcode }),
      signal: this.#door.signal,
      waits: (waiting) => { this.store.setState({ phase: waiting ? { at: "waiting" } : { at: "joining", step: "asking" } }); },
    });
    // There is no WebRTC here: whoever is inside is where the media path would be.
    Object.defineProperty(joined.session, "enter", { value: () => joined.session.inside });
    this.#call = call;
    this.#joined = joined.session;
    await call.run(joined, { state: NO_DEVICES, tracks: [] } as unknown as Devices, this.#keys);
  }

  #end(reason: string): void {
    this.store.setState({ phase: { at: "over", reason: reason as EndReason, again: false }, people: [] });
  }

  async leave(): Promise<void> {
    this.#door.abort();
    await this.#joined?.close(true);
  }

  async vanish(): Promise<void> {
    await this.#joined?.close(false);
  }

  /** As a host: lets in or refuses who waits under these names. */
  answer(names: readonly string[], admit: boolean, block: boolean): void {
    const knocks = this.store.getState().knocks.filter(({ name }) => names.includes(name)).map(({ knock }) => knock);
    this.#call?.answer(knocks, admit, block);
  }

  async chat(text: string): Promise<void> {
    await this.#call?.talk.say(text);
  }

  async rename(name: string): Promise<boolean> {
    const workers = { keys: this.#keys } as unknown as Workers;
    return (await this.#call?.rename(name, workers).then(() => true, () => false)) ?? false;
  }

  /** As a client would that was changed to ask nobody's leave. */
  async utter(content: Content, times: number): Promise<void> {
    for (let time = 0; time < times; time += 1) await this.session.say(content);
  }

  look(): unknown {
    const { phase, people, chat, security, hosting, rules, devices, knocks, bans } = this.store.getState();
    const inside = phase.at === "over" ? null : this.#joined;
    const pauses = this.toFrames.flatMap((message) => (message.t === "pause" ? [message.paused] : []));
    return {
      ticks: this.#ticks, phase, people, chat, security, hosting, rules, devices, knocks, bans, roster: inside?.group.state?.roster ?? [], toasts: this.toasts, codes: this.codes,
      participant: inside?.ticket.participant ?? null, incarnation: inside?.group.incarnation ?? null, epoch: inside?.group.state?.epoch ?? null,
      secret: this.#call?.kept.secret ?? null, policy: inside?.group.state?.policy ?? null, dropped: inside?.said.dropped ?? null, paused: pauses.at(-1) ?? false,
      keyed: this.toFrames.flatMap((message) => (message.t === "epoch" ? [message.news.epoch] : [])),
    };
  }
}

let current: Page | null = null;

async function act(command: Command): Promise<unknown> {
  if (command.do === "open") {
    // A new tab, with the clock right again.
    await current?.leave();
    tab.clear();
    ahead = 0;
    page = new URL(command.url ?? "");
  }
  if (command.do === "open" || command.do === "reload") {
    await current?.vanish();
    current = new Page(command.meeting ?? "");
    void current.join(command);
    return {};
  }
  if (command.do === "close") {
    await current?.leave();
    current = null;
    return {};
  }
  if (!current) throw new Error("no page is open");
  switch (command.do) {
    case "look":
      return current.look();
    case "later":
      ahead += command.ms ?? 0;
      return {};
    case "say":
      await current.chat(command.text ?? "");
      return {};
    case "utter":
      if (command.content) await current.utter(command.content, command.times ?? 1);
      return {};
    case "rename":
      return { done: await current.rename(command.name ?? "") };
    case "verify":
      current.store.setState(({ security }) => ({ security: verified(security, Date.now()) }));
      return {};
    case "answer":
      current.answer(command.targets ?? [], command.admit ?? false, command.block ?? false);
      return {};
    case "remove":
      await current.session.group.remove(command.target ?? "", command.ban ?? false);
      return {};
    case "change":
      current.session.group.change(command.changes ?? {});
      return {};
  }
  throw new Error(`unknown command ${command.do}`);
}

answer(act);
