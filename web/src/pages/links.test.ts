import { expect, it, vi } from "vitest";
import type { Kept } from "../e2ee/keyring";
import { parseFragment } from "../e2ee/link";
import { invite } from "./links";

vi.mock("../e2ee/keyring", () => ({ keep: () => Promise.resolve() }));
const MEETING = "A".repeat(22);
const KEPT: Kept = { secret: "B".repeat(21) + "A", hostHash: "C".repeat(21) + "A", hostKey: "D".repeat(42) + "A", title: "", linkVersion: 1, policy: null, device: "d" };

it("gives the server the hash of an invitation, and the link to whoever passes it on (LINK-9)", async () => {
  const sent: string[] = [];
  vi.stubGlobal("location", new URL("https://meet.example/meetings"));
  vi.stubGlobal("fetch", (path: string, { body }: { body: string }) => {
    sent.push(path, body);
    return Promise.resolve(Response.json({ invitation: "i", whom: "Bob", made_at: 1, expires_at: 2, revoked_at: null, used_at: null }));
  });
  vi.spyOn(crypto, "getRandomValues").mockImplementation((into) => (into as Uint8Array).fill(7) as never);
  const { link } = await invite(MEETING, KEPT, "Bob", 30);
  const url = new URL(link);
  expect(parseFragment(MEETING, url.hash)).toEqual({ meeting: MEETING, secret: KEPT.secret, hostHash: KEPT.hostHash, hostKey: null, invitation: "BwcHBwcHBwcHBwcHBwcHBw" });
  // As tests/meetings/test_invitations.py has it of the gateway.
  expect(JSON.parse(sent[1] ?? "")).toEqual({ digest: "gxptJQl04uTCzK8O6LgT6xUwz5YwZN9xoPg0zkE3fiE", whom: "Bob", days: 30 });
  expect(sent.join()).not.toContain("BwcHBwcHBwcHBwcHBwcHBw");
});
