/**
 * The LiveKit room: carries frames that only members can open, and is believed in nothing else. Who is who comes from the group;
 * here a participant is only an id under which sealed frames arrive.
 */
import { LocalTrackPublication, ParticipantEvent, RemoteTrack, Room, RoomEvent, setLogLevel, Track, type LocalTrack, type RemoteParticipant, type RoomOptions } from "livekit-client";
import type { Frames } from "../e2ee/frames.client";
import { RefusingManager } from "../e2ee/manager";
import type { SourceKind } from "../e2ee/frames";
import type { OwnTrack } from "./devices";
import { Playback } from "./playback";
import { presences, type Presence } from "./presence";
import { kindOf } from "./sources";
import { farEnds } from "./where";

export interface MediaHooks {
  /** Somebody came, went, published, muted, spoke: look again. */
  changed(): void;
  lost(): void;
  back(): void;
  /** The path is gone for good; `moved` when the server made us somebody else. */
  over(why: "moved" | "closed"): void;
}

export interface MediaTicket { readonly url: string; readonly token: string; readonly ice_servers: RTCIceServer[]; readonly picture?: "full" | "small" | "none" }

const OPTIONS: RoomOptions = {
  adaptiveStream: true,
  dynacast: true,
  encryption: { e2eeManager: new RefusingManager() },
  publishDefaults: { videoCodec: "vp8", simulcast: true, backupCodec: false, red: false, dtx: true, stopMicTrackOnMute: false },
  stopLocalTrackOnUnpublish: false,
};

/** One layer, and little of it. */
const SMALL = { simulcast: false, videoEncoding: { maxBitrate: 150_000, maxFramerate: 15 } };

// The console is read by people who look for errors of ours; LiveKit's own notes tell them nothing and name participants.
setLogLevel("silent");

// The library lets the server turn a person's microphone and camera off and on, through these two and through nothing else. Only the
// person's own hand does that (FRM-5, devices.ts).
LocalTrackPublication.prototype.mute = LocalTrackPublication.prototype.unmute = () => Promise.resolve(undefined);

export class Media {
  readonly room: Room;
  readonly playback: Playback;
  readonly #frames: Frames;
  readonly #self: string;
  readonly #hooks: MediaHooks;
  /** Whose frames each receiver opens now, whatever the server has called its track since. */
  readonly #feeds = new WeakMap<RTCRtpReceiver, string>();
  /** Nobody's tracks are asked for before the group has let us in: a key frame under a key we never get would be lost for a second. */
  #members: ReadonlyMap<string, ReadonlySet<SourceKind>> = new Map();
  /** Whose screens stay unseen though they may be shown: another is on (POL-20). */
  #unseen: ReadonlySet<string> = new Set();
  #viewers: ReadonlySet<string> | null = null;
  #limited = false;
  /** What the region had room for when we came (REG-3). */
  #picture: "full" | "small" | "none" = "full";
  readonly #own = new Map<Track.Source, OwnTrack>();
  #joined = false;
  #ended = false;

  constructor(frames: Frames, self: string, hooks: MediaHooks) {
    this.#frames = frames;
    this.#self = self;
    this.#hooks = hooks;
    this.room = new Room(OPTIONS);
    this.playback = new Playback(this.room);
    this.#listen();
  }

