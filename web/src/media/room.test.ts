import { LocalTrackPublication, RoomEvent, Track, type RemoteParticipant } from "livekit-client";
import { beforeEach, expect, it, vi } from "vitest";
import type { Frames } from "../e2ee/frames.client";
import type { OwnTrack } from "./devices";
import { Media } from "./room";

const TICKET = { url: "/media/de", token: "t", ice_servers: [] };

beforeEach(() => {
  vi.stubGlobal("document", { createElement: () => ({ remove: vi.fn() }), body: { append: vi.fn() } });
  vi.stubGlobal("location", { href: "https://meet.example/m/x" });
});

/** A room in which the path is made by `path`, once the server knows us. */
function media(path: (media: Media) => void): Media {
  const made = new Media({} as unknown as Frames, "alice", { changed: vi.fn(), lost: vi.fn(), back: vi.fn(), over: vi.fn() });
  vi.spyOn(made.room, "connect").mockImplementation(() => {
    made.room.localParticipant.identity = "alice";
    made.room.emit(RoomEvent.SignalConnected);
    path(made);
    return Promise.resolve();
  });
  return made;
}

it("Asks for what others published while the path was being made, of which livekit-client tells nothing (REG-6)", async () => {
  const publication = { source: Track.Source.Camera, isDesired: false, setSubscribed: vi.fn() };
  const bob = { identity: "bob", trackPublications: new Map([["sid", publication]]) } as unknown as RemoteParticipant;
  const moved = media(({ room }) => { room.remoteParticipants.set("bob", bob); });
  moved.setMembers(new Map([["bob", new Set(["camera" as const])]]));
  await moved.connect(TICKET, vi.fn());
  expect(publication.setSubscribed.mock.calls).toEqual([[true]]);
});

it("Gives a room that does not know us no track, which livekit-client would stop after 15 s (REG-6)", async () => {
  const track = {} as OwnTrack;
  const made = media(() => undefined);
  const sends = vi.spyOn(made.room.localParticipant, "publishTrack").mockResolvedValue({} as unknown as LocalTrackPublication);
  await made.publish(track, Track.Source.Camera);
  expect(sends).not.toHaveBeenCalled();
  await made.connect(TICKET, () => void made.publish(track, Track.Source.Camera));
  expect(sends).toHaveBeenCalledExactlyOnceWith(track, { source: Track.Source.Camera });
  made.room.emit(RoomEvent.Disconnected);
  await made.publish(track, Track.Source.Camera);
  expect(sends).toHaveBeenCalledOnce();
});

it("Obeys no word of the server on whether the own microphone or camera is on (FRM-5, I10)", async () => {
  const track = { mute: vi.fn(), unmute: vi.fn() };
  const publication = Object.create(LocalTrackPublication.prototype) as LocalTrackPublication;
  Object.defineProperty(publication, "track", { value: track });
  // What livekit-client calls when the server says "mute" or "unmute".
  await publication.mute();
  await publication.unmute();
  expect(track.mute).not.toHaveBeenCalled();
  expect(track.unmute).not.toHaveBeenCalled();
});
