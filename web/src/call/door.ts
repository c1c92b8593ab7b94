/** Waiting at a meeting's door until a host has answered (docs/protocol/knock.md). */
import { ApiError, post } from "../api/http";
import type { KnockIn, KnockOut, PassIn } from "../api/http.gen";
import type { Admitted, DoorMessage, WaiterMessage } from "../api/socket.gen";

/** A refusal, or the end of the wait, with when to ask again where that is known. */
export class NotLetIn extends Error {
  readonly code: string;
  readonly againAt: number | null;
  readonly organisation: string;
  readonly notice: string;

  constructor(code: string, againAt: number | null = null, organisation = "", notice = "") {
    super(code);
    this.name = "NotLetIn";
    this.code = code;
    this.againAt = againAt;
    this.organisation = organisation;
    this.notice = notice;
  }
}

const FIRST_WAIT_MS = 500;
const LONGEST_WAIT_MS = 5_000;
/** The gateway says every 10 s that we wait; a line that has died says nothing at all. */
const SILENCE_MS = 25_000;
/** A line that was lost for longer than the gateway waits is knocked on again by itself, so often. */
const MOST_KNOCKS = 20;

/** A knock that was answered; with the new link, sealed to us, where ours was a former one (LINK-8). */
export interface LetIn { readonly pass: PassIn; readonly sealed: string | null }

/** Knocks and waits; a lost line is opened again. The signal goes away from the door. */
export async function letIn(request: KnockIn, signal: AbortSignal): Promise<LetIn> {
  for (let knocks = 1; ; knocks++) {
    const { knock, secret, socket } = await post<KnockOut>("/api/v1/knock", request).catch(refused);
    const pass: PassIn = { knock, secret };
    const verdict = await admitted(pass, socket, signal);
    if (verdict) return { pass, sealed: verdict.sealed ?? null };
    if (knocks === MOST_KNOCKS) throw new NotLetIn("knock_unknown");
  }
}

function refused(error: unknown): never {
  throw error instanceof ApiError ? new NotLetIn(error.code, error.againAt, error.organisation, error.notice) : error;
}

/** What came with being let in; null when the gateway waits no longer for this knock. */
async function admitted(pass: PassIn, path: string, signal: AbortSignal): Promise<Admitted | null> {
  let wait = FIRST_WAIT_MS;
  for (;;) {
    const verdict = await attend(pass, path, signal, () => { wait = FIRST_WAIT_MS; });
    if (signal.aborted) throw new NotLetIn("left");
    if (verdict?.t === "admitted") return verdict;
    if (verdict?.t === "refused") throw new NotLetIn(verdict.blocked ? "knock_blocked" : "knock_refused", verdict.again_at);
    // Two tabs that each knock again would throw each other out in turns.
    if (verdict?.t === "over" && verdict.elsewhere === true) throw new NotLetIn("joined_elsewhere");
    if (verdict?.t === "over") return null;
    await new Promise((resolve) => setTimeout(resolve, wait));
    wait = Math.min(2 * wait, LONGEST_WAIT_MS);
  }
}

/** One socket, until it brings a verdict or is lost. */
function attend(pass: PassIn, path: string, signal: AbortSignal, heard: () => void): Promise<DoorMessage | null> {
  return new Promise((resolve) => {
    const socket = new WebSocket(Object.assign(new URL(path, location.href), { protocol: location.protocol === "https:" ? "wss:" : "ws:" }));
    const say = (message: WaiterMessage): void => { if (socket.readyState === WebSocket.OPEN) socket.send(JSON.stringify(message)); };
    let silence: ReturnType<typeof setTimeout> | undefined;
    const alive = (): void => {
      clearTimeout(silence);
      silence = setTimeout(() => { done(null); }, SILENCE_MS);
    };
    const done = (verdict: DoorMessage | null): void => {
      clearTimeout(silence);
      signal.removeEventListener("abort", leave);
      socket.close();
      resolve(verdict);
    };
    const leave = (): void => {
      say({ t: "cancel" });
      done(null);
    };
    signal.addEventListener("abort", leave);
    socket.onopen = () => { say({ t: "wait", ...pass }); };
    alive();
    socket.onmessage = ({ data }: MessageEvent<unknown>) => {
      alive();
      const message = JSON.parse(String(data)) as DoorMessage;
      if (message.t === "waiting") heard();
      else done(message);
    };
    socket.onclose = () => { done(null); };
    if (signal.aborted) leave();
  });
}
