export const selftest = {
  title: "What was tried",
  trying: "Trying…",
  waiting: "Comes last, as it needs the whole line.",
  again: "Test again",
  levels: { ok: "works", warn: "slow", fail: "does not work", none: "not offered", away: "not known" },
  /** Of any way: the server gave no answer about it. */
  away: "It could not be tried: the server did not take part.",
  socket: {
    name: "Messages",
    ok: "Chat and keys get through.",
    fail: "Chat and keys do not get through. A filter on the way may forbid WebSockets.",
  },
  udp: {
    name: "Sound and picture, the best way (UDP)",
    ok: "It reaches the server.",
    okMs: "It reaches the server; there and back takes {{ms}} ms.",
    fail: "Nothing comes back: something on the way holds port {{port}}/UDP shut.",
  },
  tcp: {
    name: "Sound and picture, the second way (TCP)",
    ok: "It reaches the server.",
    okMs: "It reaches the server; there and back takes {{ms}} ms.",
    fail: "Nothing comes back: something on the way holds port {{port}}/TCP shut.",
  },
  relay: {
    name: "Sound and picture through a relay",
    ok: "The relay passes them on.",
    okMs: "The relay passes them on; there and back takes {{ms}} ms.",
    fail: "The relay cannot be reached.",
    none: "This server has none.",
  },
  speed: {
    name: "Speed",
    ok: "About {{down}} Mbit/s to you and {{up}} from you: enough for a meeting.",
    warn: "About {{down}} Mbit/s to you and {{up}} from you: enough for sound, little for pictures.",
    fail: "Next to nothing got through.",
  },
  honest: "A short measurement: it says whether a meeting fits, not what your line can do.",
  verdict: {
    good: "Meetings will work from here.",
    slow: "Meetings will work from here, perhaps with stuttering pictures.",
    bad: "Meetings will not work from here.",
    away: "The server cannot say just now.",
  },
  next: {
    slow: "A cable instead of Wi-Fi, or another network, often helps.",
    bad: "Try another network. Or show this page to whoever looks after yours: browsers must reach {{node}} on port {{udp}}/UDP, or on {{tcp}}/TCP.",
    away: "This says nothing about your network. Test again in a minute; if it stays so, tell whoever runs the server.",
  },
} as const;
