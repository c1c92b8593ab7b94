import type { Call, CallState } from "../../src/call/contract";
import { paint } from "./paint";

/** A call that only remembers what was pressed; it sends and encrypts nothing, and lives under tests/ for that reason. */
export function fakeCall(initial: CallState): Call {
  let state = initial;
  const listeners = new Set<() => void>();
  const set = (change: Partial<CallState>): Promise<void> => {
    state = { ...state, ...change };
    for (const listener of listeners) listener();
    return Promise.resolve();
  };
  const self = (change: object): Promise<void> => set({ people: state.people.map((person) => (person.self ? { ...person, ...change } : person)) });
  const role = (participant: string, hosting: boolean): Promise<void> =>
    set({ people: state.people.map((person) => (person.participant === participant ? { ...person, hosting, cohost: hosting } : person)) });
  return {
    subscribe: (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    snapshot: () => state,
    preview: () => Promise.resolve(),
    join: () => set({ phase: { at: "live" } }),
    leave: () => set({ phase: { at: "over", reason: "left", again: true } }),
    routeReceipt: () => Promise.resolve("{}"),
    rejoin: () => set({ phase: { at: "live" } }),
    endForAll: () => set({ phase: { at: "over", reason: "ended", again: false } }),
    answer: () => undefined,
    remove: (participant) => set({ people: state.people.filter((person) => person.participant !== participant) }),
    askBans: () => void set({}),
    unban: (ban) => void set({ bans: state.bans.filter((each) => each.ban !== ban) }),
    attendance: () => Promise.resolve(null),
    replaceLink: () => void set({ linkVersion: state.linkVersion + 1 }),
    makeCoHost: (participant) => void role(participant, true),
    unmakeCoHost: (participant) => void role(participant, false),
    setLocked: (locked) => void set({ rules: { ...state.rules, locked } }),
    setStrict: (strict) => void set({ rules: { ...state.rules, strict } }),
    setSuspended: (suspended) => void set({ rules: { ...state.rules, suspended, withheld: {}, locked: suspended || state.rules.locked, suspendedBy: "Alice Martin" } }),
    giveBack: (piece) => {
      const { [piece]: _given, ...withheld } = state.rules.suspended ? { chat: "all", unmute: "all", video: "all", share: "all", reactions: "all" } as const : state.rules.withheld;
      void set({ rules: { ...state.rules, suspended: false, withheld } });
    },
    takeRole: () => void role("p0", true),
    setMicrophone: async (on) => {
      await set({ devices: { ...state.devices, microphoneState: on ? "on" : "off" } });
      await self({ microphone: on });
    },
    setCamera: async (on) => {
      await set({ devices: { ...state.devices, cameraState: on ? "on" : "off" } });
      await self({ camera: on });
    },
    setScreen: (on) => self({ screen: on }),
    setHand: (up) => self({ handUp: up }),
    react: (what) => self({ reaction: what }),
    mute: () => Promise.resolve(),
    askFor: () => Promise.resolve(),
    setRights: (rights) => void set({ rights: { ...state.rights, ...rights } }),
    setException: () => undefined,
    rename: async (name) => {
      await self({ name });
      return true;
    },
    choose: () => Promise.resolve(),
    say: (text) =>
      set({ chat: [...state.chat, { id: String(state.chat.length), participant: "p0", name: "Alice Martin", text, at: Date.now(), self: true, state: "sending" }] }),
    retry: (line) => set({ chat: state.chat.map((one) => (one.id === line ? { ...one, state: "sending" } : one)) }),
    seenChat: () => void set({ unread: 0, toasts: state.toasts.filter(({ kind }) => kind !== "chat" && kind !== "send_failed") }),
    verifyCode: () => void set({ security: { ...state.security, verified: { at: Date.now(), since: [] } } }),
    dismiss: (id) => void set({ toasts: state.toasts.filter((toast) => toast.id !== id) }),
    link: () => Promise.resolve("https://meet.example/m/k3rYv0m1T2yWn7h0sQe9Zg#pX9mJm0o1m3m8r1rQv0bXw.Jc2mT0v1p9k3R7r5m6yZ0Q"),
    attach: (participant, kind, element) => paint(participant, kind, element),
  };
}
