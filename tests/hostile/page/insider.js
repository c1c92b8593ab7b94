// Before the real frame worker, in the same worker: a member's own hand between the worker and the line. The member's key is at hand, so what is
// broken may be sealed all the same. broken.js stands before this.
const LABEL = new TextEncoder().encode("conclave/frame/1\0");
const remembered = new Map();
let how = "whole";
new BroadcastChannel("broken").onmessage = ({ data }) => { how = data; };

const encrypt = crypto.subtle.encrypt.bind(crypto.subtle);
crypto.subtle.encrypt = (parameters, key, data) => {
  remembered.set(parameters.iv.slice(6).join(), { key, plain: data.slice() });
  if (remembered.size > 200) remembered.delete(remembered.keys().next().value);
  return encrypt(parameters, key, data);
};

function joined(...parts) {
  const whole = new Uint8Array(parts.reduce((length, part) => length + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

/** Another frame in place of this one, sealed with the member's own key: another content, or other words in the trailer. */
function sealed({ content = (plain) => plain, trailer: change = (trailer) => trailer }) {
  return async (bytes) => {
    const old = bytes.slice(-TRAILER);
    const { key, plain } = remembered.get(old.slice(0, 6).join());
    const clear = bytes.slice(0, bytes.length - TRAILER - TAG - plain.length);
    const trailer = change(old.slice());
    const iv = joined(new Uint8Array(6), trailer.slice(0, 6));
    const opened = content(plain, clear.length === 1);
    return joined(clear, new Uint8Array(await encrypt({ name: "AES-GCM", iv, additionalData: joined(LABEL, trailer, clear), tagLength: 8 * TAG }, key, opened)), trailer);
  };
}

const rubbish = (length) => crypto.getRandomValues(new Uint8Array(length));
const byte = (at, change) => (trailer) => {
  trailer[at] = change(trailer[at]);
  return trailer;
};
const ways = {
  ...broken,
  sealed_rubbish: sealed({ content: (plain) => rubbish(plain.length) }),
  sealed_nothing: sealed({ content: () => new Uint8Array() }),
  sealed_one_byte: sealed({ content: () => rubbish(1) }),
  sealed_too_much: sealed({ content: (_plain, sound) => rubbish(sound ? 1_000 : 60_000) }),
  sealed_as_another_leaf: sealed({ trailer: byte(12, flip) }),
  sealed_as_another_kind: sealed({ trailer: byte(13, (kind) => (kind % 4) + 1) }),
  sealed_in_the_next_epoch: sealed({ trailer: byte(9, (epoch) => epoch + 1) }),
  sealed_with_one_counter: sealed({ trailer: (trailer) => trailer.fill(0, 0, 6) }),
  // Closes the own window for good, or until the next epoch.
  sealed_with_the_last_counter: sealed({ trailer: (trailer) => trailer.fill(0xff, 0, 6) }),
};

const lines = new WeakSet();
addEventListener("message", ({ data }) => { if (data.t === "attach" && data.side === "send") lines.add(data.writable); });
const pipeTo = ReadableStream.prototype.pipeTo;
ReadableStream.prototype.pipeTo = function to(writable, options) {
  if (!lines.has(writable)) return pipeTo.call(this, writable, options);
  const hand = new TransformStream({
    async transform(frame, controller) {
      const made = await ways[how](new Uint8Array(frame.data));
      if (!made) return;
      frame.data = made.slice().buffer;
      controller.enqueue(frame);
    },
  });
  return pipeTo.call(this.pipeThrough(hand), writable, options);
};
