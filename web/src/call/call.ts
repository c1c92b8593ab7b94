/** The Call: everything the screens can do, and the one state they read (contract.ts). Lives outside React, once per page. */
import { Track } from "livekit-client";
import { ApiError } from "../api/http";
import { askLobby } from "../api/join";
import { install } from "../e2ee/guard";
import { keep, recall } from "../e2ee/keyring";
import type { Right } from "../e2ee/mls";
import { meetingOf, takeFragment } from "../e2ee/link";
import { probe } from "../e2ee/probe";
import { startWorkers } from "../e2ee/workers";
import { Devices, type DeviceKind, type DevicesState } from "../media/devices";
import { Tiles, type Picture } from "../media/tiles";
import { rememberAttended, signedAttendance } from "./attendance";
import { isTypedReason, type Call, type CallState, type EndReason, type Piece } from "./contract";
import { prepare, type Entry } from "./entry";
import { InCall } from "./incall";
import { join, JoinRefused } from "./join";
import { Route } from "./route";
import { dropSeat } from "./seat";
import { Sharing } from "./sharing";
import { NO_RULES } from "./rules";
import { createCallStore, toast } from "./store";
import { verified } from "./verify";

/** After these another attempt makes no sense, or is not ours to offer. */
const FINAL: ReadonlySet<string> = new Set(["removed", "banned", "ordered", "ended", "link_unknown", "link_incomplete", "browser_unfit", "misbehaved", "knock_blocked", "sign_in_required", "invitation_required", "organisation_guests", "organisation_sign_in", "organisation_sso", "organisation_clients", "region_forbidden"]);
/** What a live call comes back from by itself: the seat is taken again, nobody has to press anything. */
const PASSING: ReadonlySet<string> = new Set(["media_unavailable", "server_unreachable", "restarting", "seat_unknown"]);
const RETRIES = 5;
const RETRY_MS = 1_500;
/** A call that lasted this long may be lost and found as often as it takes. */
const STEADY_MS = 60_000;
const LEVEL_STEP = 0.02;

