/** What the policy and hosts' words mean for one's own microphone and camera: they can be closed from outside, never opened. */
import type { MlsState as GroupState, PolicyChanges, Right, Rights, RightsException } from "../e2ee/mls";
import type { Devices } from "../media/devices";
import type { Piece, Toast, Withheld } from "./contract";
import { givingBack } from "./rules";
import type { Asked, Content } from "./said";
import type { Session } from "./session";

/** A host who asks again and again is heard this often. */
const ASKED_AGAIN_MS = 10_000;

export class Own {
  readonly #participant: string;
  readonly #devices: Pick<Devices, "state" | "turn">;
  readonly #tell: (kind: Toast["kind"], name?: string) => void;
  readonly #asked = new Map<Asked, number>();

  constructor(participant: string, devices: Pick<Devices, "state" | "turn">, tell: (kind: Toast["kind"], name?: string) => void) {
    this.#participant = participant;
    this.#devices = devices;
    this.#tell = tell;
  }

  /** What we may not do any more ends here at once; the engine and everybody else see to it as well (POL-19, POL-20). */
  obey({ roster, policy }: GroupState): void {
    const may = roster.find(({ participant }) => participant === this.#participant)?.may;
    if (!may) return;
    const { microphoneState, cameraState } = this.#devices.state;
    const closing = [
      ...(microphoneState === "on" && !may.includes("unmute") ? ["microphone" as const] : []),
      ...(cameraState === "on" && !may.includes("video") ? ["camera" as const] : []),
    ];
    for (const kind of closing) void this.#devices.turn(kind, false);
    // That the call is suspended is said already.
    if (closing.length > 0 && !policy.suspended) this.#tell("stopped");
  }

  /** SAY-9: a host closes our microphone; what is asked of us waits for our own hand, and is asked once in a while. */
  told(content: Extract<Content, { kind: "mute" | "ask" }>, name: string, state: GroupState | null): void {
    const everybody = content.kind === "mute" && content.participant === undefined && state?.hosting !== true;
    if (content.participant !== this.#participant && !everybody) return;
    if (content.kind === "mute") {
      if (this.#devices.state.microphoneState !== "on") return;
      void this.#devices.turn("microphone", false);
      this.#tell("muted", name);
      return;
    }
    const now = performance.now();
    const { source } = content;
    if (this.#devices.state[`${source}State`] === "on" || now - (this.#asked.get(source) ?? -Infinity) < ASKED_AGAIN_MS) return;
    this.#asked.set(source, now);
    this.#tell(source === "microphone" ? "asked_microphone" : "asked_camera", name);
  }
}

/** What a host says and decides about what others do. */
export class HostWords {
  readonly #session: () => Session;
  readonly #asked = new Map<string, RightsException>();
  #since = -1;
  /** The version of the policy in which we have ended a suspension. */
  #resumed = -1;

  constructor(session: () => Session) {
    this.#session = session;
  }

  /** Closes one person's microphone, or everybody's who is no host. */
  async mute(participant: string | null): Promise<void> {
    await this.#session().say(participant === null ? { kind: "mute" } : { kind: "mute", participant });
  }

  async askFor(participant: string, source: Asked): Promise<void> {
    await this.#session().say({ kind: "ask", participant, source });
  }

  /** A decision; it counts once the policy has it. */
  decide(changes: PolicyChanges): void {
    this.#session().group.change(changes);
  }

  setRights(rights: Rights): void {
    this.decide({ rights });
  }

  /** Gives back one piece of what a suspension took, or all; returns what is withheld from then on. */
  giveBack(piece: Piece | null, before: Withheld): Withheld {
    const { state } = this.#session().group;
    if (!state) return before;
    const { policy } = state;
    // What was decided a moment ago is not in the policy yet.
    const suspended = policy.suspended && policy.version !== this.#resumed;
    if (suspended) this.#resumed = policy.version;
    const { changes, withheld } = givingBack(piece, { ...policy, suspended }, before);
    this.decide(changes);
    return withheld;
  }

  setException(participant: string, right: Right, allowed: boolean | null): void {
    const { state } = this.#session().group;
    // What was asked for a moment ago is not in the policy yet.
    if (state?.policy.version !== this.#since) this.#asked.clear();
    this.#since = state?.policy.version ?? -1;
    const people = state && exception(state, participant, right, allowed, this.#asked.get(participant));
    if (!people) return;
    this.#asked.set(participant, people);
    this.decide({ people: [people] });
  }
}

/** What is to stand of this person in the policy, with one right let, not let, or as for everybody; null for nobody we know. */
export function exception(
  { policy, roster }: GroupState, participant: string, right: Right, allowed: boolean | null, asked?: RightsException,
): RightsException | null {
  const key = roster.find((leaf) => leaf.participant === participant)?.key;
  if (key === undefined) return null;
  const old = asked ?? policy.people?.find((one) => one.key === key);
  const without = (rights: readonly Right[] = []): Right[] => rights.filter((one) => one !== right);
  const may = allowed === true ? [...without(old?.may), right] : without(old?.may);
  const not = allowed === false ? [...without(old?.not), right] : without(old?.not);
  return { key, may, not };
}
