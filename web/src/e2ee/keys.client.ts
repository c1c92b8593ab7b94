/** The main thread's hand on the keys worker: typed questions, typed answers, errors with a stable code. */
import type { Answer, Operation, Operations } from "./keys.protocol";

/** A refusal by the group's rules or the module; `code` is stable, `message` is for people who debug. */
class KeysError extends Error {
  readonly code: string;

  constructor(code: string, message: string) {
    super(message);
    this.name = "KeysError";
    this.code = code;
  }
}

interface Waiting { resolve(value: unknown): void; reject(error: KeysError): void }

export class Keys {
  readonly #worker: Worker;
  readonly #waiting = new Map<number, Waiting>();
  #last = 0;

  constructor(worker: Worker) {
    this.#worker = worker;
    worker.addEventListener("message", ({ data }: MessageEvent<Answer>) => {
      const waiting = this.#waiting.get(data.id);
      this.#waiting.delete(data.id);
      if ("error" in data) waiting?.reject(new KeysError(data.error.code, data.error.message));
      else waiting?.resolve(data.ok);
    });
    worker.addEventListener("error", () => {
      for (const waiting of this.#waiting.values()) waiting.reject(new KeysError("worker", "the keys worker failed"));
      this.#waiting.clear();
    });
  }

  ask<O extends Operation>(operation: O, values: Operations[O]["in"]): Promise<Operations[O]["out"]> {
    const id = ++this.#last;
    const answer = new Promise<Operations[O]["out"]>((resolve, reject) => {
      this.#waiting.set(id, { resolve, reject });
    });
    this.#worker.postMessage({ id, do: operation, with: values });
    return answer;
  }
}