  /** `joined` is called when the room knows us: tracks may be published while the path is still being made. */
  async connect({ url, token, ice_servers, picture = "full" }: MediaTicket, joined: () => void): Promise<void> {
    this.#picture = picture;
    const address = new URL(url, location.href);
    address.protocol = address.protocol === "https:" ? "wss:" : "ws:";
    await this.room.setE2EEEnabled(true);
    this.room.once(RoomEvent.SignalConnected, () => {
      if (!this.#assertSelf()) return;
      this.#joined = true;
      joined();
      // Who was there before us has published before anybody could tell us.
      this.setMembers(this.#members);
    });
    await this.room.connect(address.href, token, { autoSubscribe: false, maxRetries: 2, rtcConfig: { iceServers: ice_servers } });
    // While the path was being made, livekit-client told of nothing that others published: a whole call that moves comes in within that moment.
    if (this.#assertSelf()) this.setMembers(this.#members);
  }

  async disconnect(): Promise<void> {
    this.#ended = true;
    this.playback.stop();
    await this.room.disconnect(false);
  }

  /** Subscribes to what the members of the group may send, and to nothing else: other frames would not be opened anyway (POL-20). */
  setMembers(members: ReadonlyMap<string, ReadonlySet<SourceKind>>): void {
    this.#members = members;
    this.#permit();
    this.#subscribeAll();
  }

  /** Under `one` at a time: whose screens are not the one. */
  setUnseen(unseen: ReadonlySet<string>): void {
    if (unseen.size === this.#unseen.size && [...unseen].every((one) => this.#unseen.has(one))) return;
    this.#unseen = unseen;
    this.#subscribeAll();
  }

  /** POL-22: who may get our camera, which the engine is told; null for everybody. */
  setViewers(viewers: ReadonlySet<string> | null): void {
    this.#viewers = viewers;
    this.#permit();
  }

  #subscribeAll(): void {
    for (const participant of this.room.remoteParticipants.values()) this.#subscribe(participant);
  }

  get presences(): readonly Presence[] {
    return presences(this.room);
  }

  /** Kept until it is unpublished: what the engine does not take now is tried again when it lets us do more. */
  async publish(track: OwnTrack, source: Track.Source): Promise<void> {
    this.#own.set(source, track);
    // To a room that does not know us (any more), livekit-client would wait 15 s and then stop the track, though another sends it by then.
    if (!this.#joined || this.#ended || this.room.localParticipant.getTrackPublication(source)) return;
    const small = this.#picture === "small" && source === Track.Source.Camera;
    await this.room.localParticipant.publishTrack(track as LocalTrack, small ? { source, ...SMALL } : { source });
  }

  async unpublish(track: OwnTrack): Promise<void> {
    for (const [source, kept] of this.#own) if (kept === track) this.#own.delete(source);
    await this.room.localParticipant.unpublishTrack(track as LocalTrack, false);
  }

  /** REG-9: where this browser says that what it sends and gets goes. */
  async farEnds(): Promise<string[]> {
    const senders = [...this.room.localParticipant.trackPublications.values()].map(({ track }) => track?.sender);
    const remote = [...this.room.remoteParticipants.values()].flatMap(({ trackPublications }) => [...trackPublications.values()]);
    const receivers = remote.map(({ track }) => (track instanceof RemoteTrack ? track.receiver : undefined));
    const ends = [...senders, ...receivers].filter((end) => end !== undefined);
    return farEnds(await Promise.all(ends.map((end) => end.getStats())));
  }

  /** The track to show in a participant's tile; null while there is none, it is muted, or its receiver feeds another tile by now (I2). */
  picture(participant: string, source: Track.Source): Track | null {
    const publication = this.room.getParticipantByIdentity(participant)?.getTrackPublication(source);
    const track = publication?.track;
    const kind = kindOf(source);
    if (kind === null || !this.#shows(participant, kind) || !(track instanceof RemoteTrack) || !track.receiver || track.isMuted) return null;
    return this.#feeds.get(track.receiver) === feed(participant, source) ? track : null;
  }

  #shows(participant: string, kind: SourceKind): boolean {
    if (this.#members.get(participant)?.has(kind) !== true) return false;
    if (this.#picture === "none" && (kind === "camera" || kind === "screen")) return false;
    return !(kind === "screen" || kind === "screen_sound") || !this.#unseen.has(participant);
  }

  /** Until the engine has been told of somebody they get nothing of ours. */
  #permit(): void {
    const { localParticipant } = this.room;
    if (this.#viewers === null) {
      if (this.#limited) localParticipant.setTrackSubscriptionPermissions(true);
      this.#limited = false;
      return;
    }
    this.#limited = true;
    const others = [...localParticipant.trackPublications.values()].filter(({ source }) => source !== Track.Source.Camera);
    const sids = others.map(({ trackSid }) => trackSid);
    const permissions = [...this.#members.keys()].map((participantIdentity) =>
      this.#viewers?.has(participantIdentity) === true ? { participantIdentity, allowAll: true } : { participantIdentity, allowedTrackSids: sids },
    );
    localParticipant.setTrackSubscriptionPermissions(false, permissions);
  }

  #subscribe(participant: RemoteParticipant): void {
    for (const publication of participant.trackPublications.values()) {
      const kind = kindOf(publication.source);
      if (kind === null) continue;
      const wanted = this.#shows(participant.identity, kind);
      if (publication.isDesired !== wanted) publication.setSubscribed(wanted);
    }
  }

  #listen(): void {
    const { room } = this;
    const changed = (): void => { this.#hooks.changed(); };
    room.on(RoomEvent.TrackPublished, (_publication, participant) => {
      this.#subscribe(participant);
      changed();
    });
    room.on(RoomEvent.TrackSubscribed, (track, publication, participant) => {
      const kind = kindOf(publication.source);
      if (kind === null || !track.receiver) return;
      // FRM-3: the tile this object feeds, decided by the object, not by any track id.
      this.#feeds.set(track.receiver, feed(participant.identity, publication.source));
      this.#frames.bindReceiver(track.receiver, participant.identity, kind);
      if (track.kind === Track.Kind.Audio) this.playback.add(participant.identity, publication.source, track);
      changed();
    });
    room.on(RoomEvent.TrackUnsubscribed, (track, publication, participant) => {
      // A receiver that was given to somebody else meanwhile keeps what it was given.
      if (track.receiver && this.#feeds.get(track.receiver) === feed(participant.identity, publication.source)) {
        this.#feeds.delete(track.receiver);
        this.#frames.unbind(track.receiver);
      }
      this.playback.remove(track);
      changed();
    });
    room.on(RoomEvent.LocalTrackPublished, () => { if (this.#viewers !== null) this.#permit(); });
    room.localParticipant.on(ParticipantEvent.ParticipantPermissionsChanged, () => {
      // What is off is published when its owner turns it on.
      for (const [source, track] of this.#own) if (!track.isMuted) void this.publish(track, source).catch(() => undefined);
    });
    room.localParticipant.on(ParticipantEvent.LocalSenderCreated, (sender, track) => {
      const kind = kindOf(track.source);
      if (kind !== null) this.#frames.bindSender(sender, kind);
    });
    for (const event of [
      RoomEvent.ParticipantConnected, RoomEvent.ParticipantDisconnected, RoomEvent.TrackUnpublished, RoomEvent.TrackMuted, RoomEvent.TrackUnmuted,
      RoomEvent.ActiveSpeakersChanged, RoomEvent.AudioPlaybackStatusChanged, RoomEvent.AudioPlaybackStatusChanged, RoomEvent.ConnectionQualityChanged, RoomEvent.LocalTrackPublished, RoomEvent.LocalTrackUnpublished,
    ] as const) room.on(event, changed);
    const lost = (): void => { if (!this.#ended) this.#hooks.lost(); };
    room.on(RoomEvent.SignalReconnecting, lost);
    room.on(RoomEvent.Reconnecting, lost);
    room.on(RoomEvent.Reconnected, () => {
      if (this.#ended || !this.#assertSelf()) return;
      this.setMembers(this.#members);
      this.#hooks.back();
    });
    room.on(RoomEvent.Moved, () => { this.#end("moved"); });
    room.on(RoomEvent.Disconnected, () => { this.#end("closed"); });
  }

  /** A server that renames us would have our frames shown under another's seat: stop at once (I10). */
  #assertSelf(): boolean {
    if (this.room.localParticipant.identity === this.#self) return true;
    this.#end("moved");
    return false;
  }

  #end(why: "moved" | "closed"): void {
    if (this.#ended) return;
    this.#ended = true;
    this.playback.stop();
    if (why === "moved") void this.room.disconnect(true);
    this.#hooks.over(why);
  }
}

function feed(participant: string, source: Track.Source): string {
  return `${participant}/${source}`;
}
