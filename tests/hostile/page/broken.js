// Every way in which a frame of docs/protocol/frames.md can be wrong without a key. Trailer: counter 6, epoch 4, leaf 3, kind 1; before it a tag of 16.
const TRAILER = 14;
const TAG = 16;
const CLEAR = 10;

function changed(offset, change) {
  return (bytes) => {
    const made = bytes.slice();
    const at = offset(made.length);
    if (at < 0 || at >= made.length) return null;
    made[at] = change(made[at]);
    return made;
  };
}

const flip = (byte) => byte ^ 1;
const fromEnd = (count) => (length) => length - count;

export const broken = {
  whole: (bytes) => bytes,
  random: (bytes) => {
    const made = bytes.slice();
    if (made.length > CLEAR) crypto.getRandomValues(made.subarray(CLEAR));
    return made;
  },
  empty_but_clear: (bytes) => bytes.slice(0, Math.min(CLEAR, bytes.length)),
  one_byte_short: (bytes) => bytes.slice(0, -1),
  without_trailer: (bytes) => bytes.slice(0, -TRAILER),
  without_tag: (bytes) => {
    const made = new Uint8Array(bytes.length - TAG);
    made.set(bytes.subarray(0, bytes.length - TRAILER - TAG));
    made.set(bytes.subarray(bytes.length - TRAILER), made.length - TRAILER);
    return made;
  },
  other_tag: changed(fromEnd(TRAILER + 1), flip),
  other_sound_or_picture: changed(fromEnd(TRAILER + TAG + 1), flip),
  // The lowest bit of a picture's first byte says whether it is a key frame; another one leaves that as it is.
  other_clear_byte: changed(() => 0, (byte) => byte ^ 0x10),
  other_kind: changed(fromEnd(1), (byte) => (byte % 4) + 1),
  no_kind: changed(fromEnd(1), () => 0),
  other_leaf: changed(fromEnd(2), flip),
  no_leaf: changed(fromEnd(4), () => 0xff),
  next_epoch: changed(fromEnd(5), (byte) => byte + 1),
  last_epoch: changed(fromEnd(5), (byte) => byte - 1),
  far_epoch: changed(fromEnd(8), () => 0xff),
  other_counter: changed(fromEnd(9), flip),
  far_counter: changed(fromEnd(14), () => 0xff),
};
