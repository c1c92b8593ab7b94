/** The few WASI calls that the module needs (mls/README.md): random, clock, write, exit, an empty environment. Nothing else exists. */

export interface Host {
  readonly imports: WebAssembly.Imports;
  /** Must be set before the first call. */
  memory: WebAssembly.Memory | null;
  /** Bytes the module tried to print; they are dropped. */
  dropped: number;
}

const REALTIME = 0;
const RANDOM_QUOTA = 65_536;

/** `clock` gives milliseconds since 1970: the ticket's time plus a monotonic clock, never the device's. */
export function host(clock: () => number): Host {
  const made: Host = { imports: {}, memory: null, dropped: 0 };
  const buffer = (): ArrayBuffer => {
    if (!made.memory) throw new Error("the module has no memory yet");
    return made.memory.buffer;
  };
  const view = (): DataView => new DataView(buffer());
  made.imports["wasi_snapshot_preview1"] = {
    random_get(at: number, length: number): number {
      for (let done = 0; done < length; done += RANDOM_QUOTA) {
        crypto.getRandomValues(new Uint8Array(buffer(), at + done, Math.min(RANDOM_QUOTA, length - done)));
      }
      return 0;
    },
    clock_time_get(id: number, _precision: bigint, at: number): number {
      const now = id === REALTIME ? clock() : performance.now();
      view().setBigUint64(at, BigInt(Math.floor(now * 1000)) * 1000n, true);
      return 0;
    },
    fd_write(_file: number, pieces: number, count: number, at: number): number {
      let length = 0;
      for (let piece = 0; piece < count; piece++) length += view().getUint32(pieces + 8 * piece + 4, true);
      made.dropped += length;
      view().setUint32(at, length, true);
      return 0;
    },
    environ_get: (): number => 0,
    environ_sizes_get(count: number, size: number): number {
      view().setUint32(count, 0, true);
      view().setUint32(size, 0, true);
      return 0;
    },
    proc_exit(code: number): never {
      throw new Error(`the module has stopped (${String(code)})`);
    },
  };
  return made;
}
