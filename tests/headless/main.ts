/** Runs many members in one process; commands come as JSON lines on standard input, answers go out as JSON lines (tests/headless/people.py). */
import { readFile } from "node:fs/promises";
import { answer } from "./answer.ts";
import type { Ledger, World } from "./member.ts";
import { Member } from "./member.ts";

interface Command {
  readonly id: number;
  readonly do: string;
  readonly name?: string;
  readonly host?: boolean;
  readonly size?: number;
  readonly target?: string;
  readonly targets?: readonly string[];
  readonly admit?: boolean;
  readonly block?: boolean;
  readonly passcode?: string;
  readonly device?: string;
  /** By which address this one comes to the gateway, if not by the world's. */
  readonly url?: string;
  readonly text?: string;
  readonly texts?: readonly string[];
  readonly rate?: number;
  readonly seconds?: number;
}

const ledger: Ledger = { codes: new Map(), refused: [], errors: [], lost: [], removed: new Map(), cpuMs: 0, applied: 0, bytes: 0, leases: 0, cpu: new Map() };
const members = new Map<string, Member>();
const facts = JSON.parse(process.argv[2] ?? "{}") as Omit<World, "module"> & { readonly wasm: string };
const world: World = { ...facts, module: await WebAssembly.compile(await readFile(facts.wasm)) };

function member(command: Command): Member {
  const found = members.get(command.name ?? "");
  if (!found) throw new Error(`nobody is called ${String(command.name)}`);
  return found;
}

function newcomer({ name = "", host = false, passcode, device, url }: Command): Member {
  const one = new Member(world, ledger, name, host, { ...(passcode === undefined ? {} : { passcode }), ...(device === undefined ? {} : { device }) }, url);
  members.set(one.name, one);
  return one;
}

async function act(command: Command): Promise<unknown> {
  switch (command.do) {
    case "knock": {
      const one = newcomer(command);
      return { knock: await one.knock() };
    }
    case "fate": {
      const one = member(command);
      await one.until(() => one.fate !== "waiting");
      await one.joining;
      return { fate: one.fate, ...one.again };
    }
    case "cancel":
      member(command).cancel();
      return {};
    case "door": {
      const one = member(command);
      await one.until(() => command.size === undefined || one.door.size === command.size);
      return { waiting: [...one.door.values()] };
    }
    case "answer":
      await member(command).answer(command.targets ?? [], command.admit ?? false, command.block ?? false);
      return {};
    case "heard_at_door":
      return { heard: member(command).heardAtDoor };
    case "join": {
      const one = newcomer(command);
      await one.join();
      return { participant: one.ticket?.participant };
    }
    case "leave":
      await member(command).leave();
      members.delete(command.name ?? "");
      return {};
    case "vanish":
      member(command).vanish();
      members.delete(command.name ?? "");
      return {};
    case "remove":
      member(command).remove(command.target ?? "");
      return { at: Date.now() };
    case "say":
      member(command).say(command.text ?? "");
      return {};
    case "utter":
      return { message: member(command).utter(command.text ?? "") };
    case "belongings":
      return member(command).belongings();
    case "secrets":
      return member(command).secrets();
    case "flood":
      return { sent: await member(command).flood(command.texts ?? [], command.rate ?? 1, command.seconds ?? 1) };
    case "settled":
      await Promise.all([...members.values()].map((one) => one.until(() => one.state?.roster.length === command.size)));
      return {};
    case "reset":
      ledger.cpuMs = ledger.applied = ledger.bytes = 0;
      return {};
    case "report":
      return report();
  }
  throw new Error(`unknown command ${command.do}`);
}

function report(): unknown {
  return {
    codes: Object.fromEntries([...ledger.codes].map(([epoch, codes]) => [epoch, [...codes]])),
    refused: ledger.refused,
    errors: ledger.errors,
    lost: ledger.lost,
    removed: Object.fromEntries(ledger.removed),
    cpu_ms: ledger.cpuMs,
    applied: ledger.applied,
    bytes: ledger.bytes,
    leases: ledger.leases,
    cpu: Object.fromEntries([...ledger.cpu].map(([what, [ms, times]]) => [what, { ms: Math.round(ms), times }])),
    states: [...members.values()].map((one) => ({ name: one.name, epoch: one.state?.epoch, code: one.state?.code, size: one.state?.roster.length, gone: one.gone, notice: one.notice, participant: one.ticket?.participant, incarnation: one.state?.incarnation, heard: one.heard })),
  };
}

answer(act);