/** Reads and erases the link at once (LINK-1), so call it before anything else on the page. */
export function createCall(): Call {
  const meeting = meetingOf(location.pathname);
  const fragment = takeFragment(location, history);
  const store = createCallStore(meeting);
  const workers = startWorkers();
  const tiles = new Tiles();
  const route = new Route(store);
  let iceServers: RTCIceServer[] = [];
  let entry: Promise<Entry | null> = prepare(meeting, fragment, workers.keys);
  let inCall: InCall | null = null;
  let name = "";
  let passcode: string | undefined;
  let door: AbortController | null = null;
  let retries = 0;
  let previewing: Promise<void> | null = null;
  let wasOn: Readonly<Record<DeviceKind, boolean>> = { microphone: true, camera: true };

  const end = (reason: string, { by = "", organisation = "", againAt = null, notice = "" }: { readonly by?: string; readonly organisation?: string; readonly againAt?: number | null; readonly notice?: string } = {}): void => {
    inCall = null;
    route.stop();
    door?.abort();
    void sharing.set(false);
    const why = reason as EndReason;
    // Whoever is out of the call is seen and heard by nothing any more; whoever only mends what they typed stands before the same preview.
    if (store.getState().phase.at !== "over" && !isTypedReason(why)) wasOn = devices.release();
    tiles.refresh();
    store.setState({ phase: { at: "over", reason: why, again: !FINAL.has(reason), againAt, ...(by === "" ? {} : { by }), ...(organisation === "" ? {} : { organisation }), ...(notice === "" ? {} : { notice }) }, people: [], knocks: [], toasts: [], rules: NO_RULES, steppedDown: false });
  };

  const over = (reason: string, by?: string): void => {
    const liveFor = inCall?.liveFor ?? 0;
    if (liveFor > STEADY_MS) retries = 0;
    inCall = null;
    if (liveFor > 0 && PASSING.has(reason)) retry(reason);
    else end(reason, by === undefined ? {} : reason === "ordered" ? { notice: by } : { by });
  };

  const retry = (reason: string): void => {
    if (++retries > RETRIES) { end(reason); return; }
    store.setState({ phase: { at: "reconnecting", since: Date.now(), lost: reason === "media_unavailable" ? "media" : "socket" } });
    setTimeout(() => { if (store.getState().phase.at === "reconnecting") void again(); }, RETRY_MS * retries);
  };

  const picture = (participant: string, kind: Picture): Track | null => {
    const self = participant === "" || participant === inCall?.session.ticket.participant;
    if (self && kind === "camera") return devices.state.cameraState === "on" ? devices.camera : null;
    if (self) return sharing.track;
    return inCall?.session.media.picture(participant, kind === "camera" ? Track.Source.Camera : Track.Source.ScreenShare) ?? null;
  };

  const devicesChanged = (state: DevicesState): void => {
    store.setState({ devices: state });
    tiles.refresh();
    inCall?.remember(state);
  };
  const devices = new Devices({
    changed: devicesChanged,
    level: (level) => { if (Math.abs(level - store.getState().level) > LEVEL_STEP) store.setState({ level }); },
    speaking: () => { if (inCall && store.getState().devices.microphoneState === "off") toast(store, "speaking_muted"); },
    dead: () => { if (store.getState().devices.microphoneState === "on") toast(store, "microphone_dead"); },
    track: (source, track) => void inCall?.session.media.publish(track, source).catch(() => undefined),
    gone: () => { toast(store, "device_lost"); },
  });
  const sharing = new Sharing(() => inCall?.session.media ?? null, () => { toast(store, "share_ended"); });
  tiles.use(picture);
  workers.frames.onReadings((pipes) => { inCall?.readings(pipes); });

  // Before the guard takes its place: the probe guards a connection of its own.
  const Native = (globalThis as Partial<typeof globalThis>).RTCPeerConnection;
  const fit = probe(Native);
  try {
    install({ frames: workers.frames, iceServers: () => iceServers, failed: () => { void inCall?.session.close(true); end("browser_unfit"); } });
  } catch {
    end("browser_unfit");
  }

  const enter = async (): Promise<void> => {
    const [ready, first] = await Promise.all([entry.catch(() => null), fit]);
    // On a network without a way out, a browser shows its addresses only to a page that may use a device, as this one may by now.
    const fitness = first === "no_answer" ? await Promise.resolve(previewing).then(() => probe(Native)) : first;
    if (fitness !== "fit") { end("browser_unfit"); return; }
    if (!ready) { end("link_incomplete"); return; }
    const made = new InCall(store, tiles, ready, over, ({ media }) => { iceServers = media.ice_servers; route.follow(made.session); });
    try {
      door = new AbortController();
      const waits = (waiting: boolean): void => { store.setState({ phase: waiting ? { at: "waiting" } : { at: "joining", step: "asking" } }); };
      const stands = (position: number): void => { store.setState({ phase: position === 0 ? { at: "joining", step: "asking" } : { at: "in_line", position } }); };
      const asked = { ...(passcode === undefined ? {} : { passcode }), signal: door.signal, waits, stands };
      const joined = await join(ready, name, workers, made.hooks, (servers) => { iceServers = servers; }, asked);
      inCall = made;
      entry = Promise.resolve(joined.entry);
      route.follow(joined.session);
      await made.run(joined, devices, workers.keys, () => sharing.tracks);
    } catch (error) {
      // Whoever left meanwhile, or was ended with a better reason, has nothing to hear of this.
      const { at } = store.getState().phase;
      if (inCall !== made && at !== "joining" && at !== "waiting" && at !== "in_line" && at !== "reconnecting") return;
      if (inCall === made) await made.session.close(true);
      inCall = null;
      const code = error instanceof JoinRefused ? error.code : "media_unavailable";
      if (retries > 0 && PASSING.has(code)) retry(code);
      else end(code, error instanceof JoinRefused ? { againAt: error.againAt, organisation: error.organisation, notice: error.notice } : {});
    }
  };

  const again = async (): Promise<void> => {
    entry = prepare(meeting, "", workers.keys);
    await enter();
  };

  const preview = async (wanted: Readonly<Record<DeviceKind, boolean>>): Promise<void> => {
    previewing = devices.preview(wanted);
    await previewing;
  };

  const start = async (wanted: string, typed?: string): Promise<void> => {
    name = wanted;
    passcode = typed ?? passcode;
    retries = 0;
    // Whoever was faster than the lobby's preview still comes with picture and sound.
    if (!previewing) void preview({ microphone: true, camera: true });
    store.setState({ phase: { at: "joining", step: "asking" }, chat: [], unread: 0, toasts: [] });
    await enter();
  };

  /** What the lobby shows. A former link of a meeting whose newer one this device has kept opens that one (LINK-6). */
  const greet = async (ready: Entry): Promise<Entry> => {
    try {
      const { title, inviter, region, other_regions: otherRegions, outside, passcode: asks, preset } = await askLobby(meeting, ready.linkId);
      store.setState({ title, inviter, region, otherRegions, outside, preset, passcode: asks && ready.kept.hostKey === null });
      return ready;
    } catch (error) {
      if (!(error instanceof ApiError) || error.code !== "link_old") throw error;
      const kept = await recall(meeting).catch(() => null);
      if (kept !== null && kept.secret !== ready.kept.secret) {
        // The invitation that came with the former link is this person's own as before (LINK-9).
        const { invitation } = ready.kept;
        if (invitation !== undefined) await keep(meeting, { ...kept, invitation }).catch(() => undefined);
        entry = prepare(meeting, "", workers.keys);
      }
      const newer = await entry;
      if (newer !== null && newer !== ready) return greet(newer);
      // A former link knocks.
      store.setState({ linkOld: true });
      return ready;
    }
  };

  const lobby = async (): Promise<void> => {
    const ready = await entry;
    if (!ready) { end("link_incomplete"); return; }
    void fit.then((fitness) => { if (fitness !== "fit" && fitness !== "no_answer" && store.getState().phase.at === "lobby") end("browser_unfit"); });
    const known = greet(ready);
    if (!ready.again) {
      await keep(meeting, (await known).kept).catch(() => undefined);
      return;
    }
    // A reload: nobody is asked again, and the seat says more than the lobby could.
    known.catch(() => undefined);
    await preview({ microphone: ready.again.microphone, camera: ready.again.camera });
    await start(ready.again.name);
  };
  // A page the browser had put aside has lost its connections: it comes back like a reload.
  addEventListener("pageshow", ({ persisted }) => { if (persisted) location.reload(); });
  void lobby().catch((error: unknown) => { end(error instanceof ApiError ? error.code : "browser_unfit"); });

  /** What the policy lets us do; before there is one, whatever the lobby offers. */
  const may = (right: Right): boolean => store.getState().people.find(({ self }) => self)?.may.includes(right) ?? true;

  const turn = async (kind: DeviceKind, on: boolean): Promise<void> => {
    if (on && !may(kind === "microphone" ? "unmute" : "video")) return;
    await devices.turn(kind, on);
    // The right may have gone while the browser asked.
    if (on && !may(kind === "microphone" ? "unmute" : "video")) { await devices.turn(kind, false); return; }
    // Whose right went and came back: the engine has let go of the track meanwhile.
    // Only this one: the other may be turned on while it is being published, and would stay muted for everybody else.
    const source = kind === "microphone" ? Track.Source.Microphone : Track.Source.Camera;
    if (on) for (const [of, track] of devices.tracks) if (of === source) void inCall?.session.media.publish(track, source).catch(() => undefined);
  };

  // A host's record of who was here outlives a reload of this tab.
  let recorded = 0;
  store.subscribe(({ hosting, security: { epoch } }) => {
    if (!hosting || epoch === recorded) return;
    recorded = epoch;
    void rememberAttended(meeting, workers.keys);
  });

  // A screen whose right went is shown by nobody: so it is not shown any more.
  store.subscribe(() => { if (sharing.track !== null && !may("share")) void sharing.set(false); });

  const giveBack = (piece: Piece | null): void => {
    const { rules } = store.getState();
    const withheld = inCall?.words.giveBack(piece, rules.withheld);
    if (withheld) store.setState({ rules: { ...rules, withheld } });
  };

  return {
    subscribe: (listener) => store.subscribe(listener),
    snapshot: (): CallState => store.getState(),
    preview: () => preview({ microphone: true, camera: true }),
    join: start,
    rejoin: async () => {
      retries = 0;
      // Told that the others' group is not the one from before, whoever presses comes as somebody new; by itself nothing is forgotten (LOG-12).
      const { phase } = store.getState();
      if (phase.at === "over" && phase.reason === "not_securing") dropSeat(meeting);
      store.setState({ phase: { at: "joining", step: "asking" } });
      void preview(wasOn);
      await again();
    },
    leave: async () => {
      const leaving = inCall;
      dropSeat(meeting);
      end(["waiting", "in_line"].includes(store.getState().phase.at) ? "stopped_waiting" : "left");
      await leaving?.session.close(true);
    },
    endForAll: async () => { await inCall?.session.endForAll(); },
    answer: (knocks, admit, block = false) => { inCall?.answer(knocks, admit, block); },
    remove: async (participant, ban) => { await inCall?.session.group.remove(participant, ban); },
    askBans: () => { inCall?.session.bans(); },
    unban: (ban) => { inCall?.session.bans(ban); },
    replaceLink: () => { inCall?.session.group.replaceLink(); },
    routeReceipt: () => route.file(),
    attendance: () => signedAttendance(workers.keys),
    makeCoHost: (participant) => { inCall?.setRole(participant, true); },
    unmakeCoHost: (participant) => { inCall?.setRole(participant, false); },
    setLocked: (on) => { inCall?.words.decide({ locked: on }); },
    setStrict: (on) => { inCall?.words.decide({ strict: on }); },
    setSuspended: (on) => {
      if (on) inCall?.words.decide({ suspended: true, locked: true });
      else giveBack(null);
    },
    giveBack,
    takeRole: () => { inCall?.takeRole(); },
    setMicrophone: (on) => turn("microphone", on),
    setCamera: (on) => turn("camera", on),
    setScreen: (on) => (on && (!may("share") || store.getState().screenTaken) ? Promise.resolve() : sharing.set(on)),
    setHand: async (up) => { await inCall?.setHand(up); },
    choose: async (kind, id) => {
      await devices.choose(kind, id);
      if (kind === "speaker") await inCall?.session.media.playback.choose(id);
    },
    say: async (text) => { if (may("chat")) await inCall?.talk.say(text); },
    react: async (what) => { if (may("reactions")) await inCall?.react(what); },
    rename: async (wanted) => {
      try {
        await inCall?.rename(wanted, workers);
        name = wanted;
        return true;
      } catch {
        return false;
      }
    },
    mute: async (participant) => { await inCall?.words.mute(participant); },
    askFor: async (participant, source) => { await inCall?.words.askFor(participant, source); },
    setRights: (rights) => { inCall?.words.setRights(rights); },
    setException: (participant, right, allowed) => { inCall?.words.setException(participant, right, allowed); },
    retry: async (line) => { await inCall?.talk.retry(line); },
    seenChat: () => { store.setState(({ toasts }) => ({ unread: 0, toasts: toasts.filter(({ kind }) => kind !== "chat" && kind !== "send_failed") })); },
    verifyCode: () => { store.setState(({ security }) => ({ security: verified(security, Date.now()) })); },
    dismiss: (id) => { store.setState(({ toasts }) => ({ toasts: toasts.filter((shown) => shown.id !== id) })); },
    link: async () => {
      const kept = inCall?.kept ?? (await entry.catch(() => null))?.kept;
      return kept ? `${location.origin}/m/${meeting}#${kept.secret}.${kept.hostHash}` : null;
    },
    attach: (participant, kind, element) => tiles.attach(participant, kind, element),
  };
}
