import { describe, expect, it } from "vitest";
import { again, heard, NO_CHAT, saying, settled } from "./chat";

const line = (id: string) => ({ id, participant: "p", name: "P", text: id, at: 1 });

describe("The chat", () => {
  it("counts what others say as unread", () => {
    expect(heard(heard(NO_CHAT, line("1")), line("2")).unread).toBe(2);
  });

  it("shows an own line at once, and whether it went out", () => {
    const chat = saying(NO_CHAT, line("own"));
    expect([chat.lines[0]?.state, settled(chat, "own", "sent").lines[0]?.state, settled(chat, "own", "failed").lines[0]?.state]).toEqual(["sending", "sent", "failed"]);
    expect(chat.unread).toBe(0);
  });

  it("puts a line that is said once more where the others see it: last", () => {
    const chat = again(heard(settled(saying(NO_CHAT, line("own")), "own", "failed"), line("1")), "own", 9);
    expect(chat.lines.map(({ id, at, state }) => [id, at, state])).toEqual([["1", 1, "sent"], ["own", 9, "sending"]]);
    expect(again(chat, "unknown", 9)).toBe(chat);
  });
});
