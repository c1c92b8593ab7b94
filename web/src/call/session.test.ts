import { Track } from "livekit-client";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { Ticket } from "../api/join";
import type { Workers } from "../e2ee/workers";
import type { OwnTrack } from "../media/devices";
import type { MediaHooks, MediaTicket } from "../media/room";
import { Session, type SessionHooks } from "./session";
import type { MeetingSocket } from "./socket";

const { happened, rooms } = vi.hoisted(() => ({ happened: [] as string[], rooms: [] as MediaHooks[] }));
vi.mock("../media/room", () => ({
  Media: class {
    constructor(_frames: unknown, _self: string, hooks: MediaHooks) { rooms.push(hooks); }
    connect({ url }: MediaTicket, joined: () => void): Promise<void> {
      happened.push(`connect ${url}`);
      joined();
      return Promise.resolve();
    }
    publish(_track: OwnTrack, source: Track.Source): Promise<void> {
      happened.push(`publish ${source}`);
      return Promise.resolve();
    }
    disconnect(): Promise<void> { return Promise.resolve(); }
  },
}));

const ticket = (region: string): Ticket =>
  ({ participant: "p", call: "c", seat: "s", time: 1, region: { id: region }, socket: "/s", media: { url: `/media/${region}`, token: "t", ice_servers: [{ urls: `turn:${region}` }] } }) as unknown as Ticket;
const tracks = (...sources: Track.Source[]) => () => sources.map((source) => [source, {} as OwnTrack] as const);

function sit(regionLater: string): Session {
  const hooks = {
    changed: vi.fn(), lost: vi.fn(), back: vi.fn(), over: (reason: string) => happened.push(`over ${reason}`),
    again: () => {
      session.ticket = ticket(regionLater);
      return Promise.resolve(session.ticket);
    },
    moved: ({ media }: Ticket) => happened.push(`ice ${JSON.stringify(media.ice_servers)}`),
  } as unknown as SessionHooks;
  const socket = { start: vi.fn(), send: vi.fn(), close: vi.fn() } as unknown as MeetingSocket;
  const session = new Session({ keys: {}, frames: {} } as unknown as Workers, ticket("fr"), socket, hooks, null);
  return session;
}

describe("When the media room is gone", () => {
  beforeEach(() => {
    vi.useFakeTimers();
    happened.length = rooms.length = 0;
  });
  afterEach(() => { vi.useRealTimers(); });

  it("goes where the call has moved, with all that is sent now and over no ICE server of the region before (REG-6, REG-7)", async () => {
    const sent = [Track.Source.Camera];
    const session = sit("de");
    void session.enter(() => tracks(...sent)());
    expect(happened.splice(0)).toEqual(["connect /media/fr", "publish camera"]);
    sent.push(Track.Source.ScreenShare);
    rooms[0]?.over("closed");
    await vi.advanceTimersByTimeAsync(2_500);
    expect(happened).toEqual(['ice [{"urls":"turn:de"}]', "connect /media/de", "publish camera", "publish screen_share"]);
    await session.close(false);
  });

  it("is over where the call has not moved", async () => {
    void sit("fr").enter(tracks());
    rooms[0]?.over("closed");
    await vi.advanceTimersByTimeAsync(2_500);
    expect(happened).toEqual(["connect /media/fr", "over media_unavailable"]);
  });
});
