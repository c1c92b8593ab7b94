/** What a meeting needs, tried from where the visitor is; each result is told as soon as it is known. */
import { ApiError } from "../api/http";
import { askWay, fetchNoise, MOST, sendNoise } from "../api/selftest";
import { reach, type Way } from "../media/reach";

export type Check = "socket" | "udp" | "tcp" | "relay" | "speed";
/** `none`: the server does not offer it; `away`: the server did not take part, so that nothing is known of the way. */
export type Level = "ok" | "warn" | "fail" | "none" | "away";

export type Result =
  | { readonly check: "socket"; readonly level: Level }
  | { readonly check: Way; readonly level: Level; readonly ms: number | null }
  | { readonly check: "speed"; readonly level: Level; readonly down: number; readonly up: number };

const WAYS: readonly Way[] = ["udp", "tcp", "relay"];
export const CHECKS: readonly Check[] = ["socket", ...WAYS, "speed"];

const SOCKET_MS = 8_000;
const SPEED_MS = 8_000;
/** The first piece that is sent is small, so that a slow line has carried it in time; the last one fills a fast line. */
const PIECES = [MOST / 16, MOST / 4, MOST];
const PIECES_MS = 3_000;
/** Below this a picture stutters; sound needs a tenth of it. */
const ENOUGH_MBIT = 1.5;
const MEGABIT = 125_000;

/** Whether a meeting will work: well, somehow, or not at all; or that the server could not be asked. */
export type Verdict = "good" | "slow" | "bad" | "away";

export async function selftest(tell: (result: Result) => void): Promise<Verdict> {
  const results: Result[] = [];
  const add = (result: Result): void => { results.push(result); tell(result); };
  await Promise.all([opens(), ...WAYS.map(tried)].map(async (trying) => { add(await trying); }));
  // Alone, as it fills the line.
  add(await speed());
  return verdict(results);
}

/** Media needs one of its ways, and the socket always; anything less than ok makes it worse, not impossible. */
export function verdict(results: readonly Result[]): Verdict {
  const level = (check: Check): Level => results.find((result) => result.check === check)?.level ?? "fail";
  if (level("socket") !== "ok") return "bad";
  if (level("udp") === "ok" && level("speed") === "ok") return "good";
  if (CHECKS.some((check) => level(check) === "away")) return "away";
  return WAYS.some((way) => level(way) === "ok") ? "slow" : "bad";
}

function opens(): Promise<Result> {
  return new Promise((resolve) => {
    const address = new URL("/api/v1/socket", location.href);
    address.protocol = address.protocol === "https:" ? "wss:" : "ws:";
    const socket = new WebSocket(address);
    const end = (level: Level) => (): void => {
      clearTimeout(waiting);
      socket.close();
      resolve({ check: "socket", level });
    };
    const waiting = setTimeout(end("fail"), SOCKET_MS);
    socket.addEventListener("open", end("ok"));
    socket.addEventListener("error", end("fail"));
  });
}

async function tried(way: Way): Promise<Result> {
  const ticket = await askWay().catch(() => null);
  if (!ticket) return { check: way, level: "away", ms: null };
  // A server without relays gives none to try.
  if (way === "relay" && ticket.ice_servers.length === 0) return { check: way, level: "none", ms: null };
  return { check: way, ...(await reach(ticket, way)) };
}

async function speed(): Promise<Result> {
  try {
    const down = await rate(() => fetchNoise(SPEED_MS));
    const up = await rateUp();
    const least = Math.min(down, up);
    return { check: "speed", level: least === 0 ? "fail" : least < ENOUGH_MBIT ? "warn" : "ok", down, up };
  } catch (error) {
    return { check: "speed", level: error instanceof ApiError && error.status > 0 ? "away" : "fail", down: 0, up: 0 };
  }
}

/** A piece counts only when all of it has gone, so larger ones are sent while that is a matter of moments. */
async function rateUp(): Promise<number> {
  const start = performance.now();
  let best = 0;
  for (const bytes of PIECES) {
    if (performance.now() - start > PIECES_MS) break;
    best = Math.max(best, await rate(() => sendNoise(bytes, SPEED_MS)));
  }
  return best;
}

/** In Mbit/s. */
async function rate(carry: () => Promise<number>): Promise<number> {
  const start = performance.now();
  const bytes = await carry();
  return bytes / MEGABIT / ((performance.now() - start) / 1000);
}
