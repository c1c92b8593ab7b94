import { describe, expect, it, vi } from "vitest";

import type { Kept } from "../e2ee/keyring";
import type { Keys } from "../e2ee/keys.client";
import { link } from "../e2ee/testing.keyring";
import { adopted, type Listed, merged } from "./sharing";

const own = (...meetings: readonly string[]): readonly Listed[] => meetings.map((meeting) => ({ meeting, title: `About ${meeting}` }));
const here = (meeting: string, more: Partial<Kept> = {}): [string, Kept] => {
  const { secret, hostHash, hostKey, linkVersion } = link(meeting);
  return [meeting, { secret, hostHash, hostKey, linkVersion, title: "", policy: null, device: `device-${meeting}`, ...more }];
};
/** The link id of a secret, as the module derives it. */
const keys = { ask: vi.fn((_act: string, { secret }: { secret: string }) => Promise.resolve({ link_id: `id of ${secret}` })) } as unknown as Pick<Keys, "ask">;

describe("What a keyring holds (KEYR-7)", () => {
  it("are the links of one's own meetings that are still there, the newest first, and nobody else's in this browser", () => {
    const ring = new Map([here("mine"), here("charlies")]);
    expect(merged(own("new", "mine"), [link("deleted"), link("new")], ring).map(({ meeting }) => meeting)).toEqual(["new", "mine"]);
  });

  it("takes the higher version of two links, and the host key from whoever has it", () => {
    const guest = { ...link("m"), hostKey: null };
    expect(merged(own("m"), [link("m", 2)], new Map([here("m")]))).toEqual([link("m", 2)]);
    expect(merged(own("m"), [link("m")], new Map([here("m", { secret: "next", linkVersion: 2 })]))).toEqual([{ ...link("m"), secret: "next", linkVersion: 2 }]);
    expect(merged(own("m"), [guest], new Map([here("m")]))).toEqual([link("m")]);
  });

  it("keeps what it has when another link claims the same version, or another host key", () => {
    expect(merged(own("m"), [link("m")], new Map([here("m", { secret: "other" })]))).toEqual([link("m")]);
    expect(merged(own("m"), [link("m")], new Map([here("m", { hostHash: "other", linkVersion: 9 })]))).toEqual([link("m")]);
  });
});

describe("What a device takes over (LINK-3)", () => {
  it("are links that it never saw, with a name of its own", async () => {
    const [, kept] = [...(await adopted(own("m"), [Object.assign(link("m"), { preset: "school" })], new Map(), keys))][0] ?? [];
    expect(kept).toMatchObject({ secret: link("m").secret, hostKey: "key-m", title: "About m", policy: null });
    expect(kept).not.toHaveProperty("preset"); // MEET-10: the lobby's word holds
    expect(kept?.device).toMatch(/^[A-Za-z0-9_-]{22}$/);
  });

  it("are later ones in the place of what they replaced, which it never opens again", async () => {
    const news = await adopted(own("m"), [link("m", 2)], new Map([here("m")]), keys);
    expect(news.get("m")).toMatchObject({ secret: link("m", 2).secret, linkVersion: 2, device: "device-m", former: [`id of ${link("m").secret}`] });
  });

  it("are none that it saw replaced, none of another host key, and none that it has", async () => {
    const replaced = here("m", { secret: "now", linkVersion: 1, former: [`id of ${link("m", 2).secret}`] });
    expect((await adopted(own("m"), [link("m", 2)], new Map([replaced]), keys)).size).toBe(0);
    expect((await adopted(own("m"), [link("m", 2)], new Map([here("m", { hostHash: "other" })]), keys)).size).toBe(0);
    expect((await adopted(own("m"), [link("m")], new Map([here("m")]), keys)).size).toBe(0);
    expect((await adopted(own("m"), [link("m")], new Map([here("m", { hostKey: null })]), keys)).get("m")?.hostKey).toBe("key-m");
  });
});
