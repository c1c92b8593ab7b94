import type { Person } from "../call/contract";

/** What a reaction looks like. */
export const EMOJI: Readonly<Record<NonNullable<Person["reaction"]>, string>> = {
  applause: "👏",
  celebrate: "🎉",
  heart: "❤️",
  laugh: "😂",
  surprise: "😮",
  thumb: "👍",
};
