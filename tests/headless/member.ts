/** A headless member: POST /join, the meeting socket and real MLS (the browsers' module), without camera and screen. */
import type { TicketOut as Ticket } from "../../web/src/api/http.gen.ts";
import type { SaidItem } from "../../web/src/api/socket.gen.ts";
import type { Mls, MlsEntry, MlsState } from "../../web/src/e2ee/mls.ts";
import { instantiate } from "../../web/src/e2ee/mls.ts";

export interface World {
  readonly url: string;
  readonly module: WebAssembly.Module;
  readonly meeting: string;
  readonly secret: string;
  readonly host_hash: string;
  readonly host_key: string;
}

// The gateway's schema checks every message on its side (tests/meetings); here only what is used is named.
type Message = Record<string, unknown> & { readonly t: string };

/** What all members of this process saw, for the benchmarks. */
export interface Ledger {
  /** incarnation.epoch → security codes seen there; more than one is a fork. */
  readonly codes: Map<string, Set<string>>;
  /** Commits that members would not apply, and commits that the gateway refused for another reason than having lost. */
  readonly refused: string[];
  readonly errors: string[];
  /** Sockets that closed without a word. */
  readonly lost: string[];
  /** Removed participant → when each member had applied it, in ms since 1970. */
  readonly removed: Map<string, number[]>;
  /** CPU time of processing, policy and merge, for so many applied epochs. */
  cpuMs: number;
  applied: number;
  bytes: number;
  leases: number;
  /** CPU time in ms and number of calls, by what a member does. */
  readonly cpu: Map<string, [number, number]>;
}

function timed<T>(ledger: Ledger, what: string, act: () => T): T {
  const begin = process.cpuUsage();
  const answer = act();
  const used = process.cpuUsage(begin);
  const [spent, times] = ledger.cpu.get(what) ?? [0, 0];
  ledger.cpu.set(what, [spent + (used.user + used.system) / 1000, times + 1]);
  return answer;
}

/** What a test sends beside the rest with /join and /knock. */
export interface Extra { readonly passcode?: string; readonly device?: string }
interface Waits { readonly knock: string; readonly name: string; readonly signature_key: string; readonly since: number; readonly why: string }

const MOST_LOST = 5;
const FLOOD_STEP_MS = 5;
const STUBBORN_MS = 10;

export class Member {
  readonly name: string;
  ticket: Ticket | null = null;
  state: MlsState | null = null;
  gone: string | null = null;
  /** Where the notice stands of an order that has taken this member out (ORD-8). */
  notice: string | null = null;
  /** Where a knock stands: empty before it, `waiting`, `admitted`, `refused` or `over`. */
  fate = "";
  again: { readonly again_at: number | null; readonly blocked: boolean } | null = null;
  /** As a host: who waits at the door, by knock. */
  readonly door = new Map<string, Waits>();
  /** What others said that could be opened, in order. */
  readonly heard: string[] = [];
  /** The way in after `admitted`. */
  joining: Promise<void> | null = null;
  /** Every message of the waiting socket. */
  readonly heardAtDoor: Message[] = [];
  readonly #extra: Extra;
  readonly #world: World;
  readonly #ledger: Ledger;
  readonly #host: boolean;
  /** As a host: the leaf keys and names that it has let in by hand (KNOCK-9). */
  readonly #letIn = new Map<string, string>();
  #mls!: Mls;
  #opened!: { readonly signature_key: string; readonly link_id: string };
  #device = "";
  #offset = 0;
  #pass: { readonly knock: string; readonly secret: string } | null = null;
  #wait: WebSocket | null = null;
  #socket!: WebSocket;
  #identity = "";
  #asked: { readonly signature_key: string; readonly device: string; readonly link_id: string } | null = null;
  #incarnation = "";
  #cursor = 0;
  #pending = "";
  /** False while we wait to hear that epoch 0 is ours: somebody quicker may take over (LOG-13). */
  #accepted = true;
  #leaving = false;
  /** Comes back whenever the gateway has had enough: whoever has flooded once. */
  #stubborn = false;
  #lost = 0;
  #work: Promise<void> = Promise.resolve();
  #waiting: (() => void)[] = [];

