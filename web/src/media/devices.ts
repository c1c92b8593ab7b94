/** Own microphone and camera: preview, on and off, choosing, unplugging. A refusal is a state people can read, never an exception. */
import { createLocalTracks, LocalAudioTrack, LocalVideoTrack, Track, type AudioCaptureOptions, type LocalTrack, type VideoCaptureOptions } from "livekit-client";
import { remembered, remember } from "./remembered";
import { watchLevel, watchSent, type LevelHooks } from "./level";

export type DeviceState = "on" | "off" | "asking" | "refused" | "missing" | "taken";
export type DeviceKind = "microphone" | "camera";
export interface Device { readonly id: string; readonly label: string }
export interface DevicesState {
  readonly microphones: readonly Device[];
  readonly cameras: readonly Device[];
  readonly speakers: readonly Device[];
  readonly microphone: string | null;
  readonly camera: string | null;
  readonly speaker: string | null;
  readonly microphoneState: DeviceState;
  readonly cameraState: DeviceState;
}

export const NO_DEVICES: DevicesState = {
  microphones: [], cameras: [], speakers: [], microphone: null, camera: null, speaker: null, microphoneState: "off", cameraState: "off",
};

export interface DevicesHooks extends LevelHooks {
  changed(state: DevicesState): void;
  /** A track to publish, for as long as we are in a call. */
  track(source: Track.Source, track: OwnTrack): void;
  /** The device in use went away. */
  gone(kind: DeviceKind): void;
}

export type OwnTrack = LocalAudioTrack | LocalVideoTrack;
/** A track and what it is a picture or sound of. */
export type Published = readonly [Track.Source, OwnTrack];

const SOURCE = { microphone: Track.Source.Microphone, camera: Track.Source.Camera } as const;

export class Devices {
  readonly #hooks: DevicesHooks;
  #state: DevicesState;
  #microphone: LocalAudioTrack | null = null;
  #camera: LocalVideoTrack | null = null;
  #unwatch: (() => void) | null = null;
  #sending = false;

