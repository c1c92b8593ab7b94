import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { Ticket } from "../api/join";
import { keep, type Kept } from "../e2ee/keyring";
import type { Workers } from "../e2ee/workers";
import type { Entry } from "./entry";
import { join, JoinRefused } from "./join";
import { Session, type SessionHooks } from "./session";
import { MeetingSocket } from "./socket";

vi.mock("../e2ee/keyring", () => ({ keep: vi.fn(() => Promise.resolve()), recall: vi.fn() }));
vi.mock("./session", () => ({ Session: vi.fn() }));
const closed = vi.fn();
vi.mock("./socket", () => ({ MeetingSocket: vi.fn(class { close = (): void => { closed(); }; }) }));

const KEPT: Kept = { secret: "s", hostHash: "h", hostKey: null, title: "", linkVersion: 2, policy: null, device: "d" };
const ENTRY: Entry = {
  meeting: "m", kept: KEPT, open: { meeting: "m", secret: "s", host_hash: "h" }, signatureKey: "key", identity: "seed", linkId: "link-id", again: null,
};
const AGAIN = { participant: "p", seat: "old", name: "Alice", identity: "seed", remember: "last", microphone: true, camera: true };
const TICKET = {
  v: 1, meeting: "m", call: "c", participant: "p", seat: "new", name: "Alice", role: "guest", time: 1, attestation: "a", attestation_signature: "b", attestation_key: "k",
  link_version: 2, region: { id: "local", territory: "" }, media: { url: "/media/local", token: "t", ice_servers: [{ urls: "turn:ours" }], addresses: ["127.0.0.1"], picture: "full" }, socket: "/api/v1/socket",
} satisfies Ticket;

let asked: { do: string; with: unknown }[];
let posted: Record<string, unknown>[];
let answers: (() => Response)[];
const allowed = vi.fn();
const workers = (seated: object = { participant: "p", call: "c", role: "guest" }): Workers =>
  ({
    keys: {
      ask: (operation: string, values: unknown) => {
        asked.push({ do: operation, with: values });
        return Promise.resolve(operation === "seated" ? seated : { signature_key: "fresh", identity: "other", link_id: "link-id" });
      },
    },
  }) as unknown as Workers;
const ok = (more: object = {}) => () => Response.json({ ...TICKET, ...more });
const refusal = (code: string, status: number) => () => Response.json({ error: { code, message: "" } }, { status });
const go = (entry = ENTRY, with_ = workers()) => join(entry, "Alice", with_, {} as SessionHooks, allowed);

beforeEach(() => {
  [asked, posted, answers] = [[], [], []];
  vi.clearAllMocks();
  vi.stubGlobal("sessionStorage", { removeItem: vi.fn(), getItem: () => null, setItem: vi.fn() });
  vi.stubGlobal("fetch", (_path: string, init: { body: string }) => {
    posted.push(JSON.parse(init.body) as Record<string, unknown>);
    const answer = answers.shift();
    return answer ? Promise.resolve(answer()) : Promise.reject(new TypeError("no network"));
  });
});
afterEach(() => { vi.unstubAllGlobals(); });

