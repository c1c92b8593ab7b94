/** Runs members in one process; commands come as JSON lines on standard input, answers go out as JSON lines (tests/headless/people.py). */
import { readFile } from "node:fs/promises";
import { answer } from "../headless/answer.ts";
import { hide, install } from "./background.ts";
import type { Link } from "./member.ts";
import { Member } from "./member.ts";

interface Command extends Link {
  readonly id: number;
  readonly do: string;
  readonly name: string;
  readonly target: string;
  readonly text: string;
}

const facts = JSON.parse(process.argv[2] ?? "{}") as { readonly url: string; readonly wasm: string };
const module = await WebAssembly.compile(await readFile(facts.wasm));
const members = new Map<string, Member>();

// What a page has and Node has not: an address, and requests that are relative to it.
const ask = globalThis.fetch;
Object.assign(globalThis, {
  location: new URL(facts.url),
  fetch: (address: string, init?: RequestInit) => ask(new URL(address, facts.url), init),
});

install();

function member({ name }: Command): Member {
  const found = members.get(name);
  if (!found) throw new Error(`nobody is called ${name}`);
  return found;
}

async function act(command: Command): Promise<unknown> {
  switch (command.do) {
    case "join": {
      const { meeting, secret, host_hash, host_key } = command;
      const one = new Member(module, { meeting, secret, host_hash, host_key }, command.name);
      members.set(one.name, one);
      await one.enter();
      return one.report();
    }
    case "again":
      member(command).over = "";
      await member(command).enter(0);
      return member(command).report();
    case "leave":
      await member(command).leave();
      return {};
    case "remove":
      await member(command).session?.group.remove(command.target);
      return {};
    case "say":
      return { sent: (await member(command).session?.say({ kind: "chat", text: command.text })) !== null };
    case "hide":
      hide(command.text === "hidden");
      return {};
    case "report":
      return [...members.values()].map((one) => one.report());
    case "forget":
      members.clear();
      return {};
  }
  throw new Error(`unknown command ${command.do}`);
}

answer(act);
