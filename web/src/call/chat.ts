/** The chat's lines: own ones wait for their echo, others' come opened. Pure. */
import type { ChatLine } from "./contract";

const LINES_LIMIT = 2_000;

export interface Chat { readonly lines: readonly ChatLine[]; readonly unread: number }
export const NO_CHAT: Chat = { lines: [], unread: 0 };

export function heard(chat: Chat, line: Omit<ChatLine, "self" | "state">): Chat {
  return { lines: add(chat.lines, { ...line, self: false, state: "sent" }), unread: chat.unread + 1 };
}

export function saying(chat: Chat, line: Omit<ChatLine, "self" | "state">): Chat {
  return { ...chat, lines: add(chat.lines, { ...line, self: true, state: "sending" }) };
}

export function settled(chat: Chat, id: string, state: "sent" | "failed"): Chat {
  return { ...chat, lines: chat.lines.map((line) => (line.id === id ? { ...line, state } : line)) };
}

/** Said once more, so below what was said meanwhile: that is where the others see it too. */
export function again(chat: Chat, id: string, at: number): Chat {
  const line = chat.lines.find((one) => one.id === id);
  return line ? { ...chat, lines: [...chat.lines.filter((one) => one !== line), { ...line, at, state: "sending" }] } : chat;
}

function add(lines: readonly ChatLine[], line: ChatLine): readonly ChatLine[] {
  return [...lines, line].slice(-LINES_LIMIT);
}