describe("Joining", () => {
  it("asks for a seat with the link's id and never with its secret (I8)", async () => {
    answers = [ok()];
    await go();
    expect(posted).toEqual([{ v: 1, meeting: "m", link_id: "link-id", name: "Alice", signature_key: "key", device: "d" }]);
    expect(Session).toHaveBeenCalledOnce();
  });

  it("shows the invitation that came with the link (LINK-9)", async () => {
    answers = [ok()];
    await go({ ...ENTRY, kept: { ...KEPT, invitation: "mine" } });
    expect(posted[0]).toMatchObject({ invitation: "mine" });
  });

  it("takes ICE servers from the ticket before anything connects (JOIN-10)", async () => {
    answers = [ok()];
    await go();
    expect(allowed).toHaveBeenCalledWith([{ urls: "turn:ours" }]);
  });

  it("takes its own seat back after a reload, with what it knew of the group (JOIN-2, LOG-12)", async () => {
    answers = [ok()];
    await go({ ...ENTRY, again: AGAIN });
    expect(posted[0]).toMatchObject({ again: { participant: "p", seat: "old" }, signature_key: "key" });
    expect(vi.mocked(Session).mock.calls[0]?.[4]).toBe("last");
  });

  it("knocks with a former link, and goes on with the new one that a host sealed to it (LINK-8)", async () => {
    const said: unknown[] = [];
    vi.stubGlobal("location", new URL("https://meet.example/m/m"));
    vi.stubGlobal("WebSocket", class {
      static readonly OPEN = 1;
      readonly readyState = 1;
      onopen?: () => void;
      onmessage?: (event: { data: string }) => void;
      constructor() { queueMicrotask(() => this.onopen?.()); }
      send(text: string): void {
        said.push(JSON.parse(text));
        this.onmessage?.({ data: JSON.stringify({ t: "admitted", sealed: "for us alone" }) });
      }
      close(): void { /* nothing is left open */ }
    });
    const given: Record<string, object> = {
      seal_key: { seal_key: "to", seal_signature: "ours" }, open_link: { secret: "another", link_id: "another-id", link_version: 3 },
      seated: { participant: "p", call: "c", role: "guest" },
    };
    const keys = { ask: (operation: string, values: unknown) => { asked.push({ do: operation, with: values }); return Promise.resolve(given[operation]); } };
    answers = [refusal("link_old", 403), () => Response.json({ knock: "k", secret: "word", socket: "/api/v1/waiting" }), ok({ link_version: 3 })];
    const { entry } = await go(ENTRY, { keys } as unknown as Workers);
    expect(posted[1]).toMatchObject({ link_id: "link-id", seal_key: "to", seal_signature: "ours" });
    expect(said).toEqual([{ t: "wait", knock: "k", secret: "word" }]);
    expect(asked).toContainEqual({ do: "open_link", with: { sealed: "for us alone" } });
    expect(posted[2]).toMatchObject({ link_id: "another-id", pass: { knock: "k", secret: "word" } });
    expect([entry.kept.secret, entry.kept.linkVersion, entry.linkId]).toEqual(["another", 3, "another-id"]);
    expect(keep).toHaveBeenCalledWith("m", { ...KEPT, secret: "another", linkVersion: 3, former: ["link-id"] });

    // LINK-3: not even a host's seal brings an older one back.
    given["open_link"] = { secret: "first", link_id: "first-id", link_version: 1 };
    answers = [refusal("link_old", 403), () => Response.json({ knock: "k", secret: "word", socket: "/api/v1/waiting" })];
    await expect(go(ENTRY, { keys } as unknown as Workers)).rejects.toMatchObject({ code: "link_old" });
  });

  it("comes as somebody new, with a new key, when the seat is gone (JOIN-2)", async () => {
    answers = [refusal("seat_unknown", 409), ok()];
    const { entry } = await go({ ...ENTRY, again: AGAIN });
    expect(posted[1]).toMatchObject({ signature_key: "fresh" });
    expect(posted[1]).not.toHaveProperty("again");
    expect(asked[0]).toEqual({ do: "open", with: { meeting: "m", secret: "s", host_hash: "h" } });
    expect(entry.again).toBeNull();
  });

  it("does not forget the group with the seat: a server that knows no seats would wipe lock, hosts and bans (LOG-12)", async () => {
    answers = [refusal("seat_unknown", 409), ok()];
    await go({ ...ENTRY, again: AGAIN });
    expect(vi.mocked(Session).mock.calls[0]?.[4]).toBe("last");
  });

  it.each([["link_unknown", 404], ["name_forbidden", 422], ["removed", 403], ["call_full", 503]])("says why when it is refused: %s", async (code, status) => {
    answers = [refusal(code, status)];
    await expect(go()).rejects.toEqual(new JoinRefused(code));
    expect(closed).toHaveBeenCalledOnce();
  });

  it("stands in line where the region is full, asks again by itself, and says where (REG-3)", async () => {
    vi.useFakeTimers();
    const full = (position: number) => () => Response.json({ error: { code: "place_awaited", message: "", again_at: 1, position } }, { status: 503 });
    const stood: number[] = [];
    answers = [full(2), full(1), ok()];
    const going = join(ENTRY, "Alice", workers(), {} as SessionHooks, allowed, { stands: (position) => stood.push(position) });
    await vi.advanceTimersByTimeAsync(5_000);
    await going;
    expect(stood).toEqual([2, 1, 0]);
    vi.useRealTimers();
  });

  it("says whose rule it is when an organisation's policy refuses (RULE-4)", async () => {
    const ruled = () => Response.json({ error: { code: "organisation_guests", message: "", organisation: "Harbour School", rule: "guests" } }, { status: 403 });
    answers = [ruled];
    await expect(go()).rejects.toMatchObject({ code: "organisation_guests", organisation: "Harbour School" });
  });

  it("opens the meeting socket while it asks, and keeps it", async () => {
    answers = [ok()];
    const going = go();
    expect(MeetingSocket).toHaveBeenCalledWith("/api/v1/socket");
    await going;
    expect(closed).not.toHaveBeenCalled();
  });

  it("says so when the server does not answer, or answers rubbish", async () => {
    await expect(go()).rejects.toEqual(new JoinRefused("server_unreachable"));
    answers = [() => new Response("<html>", { status: 502 })];
    await expect(go()).rejects.toEqual(new JoinRefused("server_unreachable"));
  });

  it("refuses a server that falls back to an older link (LINK-3)", async () => {
    answers = [ok({ link_version: 1 })];
    await expect(go()).rejects.toEqual(new JoinRefused("link_old"));
    expect(keep).not.toHaveBeenCalled();
  });

  it("keeps the highest link version it has seen (LINK-3)", async () => {
    answers = [ok({ link_version: 3 })];
    await go();
    expect(keep).toHaveBeenCalledWith("m", { ...KEPT, linkVersion: 3 });
  });

  it("refuses a ticket whose attestation names another participant (JOIN-4)", async () => {
    answers = [ok()];
    await expect(go(ENTRY, workers({ participant: "mallory", call: "c" }))).rejects.toEqual(new JoinRefused("malformed"));
  });
});
