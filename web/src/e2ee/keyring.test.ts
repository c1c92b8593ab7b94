import { beforeEach, describe, expect, it, vi } from "vitest";
import { keep, recall, recallAll, type Kept } from "./keyring";

/** As much of IndexedDB as the key ring uses: two stores, each request answered in a later turn. */
class Store {
  readonly rows = new Map<string, unknown>();
  readonly keyPath: string | undefined;
  constructor(keyPath?: string) { this.keyPath = keyPath; }
  get(key: string) { return later(() => this.rows.get(key)); }
  getAll() { return later(() => [...this.rows.values()]); }
  put(row: Record<string, string>) { return later(() => this.rows.set(row[this.keyPath ?? ""] ?? "", row)); }
  add(value: unknown, key: string) {
    return later(() => {
      if (this.rows.has(key)) throw new Error("ConstraintError");
      this.rows.set(key, value);
    });
  }
}
const later = (work: () => unknown) => {
  const request: { result?: unknown; error?: unknown; onsuccess?: () => void; onerror?: () => void } = {};
  queueMicrotask(() => {
    try {
      request.result = work();
      request.onsuccess?.();
    } catch (error) {
      request.error = error;
      request.onerror?.();
    }
  });
  return request;
};
let stores: Record<string, Store>;
const database = {
  createObjectStore: (name: string, options?: { keyPath: string }) => { stores[name] = new Store(options?.keyPath); },
  transaction: (name: string) => ({ objectStore: () => stores[name] }),
  close: () => undefined,
};

beforeEach(() => {
  stores = {};
  let made = false;
  vi.stubGlobal("indexedDB", {
    open: () => {
      const request: { result: unknown; onsuccess?: () => void; onupgradeneeded?: () => void } = { result: database };
      queueMicrotask(() => {
        if (!made) request.onupgradeneeded?.();
        made = true;
        request.onsuccess?.();
      });
      return request;
    },
  });
});

const kept: Kept = { secret: "the-secret-of-the-link", hostHash: "h", hostKey: "the-host-key", title: "Planning", linkVersion: 1, policy: null, device: "d" };

describe("The key ring (LINK-3)", () => {
  it("gives back what was kept, per meeting", async () => {
    await keep("m1", kept);
    await keep("m2", { ...kept, title: "Other" });
    expect(await recall("m1")).toEqual(kept);
    expect((await recallAll()).size).toBe(2);
    expect(await recall("m3")).toBeNull();
  });

  it("holds no readable secret, and a key that cannot be exported", async () => {
    await keep("m1", kept);
    const row = stores["links"]?.rows.get("m1") as { sealed: ArrayBuffer };
    expect(new TextDecoder("latin1").decode(row.sealed)).not.toContain("secret");
    expect((stores["keys"]?.rows.get("ring") as CryptoKey).extractable).toBe(false);
  });

  it("opens no row moved to another meeting, or changed", async () => {
    await keep("m1", kept);
    const row = stores["links"]?.rows.get("m1") as { meeting: string; sealed: ArrayBuffer };
    stores["links"]?.rows.set("m2", { ...row, meeting: "m2" });
    expect(await recall("m2")).toBeNull();
    new Uint8Array(row.sealed)[0] = (new Uint8Array(row.sealed)[0] ?? 0) ^ 1;
    expect(await recall("m1")).toBeNull();
  });
});