  constructor(world: World, ledger: Ledger, name: string, host: boolean, extra: Extra = {}, url = world.url) {
    this.#extra = extra;
    this.#world = { ...world, url };
    this.#ledger = ledger;
    this.name = name;
    this.#host = host;
  }

  /** From the link to a leaf in the group. */
  async join(): Promise<void> {
    await this.#prepare();
    const proof = this.#host && this.#world.host_key !== "" ? { host: this.#mls.call("sign_entry", {}) } : {};
    const ticket = (await this.#post("join", { ...proof, ...(this.#pass ? { pass: this.#pass } : {}), ...this.#extra })) as Ticket;
    this.ticket = ticket;
    this.#offset = ticket.time - Date.now();
    const { attestation, attestation_signature, attestation_key, link_version } = ticket;
    timed(this.#ledger, "seated", () => this.#mls.call("seated", { attestation, attestation_signature, attestation_key, link_version }));
    this.#open();
    await this.until(() => this.state !== null && this.#accepted);
  }

  /** Knocks and waits at the door (knock.md); whoever is let in joins by itself. Returns the knock's id. */
  async knock(): Promise<string> {
    await this.#prepare();
    const made = (await this.#post("knock", this.#extra)) as { knock: string; secret: string; socket: string };
    this.#pass = { knock: made.knock, secret: made.secret };
    const socket = (this.#wait = new WebSocket(`${this.#world.url.replace(/^http/, "ws")}${made.socket}`));
    socket.addEventListener("open", () => { socket.send(JSON.stringify({ t: "wait", ...this.#pass })); });
    socket.addEventListener("message", (event) => { this.#fated(JSON.parse(event.data as string) as Message); });
    socket.addEventListener("close", () => {
      if (this.fate === "" || this.fate === "waiting") this.fate = "over";
      this.#changed();
    });
    await this.until(() => this.fate !== "");
    return made.knock;
  }

  #fated(message: Message): void {
    this.fate = message.t;
    this.heardAtDoor.push(message);
    if (message.t === "refused") this.again = { again_at: message["again_at"] as number | null, blocked: message["blocked"] as boolean };
    if (message.t === "admitted") {
      this.joining = this.join();
      this.joining.catch(() => undefined);
    }
    this.#changed();
  }

  /** Goes away from the door. */
  cancel(): void {
    this.#wait?.send(JSON.stringify({ t: "cancel" }));
  }

  /** As a host: lets these people in, or refuses them, once all of them are known to wait. */
  async answer(names: readonly string[], admit: boolean, block: boolean): Promise<void> {
    const found = (): Waits[] => [...this.door.values()].filter(({ name }) => names.includes(name));
    await this.until(() => new Set(found().map(({ name }) => name)).size === names.length);
    if (admit) for (const { signature_key, name } of found()) this.#letIn.set(signature_key, name);
    this.#tell({ t: "answer", knocks: found().map(({ knock }) => knock), admit, block });
  }

  /** KNOCK-9: only whom this member let in by hand, by the key and the name in the KeyPackage. */
  #admit(message: Message): void {
    const { participant, key_package, incarnation } = message as unknown as { participant: string; key_package: string; incarnation: string };
    const { attestation_key, meeting, call } = this.ticket as Ticket;
    const found = this.#mls.call("public_key_package", { incarnation, key_package, participant, attestation_key, meeting, call });
    if (this.#letIn.get(found.signature_key) !== found.name) return;
    this.#tell({ t: "admit", incarnation, participant, ...this.#mls.call("sign_admit", { reference: found.reference }) });
  }

  async #prepare(): Promise<void> {
    if (this.#device !== "") return;
    const { meeting, secret, host_hash, host_key, module } = this.#world;
    this.#mls = await instantiate(module, () => Date.now() + this.#offset);
    this.#opened = timed(this.#ledger, "open", () => this.#mls.call("open", { meeting, secret, host_hash, ...(this.#host && host_key !== "" ? { host_key } : {}) }));
    this.#identity = this.#opened.identity;
    this.#device = this.#extra.device ?? Buffer.from(crypto.getRandomValues(new Uint8Array(16))).toString("base64url");
    this.#asked = { link_id: this.#opened.link_id, signature_key: this.#opened.signature_key, device: this.#device };
  }

  async #post(path: "join" | "knock", more: object): Promise<unknown> {
    const { link_id, signature_key } = this.#opened;
    const body = { v: 1, meeting: this.#world.meeting, link_id, name: this.name, signature_key, device: this.#device, ...more };
    const answer = await this.#fetch(`/api/v1/${path}`, { method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify(body) });
    if (!answer.ok) throw new Error(`${path}: ${String(answer.status)} ${await answer.text()}`);
    return answer.json();
  }

  /** Resolves when the condition holds; it is tried whenever something has changed. */
  async until(holds: () => boolean): Promise<void> {
    while (!holds()) {
      if (this.gone) throw new Error(`${this.name} is gone: ${this.gone}`);
      await new Promise<void>((resolve) => this.#waiting.push(resolve));
    }
  }

  async leave(): Promise<void> {
    this.#leaving = true;
    if (!this.gone) this.#tell({ t: "bye" });
    await this.until(() => this.gone !== null).catch(() => undefined);
  }

  /** Loses the socket as a crash does. */
  vanish(): void {
    this.gone = "vanished";
    this.#socket.close();
    this.#changed();
  }

  remove(participant: string): void {
    this.#tell({ t: "remove", participant, signature: this.#mls.call("sign_remove", { participant }).signature });
  }

  say(text: string): void {
    const { message } = this.#mls.call("seal", { content: JSON.stringify({ kind: "chat", text }) });
    this.#tell({ t: "say", incarnation: this.#incarnation, message });
  }

  /** Says whatever it is inside the group, under valid keys, and returns the sealed message. */
  utter(content: string): string {
    const { message } = this.#mls.call("seal", { content });
    this.#tell({ t: "say", incarnation: this.#incarnation, message });
    return message;
  }

  /** What nobody outside the group may ever hold: the seed of the own signature key, and everybody's media keys of this epoch. */
  secrets(): { readonly identity: string; readonly media: readonly string[] } {
    return { identity: this.#identity, media: (this.state?.roster ?? []).map(({ leaf }) => this.#mls.call("media_key", { leaf }).key) };
  }

  /** What a client may keep when its seat is over: the ticket, and what it asked for it with. */
  belongings(): unknown {
    return { ...this.#asked, ticket: this.ticket };
  }

  /** Sends these texts in turn, so many a second, whatever the gateway answers; returns how many went out. The member stays stubborn. */
  async flood(texts: readonly string[], perSecond: number, seconds: number): Promise<number> {
    this.#stubborn = true;
    await this.until(() => this.#socket.readyState === WebSocket.OPEN);
    const begin = performance.now();
    let due = 0;
    let sent = 0;
    for (let past = 0; past < seconds * 1000; past = performance.now() - begin) {
      for (; due < (past / 1000) * perSecond; due++) {
        if (this.#socket.readyState !== WebSocket.OPEN) continue;
        this.#socket.send(texts[sent % texts.length] ?? "");
        sent += 1;
      }
      await new Promise((resolve) => setTimeout(resolve, FLOOD_STEP_MS));
    }
    return sent;
  }

  /** Asks again when the connection fails, as a browser's user would. */
  async #fetch(path: string, init: RequestInit): Promise<Response> {
    for (let attempt = 1; ; attempt++) {
      try {
        return await fetch(`${this.#world.url}${path}`, init);
      } catch (error) {
        if (attempt === 5) throw new Error(`${path}: ${String((error as { cause?: unknown }).cause ?? error)}`, { cause: error });
        await new Promise((resolve) => setTimeout(resolve, 200 * attempt));
      }
    }
  }

  #open(): void {
    const { ticket } = this;
    if (!ticket) throw new Error("no ticket");
    this.#socket = new WebSocket(`${this.#world.url.replace(/^http/, "ws")}/api/v1/socket`);
    this.#socket.addEventListener("open", () => {
      const incarnation = this.#incarnation === "" ? null : this.#incarnation;
      this.#tell({ t: "hello", v: 1, participant: ticket.participant, seat: ticket.seat, incarnation, log: this.#cursor, said: 0 });
      this.#changed();
    });
    this.#socket.addEventListener("message", (event) => {
      const text = event.data as string;
      this.#ledger.bytes += text.length;
      this.#work = this.#work.then(() => this.#take(JSON.parse(text) as Message)).catch((error: unknown) => {
        this.#ledger.errors.push(`${this.name}: ${String(error)}`);
      });
    });
    this.#socket.addEventListener("close", (event) => {
      // A socket that is lost without a word is opened again, as every client does (JOIN-7).
      if (this.#stubborn && this.gone === null && !this.#leaving) {
        setTimeout(() => {
          this.#open();
        }, STUBBORN_MS);
        return;
      }
      const lost = this.gone === null && !this.#leaving && this.#lost < MOST_LOST;
      if (lost) {
        this.#lost += 1;
        this.#ledger.lost.push(`${this.name}: ${String(event.code)}`);
        setTimeout(() => {
          if (this.gone === null) this.#open();
        }, 250 * this.#lost);
        return;
      }
      this.gone ??= `closed with ${String(event.code)}`;
      this.#changed();
    });
  }

  #tell(message: Message): void {
    this.#socket.send(JSON.stringify(message));
  }

  #changed(): void {
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const resolve of waiting) resolve();
  }

  async #take(message: Message): Promise<void> {
    switch (message.t) {
      case "ready":
        if (message["mode"] !== "resume") this.#begin(message["incarnation"] as string, message["mode"] as string);
        break;
      case "renew":
        this.#begin(message["incarnation"] as string, message["mode"] as string);
        break;
      case "created":
        this.#accepted = true;
        break;
      case "welcome":
        await this.#enter(message);
        break;
      case "entries":
        this.#read(message["from"] as number, message["entries"] as MlsEntry[]);
        break;
      case "lease":
        this.#commit(message);
        break;
      case "refused":
        // One for an earlier lease says nothing about the commit that is on its way now.
        if (message["lease"] === this.#pending) this.#mls.call("forget", {});
        if (message["code"] !== "stale") this.#ledger.refused.push(`${this.name}: gateway: ${String(message["code"])}`);
        break;
      case "knocks":
        for (const one of message["waiting"] as Waits[]) this.door.set(one.knock, one);
        for (const one of message["gone"] as string[]) this.door.delete(one);
        break;
      case "admit_asked":
        this.#admit(message);
        break;
      case "error":
        this.#ledger.errors.push(`${this.name}: ${String(message["about"])}: ${String(message["code"])}`);
        break;
      case "said":
        for (const item of message["items"] as SaidItem[]) this.#hear(item);
        break;
      case "gone":
        if (this.#stubborn && message["reason"] === "misbehaved") break;
        this.gone = message["reason"] as string;
        this.notice = (message["notice"] as string | undefined) ?? null;
        break;
    }
    this.#changed();
  }

  /** SAY-1: what cannot be opened is passed over. */
  #hear({ participant, message }: SaidItem): void {
    if (participant === this.ticket?.participant) return;
    try {
      this.heard.push(this.#mls.call("open_message", { message, participant }).content);
    } catch {
      // Of an epoch that this member has left, or nonsense.
    }
  }

  #begin(incarnation: string, mode: string): void {
    this.#incarnation = incarnation;
    this.#cursor = 0;
    this.state = null;
    this.#accepted = mode !== "create";
    if (mode === "create") {
      const { group_info, tree, state } = this.#mls.call("create", { incarnation });
      this.state = state;
      this.#tell({ t: "create", incarnation, group_info, tree });
    } else {
      const { key_package, mac } = timed(this.#ledger, "key_package", () => this.#mls.call("key_package", { incarnation }));
      this.#tell({ t: "announce", incarnation, key_package, mac });
    }
  }

  async #enter(message: Message): Promise<void> {
    const tree = (message["tree_bytes"] as string | undefined) ?? (await this.#tree(message["tree"] as string));
    const covers = message["covers"] as number;
    const values = { incarnation: this.#incarnation, welcome: message["welcome"] as string, tree, covers, index: message["index"] as number };
    this.state = timed(this.#ledger, "join", () => this.#mls.call("join", values).state);
    this.#cursor = covers + 1;
    this.#acknowledge();
  }

  async #tree(hash: string): Promise<string> {
    const ticket = this.ticket as Ticket;
    const answer = await this.#fetch(`/api/v1/trees/${hash}`, { headers: { "conclave-seat": `${ticket.participant}.${ticket.seat}` } });
    if (!answer.ok) throw new Error(`tree: ${String(answer.status)}`);
    return Buffer.from(await answer.arrayBuffer()).toString("base64url");
  }

  #read(from: number, entries: MlsEntry[]): void {
    if (from !== this.#cursor) throw new Error(`entries from ${String(from)}, wanted ${String(this.#cursor)}`);
    const begin = process.cpuUsage();
    const answer = this.#mls.call("entries", { from, entries });
    const used = process.cpuUsage(begin);
    const spent = (used.user + used.system) / 1000;
    this.#cursor = answer.next;
    if (answer.state) this.state = answer.state;
    let applied = 0;
    for (const event of answer.events) {
      if (event.kind === "refused") this.#refuse(event.index, event.code, event.message);
      if (event.kind !== "applied") continue;
      applied += 1;
      for (const one of event.removed) {
        const times = this.#ledger.removed.get(one.participant) ?? [];
        times.push(Date.now());
        this.#ledger.removed.set(one.participant, times);
      }
    }
    this.#ledger.applied += applied;
    if (applied) {
      this.#ledger.cpuMs += spent;
      this.#acknowledge();
    }
  }

  #refuse(index: number, code: string, words: string): void {
    this.#ledger.refused.push(`${this.name}: entry ${String(index)}: ${code}: ${words}`);
    this.#tell({ t: "nack", incarnation: this.#incarnation, index, code });
  }

  #commit(message: Message): void {
    this.#ledger.leases += 1;
    this.#pending = message["lease"] as string;
    this.#mls.call("forget", {});
    const { commit, welcomes, dropped } = timed(this.#ledger, "commit", () => this.#mls.call("commit", { covers: message["covers"] as number }));
    for (const one of dropped) this.#ledger.refused.push(`${this.name}: dropped ${one.participant}: ${one.code}`);
    const { incarnation, lease, epoch } = message;
    this.#tell({ t: "commit", incarnation, lease, epoch, commit, welcomes, dropped });
  }

  #acknowledge(): void {
    const state = this.state;
    if (state?.leaf === undefined) return;
    const { epoch, digest } = this.#mls.call("acknowledgement", {});
    const key = `${state.incarnation}.${String(epoch)}`;
    const codes = this.#ledger.codes.get(key) ?? new Set<string>();
    codes.add(state.code ?? "");
    this.#ledger.codes.set(key, codes);
    this.#tell({ t: "ack", incarnation: this.#incarnation, epoch, digest });
  }
}