  constructor(hooks: DevicesHooks) {
    this.#hooks = hooks;
    this.#state = { ...NO_DEVICES, ...remembered() };
    navigator.mediaDevices.addEventListener("devicechange", this.#replugged);
  }

  get state(): DevicesState {
    return this.#state;
  }

  get tracks(): readonly Published[] {
    const tracks: Published[] = [];
    if (this.#microphone) tracks.push([Track.Source.Microphone, this.#microphone]);
    if (this.#camera) tracks.push([Track.Source.Camera, this.#camera]);
    return tracks;
  }

  get camera(): LocalVideoTrack | null {
    return this.#camera;
  }

  /** In a call, where our sound goes out. */
  set sending(sending: boolean) {
    this.#sending = sending;
    this.#watch();
  }

  /** Asks for both at once, so that people meet one question; when that fails, for each alone, to learn which one is the trouble. */
  async preview(wanted: Readonly<Record<DeviceKind, boolean>>): Promise<void> {
    this.#set({ ...(wanted.microphone ? { microphoneState: "asking" } : {}), ...(wanted.camera ? { cameraState: "asking" } : {}) });
    if (wanted.microphone && wanted.camera && !this.#microphone && !this.#camera) {
      const both = await createLocalTracks({ audio: this.#audio(), video: this.#video() }).catch(() => null);
      if (both) {
        for (const track of both) this.#take(track);
        await this.#list();
        return;
      }
    }
    if (wanted.microphone) await this.turn("microphone", true);
    if (wanted.camera) await this.turn("camera", true);
  }

  async turn(kind: DeviceKind, on: boolean): Promise<void> {
    const track = kind === "microphone" ? this.#microphone : this.#camera;
    try {
      if (!on) await track?.mute();
      else if (track) await track.unmute();
      else {
        this.#state = { ...this.#state, [`${kind}State`]: "asking" };
        this.#hooks.changed(this.#state);
        const [made] = await createLocalTracks(kind === "microphone" ? { audio: this.#audio(), video: false } : { audio: false, video: this.#video() });
        if (made) this.#take(made);
        await this.#list();
      }
      this.#set({ [`${kind}State`]: on ? "on" : "off" });
      if (kind === "microphone" && track) this.#watch();
    } catch (error) {
      this.#set({ [`${kind}State`]: stateOf(error) });
      // Another one may work where this one is taken.
      await this.#list();
    }
  }

  async choose(kind: DeviceKind | "speaker", id: string): Promise<void> {
    this.#set({ [kind]: id });
    remember(kind, id);
    if (kind === "speaker") return;
    const track = kind === "microphone" ? this.#microphone : this.#camera;
    try {
      if (track) await track.setDeviceId({ exact: id });
      else await this.turn(kind, true);
      if (kind === "microphone") this.#watch();
    } catch (error) {
      this.#set({ [`${kind}State`]: stateOf(error) });
    }
  }

  /** Lets go of both: their lights go out. Returns what was on, for coming back. */
  release(): Readonly<Record<DeviceKind, boolean>> {
    const { microphoneState, cameraState } = this.#state;
    const tracks = [this.#microphone, this.#camera];
    this.#microphone = null;
    this.#camera = null;
    for (const track of tracks) track?.stop();
    this.sending = false;
    const off = (state: DeviceState): DeviceState => (state === "on" || state === "asking" ? "off" : state);
    this.#set({ microphoneState: off(microphoneState), cameraState: off(cameraState) });
    return { microphone: microphoneState === "on", camera: cameraState === "on" };
  }

  #audio(): AudioCaptureOptions {
    return { echoCancellation: true, noiseSuppression: true, autoGainControl: true, ...ideal(this.#state.microphone) };
  }

  #video(): VideoCaptureOptions {
    return { resolution: { width: 1280, height: 720, frameRate: 30 }, ...ideal(this.#state.camera) };
  }

  #take(track: LocalTrack): void {
    const kind: DeviceKind = track instanceof LocalAudioTrack ? "microphone" : "camera";
    if (track instanceof LocalAudioTrack) this.#microphone = track;
    else if (track instanceof LocalVideoTrack) this.#camera = track;
    else return;
    track.source = SOURCE[kind];
    track.on("ended", () => {
      if (track !== this.#microphone && track !== this.#camera) return;
      this.#set({ [`${kind}State`]: "missing" });
      this.#hooks.gone(kind);
      if (kind === "microphone") this.#microphone = null;
      else this.#camera = null;
      this.#watch();
    });
    this.#set({ [kind]: track.mediaStreamTrack.getSettings().deviceId ?? null, [`${kind}State`]: "on" });
    if (kind === "microphone") this.#watch();
    this.#hooks.track(SOURCE[kind], track);
  }

  /** Listening to a microphone costs as much as sending it, so a call that sends it does not listen beside. */
  #watch(): void {
    this.#unwatch?.();
    this.#unwatch = null;
    if (!this.#microphone) return;
    const sent = this.#sending && this.#state.microphoneState === "on";
    this.#unwatch = sent ? watchSent(this.#microphone, () => { this.#hooks.dead(); }) : watchLevel(this.#microphone.mediaStreamTrack, this.#hooks);
  }

  readonly #replugged = (): void => { void this.#list(); };

  async #list(): Promise<void> {
    const all = await navigator.mediaDevices.enumerateDevices().catch((): MediaDeviceInfo[] => []);
    const of = (kind: MediaDeviceKind): Device[] =>
      all.filter((device) => device.kind === kind && device.deviceId !== "").map(({ deviceId, label }) => ({ id: deviceId, label }));
    this.#set({ microphones: of("audioinput"), cameras: of("videoinput"), speakers: of("audiooutput") });
  }

  #set(change: Partial<DevicesState>): void {
    this.#state = { ...this.#state, ...change };
    this.#hooks.changed(this.#state);
  }
}

function ideal(id: string | null): { deviceId?: ConstrainDOMString } {
  return id === null ? {} : { deviceId: { ideal: id } };
}

function stateOf(error: unknown): DeviceState {
  switch (error instanceof Error ? error.name : "") {
    case "NotAllowedError":
    case "SecurityError":
      return "refused";
    case "NotReadableError":
    case "AbortError":
      return "taken";
    default:
      return "missing";
  }
}
