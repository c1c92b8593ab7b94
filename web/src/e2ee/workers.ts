/** Starts both workers and gives each one end of the port on which media keys travel: the main thread keeps neither end. */
import wasm from "../../../mls/dist/conclave_mls.wasm?url";
import { Frames } from "./frames.client";
import { Keys } from "./keys.client";

export interface Workers {
  readonly keys: Keys;
  readonly frames: Frames;
  stop(): void;
}

export function startWorkers(): Workers {
  const keys = new Worker(new URL("./keys.worker.ts", import.meta.url), { type: "module", name: "keys" });
  const frames = new Worker(new URL("./frames.worker.ts", import.meta.url), { type: "module", name: "frames" });
  const { port1, port2 } = new MessageChannel();
  keys.postMessage({ port: port1, wasm: new URL(wasm, location.href).href }, [port1]);
  frames.postMessage({ t: "port", port: port2 }, [port2]);
  return {
    keys: new Keys(keys),
    frames: new Frames(frames),
    stop: () => {
      keys.terminate();
      frames.terminate();
    },
  };
}
