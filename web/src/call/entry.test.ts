import { expect, it, vi } from "vitest";
import { succeeded } from "../e2ee/former";
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
const opened = vi.hoisted(() => ({ invitation: null as string | null }));
vi.mock("../e2ee/link", () => ({ parseFragment: () => ({ secret: SECRET, hostHash: HOST_HASH, hostKey: null, ...opened }) }));
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

it("keeps an invitation with the link, also when the plain link is opened later (LINK-9)", async () => {
  kept.ring = null;
  opened.invitation = "mine";
  expect((await prepare(MEETING, "#the link", keys))?.kept.invitation).toBe("mine");
  opened.invitation = null;
  expect((await prepare(MEETING, "#the link", keys))?.kept.invitation).toBe("mine");
  kept.ring = { secret: SECRET, hostHash: "another", hostKey: null, title: "", linkVersion: 1, policy: null, device: "d", invitation: "theirs" };
  expect((await prepare(MEETING, "#the link", keys))?.kept).not.toHaveProperty("invitation");
});

it("opens the link that was kept instead of one that this device has seen replaced, and of two others the one in the address (LINK-3)", async () => {
  const first: Kept = { secret: SECRET, hostHash: HOST_HASH, hostKey: null, title: "Plans", linkVersion: 1, policy: null, device: "d" };
  kept.ring = succeeded(first, "l", { secret: "t".repeat(22), link_version: 2 });
  const next = kept.ring;
  expect((await prepare(MEETING, "#the former link", keys))?.kept).toEqual(next);
  // What stands in a personal link is still that person's own (LINK-9).
  opened.invitation = "mine";
  expect((await prepare(MEETING, "#the former link", keys))?.kept).toEqual({ ...next, invitation: "mine" });
  opened.invitation = null;
  kept.ring = succeeded({ ...first, secret: "r".repeat(22) }, "r", { secret: "t".repeat(22), link_version: 2 });
  const clicked = (await prepare(MEETING, "#yet another link", keys))?.kept;
  expect(clicked).toMatchObject({ secret: SECRET, linkVersion: 2, former: ["r"] });
  // It takes the other's place only once the server has confirmed it.
  expect(kept.ring.secret).toBe("t".repeat(22));
});
