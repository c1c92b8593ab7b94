import { describe, expect, it, vi } from "vitest";

import type { Kept } from "../e2ee/keyring";
import type { Keys } from "../e2ee/keys.client";
import type { SharedLink } from "../e2ee/sharedring.protocol";
import { link } from "../e2ee/testing.keyring";
import { adopted, type Listed, merged, share } from "./sharing";

let links: readonly SharedLink[] = [];
vi.mock("../e2ee/keyring", () => ({ keep: () => Promise.resolve() }));
vi.mock("../e2ee/sharedring.memory", () => ({ deviceMemory: null }));
vi.mock("../e2ee/sharedring", () => ({
  SharedRing: class {
    async sync(merge: (links: readonly SharedLink[]) => Promise<readonly SharedLink[]>) {
      return { state: "open", links: await merge(links) };
    }
  },
}));

const own = (...meetings: readonly string[]): readonly Listed[] => meetings.map((meeting, at) => ({ meeting, title: `About ${meeting}`, created_at: 1000 - at }));
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

  it("are in one order, whatever the order of the list that they were merged from", () => {
    const [listed, ring] = [own("new", "mine"), new Map([here("mine"), here("new")])];
    expect(merged([...listed].reverse(), [], ring)).toEqual(merged(listed, [], ring));
    const together = listed.map((one) => ({ ...one, created_at: 7 }));
    expect(merged([...together].reverse(), [], ring)).toEqual(merged(together, [], ring));
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

describe("Which meetings are there (KEYR-7)", () => {
  /** The server's list, a meeting a page; returns how many pages were asked for. */
  const pages = (...all: readonly Listed[]) => {
    const asked = vi.fn((path: string) => {
      const at = Number(path.split("after=")[1] ?? 0);
      const body = { meetings: all.slice(at, at + 1), next: at + 1 < all.length ? String(at + 1) : null };
      return Promise.resolve(new Response(JSON.stringify(body), { status: 200, headers: { "Content-Type": "application/json" } }));
    });
    vi.stubGlobal("fetch", asked);
    return asked;
  };
  const shared = async (listed: readonly Listed[], ring: ReadonlyMap<string, Kept>) => {
    const { standing } = await share("alice", listed, ring, keys);
    return standing.state === "open" ? standing.links.map(({ meeting }) => meeting) : null;
  };

  it("is asked no page further than it takes to see every link's", async () => {
    const all = own("a", "b", "c", "d");
    const asked = pages(...all);
    links = [link("b")];
    expect(await shared(all.slice(0, 1), new Map())).toEqual(["b"]);
    expect(asked).toHaveBeenCalledTimes(2);
  });

  it("is asked anew before a link is added: its meeting may have been deleted elsewhere since the page was shown", async () => {
    links = [link("a")];
    const asked = pages(...own("a", "c"));
    expect(await shared(own("a", "b", "c"), new Map([here("b")]))).toEqual(["a"]);
    expect(asked).toHaveBeenCalledTimes(2);
    expect(await shared(own("a", "b"), new Map())).toEqual(["a"]);
    expect(asked).toHaveBeenCalledTimes(2); // nothing is new: nothing is asked
  });
});
