import { expect, it, vi } from "vitest";
import type { Kept } from "../e2ee/keyring";
import type { Keys } from "../e2ee/keys.client";
import { prepare } from "./entry";

const MEETING = "A".repeat(22);
const [SECRET, HOST_HASH] = ["s".repeat(22), "h".repeat(21) + "A"];
const kept = vi.hoisted(() => ({ ring: null as Kept | null }));
vi.mock("../e2ee/keyring", () => ({
  recall: () => Promise.resolve(kept.ring),
  keep: (_meeting: string, one: Kept) => { kept.ring = one; return Promise.resolve(); },
}));
vi.mock("../e2ee/link", () => ({ parseFragment: () => ({ secret: SECRET, hostHash: HOST_HASH, hostKey: null }) }));
vi.mock("./seat", () => ({ keptSeat: () => null }));
const keys = { ask: () => Promise.resolve({ signature_key: "k", identity: "i", link_id: "l" }) } as unknown as Keys;

it("keeps the preset that was chosen on this device, whichever way the meeting is opened (MEET-10)", async () => {
  const made: Kept = { secret: SECRET, hostHash: HOST_HASH, hostKey: "mine", title: "Plans", linkVersion: 1, policy: null, device: "d", preset: "confidential" };
  kept.ring = made;
  const entry = await prepare(MEETING, "#the link", keys);
  expect(entry?.kept).toEqual(made);
  expect(kept.ring).toEqual(made);
  kept.ring = { ...made, hostHash: "another" };
  expect((await prepare(MEETING, "#the link", keys))?.kept.preset).toBeUndefined();
});
