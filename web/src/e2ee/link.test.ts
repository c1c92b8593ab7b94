import fc from "fast-check";
import { describe, expect, it, vi } from "vitest";
import { textOf } from "./base64";
import { meetingOf, parseFragment, takeFragment } from "./link";

const MEETING = textOf(new Uint8Array(16).fill(1));
const SECRET = textOf(new Uint8Array(16).fill(2));
const HASH = textOf(new Uint8Array(16).fill(3));
const INVITATION = textOf(new Uint8Array(16).fill(5));
const SEED = textOf(new Uint8Array(32).fill(4));

describe("A link (LINK-2)", () => {
  it("is a guest's with a hash, a host's with a seed, and one person's own with an invitation (LINK-9)", () => {
    const guest = { meeting: MEETING, secret: SECRET, hostHash: HASH, hostKey: null, invitation: null };
    expect(parseFragment(MEETING, `#${SECRET}.${HASH}`)).toEqual(guest);
    expect(parseFragment(MEETING, `#${SECRET}.${SEED}`)).toEqual({ ...guest, hostHash: null, hostKey: SEED });
    expect(parseFragment(MEETING, `#${SECRET}.${HASH}.${INVITATION}`)).toEqual({ ...guest, invitation: INVITATION });
  });

  it("is refused when it is cut anywhere, and nothing is sent for it", () => {
    const whole = `#${SECRET}.${SEED}`;
    for (let length = 0; length < whole.length; length++) {
      // A host link cut to the length of a guest link still has a hash-sized end, which then fits no meeting; every other cut is seen here.
      if (length === whole.length - 21) continue;
      expect(parseFragment(MEETING, whole.slice(0, length))).toBeNull();
    }
    const personal = `#${SECRET}.${HASH}.${INVITATION}`;
    // Without its last part it is a guest's link, which the door judges.
    for (let length = 0; length < personal.length; length++) {
      if (length !== personal.length - 1 - INVITATION.length) expect(parseFragment(MEETING, personal.slice(0, length))).toBeNull();
    }
  });

  it.each([`#${SECRET}.${HASH}.x`, `#${SECRET}.${HASH}.`, `#${SECRET}.${SEED}.${INVITATION}`, `#${SECRET}.${HASH}.${INVITATION}.${INVITATION}`, `#${SECRET}`, `#${SECRET}.${HASH}=`, `#${SECRET} .${HASH}`, `#${SECRET.slice(0, -1)}B.${HASH}`, "#", ""])("is refused as %s", (fragment) => {
    expect(parseFragment(MEETING, fragment)).toBeNull();
  });

  it("is never made of anything random", () => {
    fc.assert(fc.property(fc.string(), (text) => { expect(parseFragment(MEETING, `#${text}`)).toBeNull(); }));
  });

  it("needs the meeting's whole id", () => {
    expect(parseFragment(MEETING.slice(1), `#${SECRET}.${HASH}`)).toBeNull();
    expect(meetingOf(`/m/${MEETING}`)).toBe(MEETING);
    expect(meetingOf(`/m/${MEETING}/x`)).toBe("");
  });
});

describe("The fragment (LINK-1)", () => {
  it("leaves the address bar as it is read", () => {
    const replaceState = vi.fn();
    const hash = takeFragment({ hash: "#secret", pathname: "/m/x", search: "" } as Location, { state: null, replaceState } as unknown as History);
    expect(hash).toBe("#secret");
    expect(replaceState).toHaveBeenCalledWith(null, "", "/m/x");
  });
});
