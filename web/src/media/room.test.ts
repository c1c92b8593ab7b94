import { LocalTrackPublication } from "livekit-client";
import { expect, it, vi } from "vitest";
import "./room";

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
