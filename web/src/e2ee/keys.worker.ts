/** The keys worker: holds the group member. Media keys leave it only through the port to the frame worker. */
import type { FramesToKeys } from "./frames.protocol";
import type { Answer, ToKeys } from "./keys.protocol";
import { instantiate } from "./mls";
import { Vault } from "./vault";

interface Scope {
  onmessage: ((event: MessageEvent<ToKeys>) => void) | null;
  postMessage(message: Answer): void;
}

const scope = globalThis as unknown as Scope;
/** Milliseconds to add to performance.now(): before the ticket the device's clock has to do, for nothing dated is made yet. */
let origin = performance.timeOrigin;
let vault: Vault | null = null;

function connect(port: MessagePort, wasm: string): void {
  const module = compile(wasm);
  const clock = (): number => origin + performance.now();
  const made = new Vault(
    async () => instantiate(await module, clock),
    { now: clock, set: (time) => { origin = time - performance.now(); } },
    (message) => { port.postMessage(message); },
  );
  port.onmessage = ({ data }: MessageEvent<FramesToKeys>) => void made.want(data).catch(() => undefined);
  vault = made;
}

/** Compiles while it loads; a server that sends another content type costs a moment, not the call. */
async function compile(address: string): Promise<WebAssembly.Module> {
  const response = await fetch(address, { credentials: "same-origin" });
  if (response.headers.get("Content-Type") === "application/wasm") return WebAssembly.compileStreaming(response);
  return WebAssembly.compile(await response.arrayBuffer());
}

function failure(error: unknown): { code: string; message: string } {
  const { code, message } = error as { code?: unknown; message?: unknown };
  return { code: typeof code === "string" ? code : "internal", message: typeof message === "string" ? message : "" };
}

scope.onmessage = ({ data }) => {
  if ("port" in data) {
    connect(data.port, data.wasm);
    return;
  }
  const { id } = data;
  if (!vault) scope.postMessage({ id, error: { code: "internal", message: "not connected" } });
  else vault.ask(data.do, data.with).then((ok) => { scope.postMessage({ id, ok }); }, (error: unknown) => { scope.postMessage({ id, error: failure(error) }); });
};
