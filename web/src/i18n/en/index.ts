import { call, toastActions, toasts } from "./call";
import { check } from "./check";
import { common } from "./common";
import { controls } from "./controls";
import { ended, endedBy, endedNext, endedOf, endedScreen } from "./ended";
import { lobby } from "./lobby";
import { meetings, now } from "./meetings";
import { chat, more, people, receipt, safety, security } from "./panels";
import { reactions, rights } from "./rights";
import { selftest } from "./selftest";

/** English: the shape every other language follows. */
export const en = {
  check, common, lobby, call, toasts, toastActions, controls, people, chat, safety, security, receipt, more, ended, endedBy, endedNext, endedOf, endedScreen, meetings, now, reactions, rights, selftest,
} as const;
