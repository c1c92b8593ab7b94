import { beforeEach, expect, it, vi } from "vitest";

import { deviceMemory } from "./sharedring.memory";
import type { Remembered } from "./sharedring.protocol";

const remembered = (ring: string, version: number, former: readonly string[] = []): Remembered => ({ ring, version, hash: `hash-${String(version)}`, former, device: null });

/** As much of IndexedDB as the memory uses, each request answered in a later turn. */
const later = (work: () => unknown) => {
  const request: { result?: unknown; onsuccess?: () => void; onupgradeneeded?: () => void } = {};
  queueMicrotask(() => {
    request.result = work();
    request.onupgradeneeded?.();
    request.onsuccess?.();
  });
  return request;
};

beforeEach(() => {
  const rows = new Map<string, unknown>();
  const store = { get: (key: string) => later(() => rows.get(key)), put: (row: unknown, key: string) => later(() => rows.set(key, row)) };
  const database = { createObjectStore: () => undefined, transaction: () => ({ objectStore: () => store }), close: () => undefined };
  vi.stubGlobal("indexedDB", { open: () => later(() => database) });
});

it("keeps the highest version, whichever tab writes last (KEYR-5)", async () => {
  for (const version of [1, 3, 2]) await deviceMemory.put("alice", remembered("ring", version));
  expect(await deviceMemory.get("alice")).toEqual(remembered("ring", 3));
  expect(await deviceMemory.get("bob")).toBeNull();
});

it("never goes back to a keyring that another tab has left behind (KEYR-5)", async () => {
  await deviceMemory.put("alice", remembered("", 0, ["ring"]));
  await deviceMemory.put("alice", remembered("ring", 9));
  expect(await deviceMemory.get("alice")).toEqual(remembered("", 0, ["ring"]));
  await deviceMemory.put("alice", remembered("next", 1, ["ring"]));
  expect(await deviceMemory.get("alice")).toEqual(remembered("next", 1, ["ring"]));
});
