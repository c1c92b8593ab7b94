/** A page in the background: its timers come once a minute at most, as browsers have it, while messages still come at once. */
const MINUTE = 60_000;
const { setTimeout: wait, clearTimeout: forget, setInterval: repeat } = globalThis;
const current = new Map<unknown, ReturnType<typeof wait>>();
let hiddenSince: number | null = null;

export function hide(hidden: boolean): void {
  hiddenSince = hidden ? performance.now() : null;
}

/** How long a timer that is due now still has to wait. */
function due(): number {
  return hiddenSince === null ? 0 : MINUTE - ((performance.now() - hiddenSince) % MINUTE);
}

export function install(): void {
  Object.assign(globalThis, {
    setTimeout: (act: (...given: unknown[]) => void, ms?: number, ...given: unknown[]) => {
      const run = (): void => {
        current.delete(handle);
        act(...given);
      };
      const handle = wait(() => {
        const late = due();
        if (late > 0) current.set(handle, wait(run, late));
        else run();
      }, ms);
      return handle;
    },
    clearTimeout: (handle: ReturnType<typeof wait>) => {
      forget(handle);
      forget(current.get(handle));
      current.delete(handle);
    },
    setInterval: (act: (...given: unknown[]) => void, ms?: number, ...given: unknown[]) => {
      let ranAt = performance.now();
      return repeat(() => {
        if (hiddenSince !== null && performance.now() - Math.max(ranAt, hiddenSince) < MINUTE) return;
        ranAt = performance.now();
        act(...given);
      }, ms);
    },
  });
}
