/** KEYR-5: what this device remembers of keyrings, and its own key for them, which cannot be exported. */
import type { Memory, Remembered } from "./sharedring.protocol";

const DATABASE = "conclave-keyring";
const KNOWN = "known";

function done<T>(request: IDBRequest<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    request.onsuccess = () => { resolve(request.result); };
    request.onerror = () => { reject(request.error ?? new Error("IndexedDB failed")); };
  });
}

async function inside<T>(mode: IDBTransactionMode, act: (store: IDBObjectStore) => Promise<T>): Promise<T> {
  const request = indexedDB.open(DATABASE, 1);
  request.onupgradeneeded = () => { request.result.createObjectStore(KNOWN); };
  const database = await done(request);
  try {
    return await act(database.transaction(KNOWN, mode).objectStore(KNOWN));
  } finally {
    database.close();
  }
}

export const deviceMemory: Memory = {
  get: async (account) => inside("readonly", async (store) => ((await done(store.get(account))) as Remembered | undefined) ?? null),
  put: async (account, remembered) => {
    await inside("readwrite", async (store) => {
      const known = (await done(store.get(account))) as Remembered | undefined;
      // Another tab may have gone on meanwhile: in one transaction, so that the higher version stays.
      if (known?.ring === remembered.ring && known.version > remembered.version) return;
      // Or have left that keyring behind, for good.
      if (known?.former.includes(remembered.ring)) return;
      await done(store.put(remembered, account));
    });
  },
};
