/** The Call: everything the screens can do, and the one state they read (contract.ts). Lives outside React, once per page. */
import { Track } from "livekit-client";
import { ApiError } from "../api/http";
import { askLobby } from "../api/join";
import { install } from "../e2ee/guard";
import { meetingOf, takeFragment } from "../e2ee/link";
import { probe } from "../e2ee/probe";
import { startWorkers } from "../e2ee/workers";
import { Devices } from "../media/devices";
import { shareScreen, type Share } from "../media/screen";
import { Tiles, type Picture } from "../media/tiles";
import * as chat from "./chat";
import type { Call, CallState, EndReason } from "./contract";
import { prepare, type Entry } from "./entry";
import { InCall } from "./incall";
import { join, JoinRefused } from "./join";
import { dropSeat } from "./seat";
import { createCallStore, toast } from "./store";
import { verified } from "./verify";

/** After these a new attempt makes no sense, or is not ours to offer. */
const FINAL: ReadonlySet<string> = new Set(["removed", "ended", "link_unknown", "link_incomplete", "link_old", "browser_unfit", "misbehaved"]);
const LEVEL_STEP = 0.02;

/** Reads and erases the link at once (LINK-1), so call it before anything else on the page. */
export function createCall(): Call {
  const meeting = meetingOf(location.pathname);
  const fragment = takeFragment(location, history);
  const store = createCallStore(meeting);
  const workers = startWorkers();
  const tiles = new Tiles();
  let iceServers: RTCIceServer[] = [];
  let entry: Promise<Entry | null> = prepare(meeting, fragment, workers.keys);
  let inCall: InCall | null = null;
  let share: Share | null = null;
  let name = "";

  const over = (reason: string): void => {
    share?.stop();
    share = null;
    inCall = null;
    tiles.use(picture);
    store.setState({ phase: { at: "over", reason: reason as EndReason, again: !FINAL.has(reason) }, people: [], toasts: [] });
  };

  // Before the guard takes its place: the probe guards a connection of its own.
  const fit = probe((globalThis as Partial<typeof globalThis>).RTCPeerConnection);
  try {
    install({ frames: workers.frames, iceServers: () => iceServers, failed: () => { void inCall?.session.close(true); over("browser_unfit"); } });
  } catch {
    over("browser_unfit");
  }

  workers.frames.onReadings((pipes) => { inCall?.readings(pipes); });

  const devices = new Devices({
    changed: (state) => {
      store.setState({ devices: state });
      tiles.refresh();
      inCall?.remember(state);
    },
    level: (level) => { if (Math.abs(level - store.getState().level) > LEVEL_STEP || (level === 0 && store.getState().level > 0)) store.setState({ level }); },
    speaking: () => { if (store.getState().devices.microphoneState === "off" && inCall) toast(store, "speaking_muted"); },
    dead: () => { if (store.getState().devices.microphoneState === "on") toast(store, "microphone_dead"); },
    track: (source, track) => void inCall?.session.media.publish(track, source).catch(() => undefined),
    gone: () => { toast(store, "device_lost"); },
  });

  const picture = (participant: string, kind: Picture): Track | null => {
    const self = participant === "" || participant === inCall?.session.ticket.participant;
    if (self && kind === "camera") return devices.state.cameraState === "on" ? devices.camera : null;
    return inCall?.session.media.picture(participant, kind === "camera" ? Track.Source.Camera : Track.Source.ScreenShare) ?? null;
  };
  tiles.use(picture);

  const enter = async (wanted: string): Promise<void> => {
    name = wanted;
    store.setState({ phase: { at: "joining", step: "asking" }, chat: [], unread: 0, toasts: [] });
    const [ready, fitness] = await Promise.all([entry.catch(() => null), fit]);
    if (fitness !== "fit") { over("browser_unfit"); return; }
    if (!ready) { over("link_incomplete"); return; }
    const made = new InCall(store, tiles, ready, over);
    try {
      const joined = await join(ready, wanted, workers, made.hooks, (servers) => { iceServers = servers; });
      inCall = made;
      entry = Promise.resolve(joined.entry);
      await made.run(joined, devices, workers.keys);
    } catch (error) {
      if (inCall === made || error instanceof JoinRefused) {
        if (inCall === made) await made.session.close(true);
        over(error instanceof JoinRefused ? error.code : "media_unavailable");
      }
    }
  };

  const again = async (): Promise<void> => {
    entry = prepare(meeting, "", workers.keys);
    await enter(name);
  };

  const lobby = async (): Promise<void> => {
    const ready = await entry;
    if (!ready) { over("link_incomplete"); return; }
    void fit.then((fitness) => { if (fitness !== "fit" && store.getState().phase.at === "lobby") over("browser_unfit"); });
    if (ready.again) {
      const { microphone, camera, name: before } = ready.again;
      await devices.preview({ microphone, camera });
      await enter(before);
      return;
    }
    const { title, inviter, region } = await askLobby(meeting, ready.linkId);
    store.setState({ title, inviter, region });
  };
  void lobby().catch((error: unknown) => { over(error instanceof ApiError ? error.code : "browser_unfit"); });

  const setShare = async (on: boolean): Promise<void> => {
    const media = inCall?.session.media;
    if (!media) return;
    if (!on) {
      const ending = share;
      share = null;
      ending?.stop();
      for (const [, track] of ending?.tracks ?? []) await media.unpublish(track);
      return;
    }
    share = await shareScreen(() => { toast(store, "share_ended"); void setShare(false); });
    for (const [source, track] of share?.tracks ?? []) await media.publish(track, source);
  };

  return {
    subscribe: (listener) => store.subscribe(listener),
    snapshot: (): CallState => store.getState(),
    preview: () => devices.preview({ microphone: true, camera: true }),
    join: enter,
    rejoin: again,
    leave: async () => {
      const leaving = inCall;
      dropSeat(meeting);
      over("left");
      await leaving?.session.close(true);
    },
    endForAll: async () => { await inCall?.session.endForAll(); },
    remove: async (participant) => { await inCall?.session.remove(participant); },
    setMicrophone: (on) => devices.turn("microphone", on),
    setCamera: (on) => devices.turn("camera", on),
    setScreen: setShare,
    setHand: async (up) => { await inCall?.setHand(up); },
    choose: async (kind, id) => {
      await devices.choose(kind, id);
      if (kind === "speaker") await inCall?.session.media.playback.choose(id);
    },
    say: async (text) => { await inCall?.chat(text); },
    seenChat: () => { store.setState(({ chat: lines, unread }) => ({ unread: chat.seen({ lines, unread }).unread })); },
    verifyCode: () => { store.setState(({ security }) => ({ security: verified(security, Date.now()) })); },
    dismiss: (id) => { store.setState(({ toasts }) => ({ toasts: toasts.filter((shown) => shown.id !== id) })); },
    attach: (participant, kind, element) => tiles.attach(participant, kind, element),
  };
}
