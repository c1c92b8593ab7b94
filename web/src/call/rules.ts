/** What the hosts have decided for everybody: from the policy that this member has checked, by the name of the leaf that committed it. */
import type { MlsEvent as GroupEvent, MlsPolicy as Policy, MlsState as GroupState, PolicyChanges, Rights } from "../e2ee/mls";
import type { Piece, Rules, Toast, Withheld } from "./contract";

export const NO_RULES: Rules = { locked: false, strict: false, suspended: false, suspendedBy: "", withheld: {} };
/** What a suspension takes from everybody but the hosts, and they give back. */
const PIECES = ["chat", "unmute", "video", "share", "reactions"] as const satisfies readonly Piece[];

/** One decision to tell; `name` is who decided, or whose role it is. */
export interface Decision { readonly kind: Toast["kind"]; readonly name: string }

/** What is new since `before`. */
export function decisions(before: GroupState, after: GroupState, events: readonly GroupEvent[]): readonly Decision[] {
  const name = decider(after, events);
  const made: Decision[] = [];
  const suspends = after.policy.suspended && !before.policy.suspended;
  // Suspending locks as well, and says so in one sentence.
  if (suspends) made.push({ kind: "suspended", name });
  else if (before.policy.suspended && !after.policy.suspended) made.push({ kind: isPart(before, after) ? "partly" : "resumed", name });
  if (before.policy.locked !== after.policy.locked && !suspends) made.push({ kind: after.policy.locked ? "locked" : "unlocked", name });
  if (before.policy.strict !== after.policy.strict) made.push({ kind: after.policy.strict ? "strict" : "lax", name });
  const old = new Map(before.roster.map((leaf) => [leaf.participant, leaf]));
  for (const leaf of after.roster) {
    const was = old.get(leaf.participant);
    if (!was) continue;
    if (was.host && !leaf.host) made.push({ kind: "unhosted", name: leaf.name });
    else if (leaf.cohost && !was.host) made.push({ kind: "cohost", name: leaf.name });
    else if (was.cohost && !leaf.cohost) made.push({ kind: "handed", name: leaf.name });
  }
  return made;
}

/** The rules as they stand now; who suspended stays known as long as it lasts. */
export function rulesNow(before: Rules, after: GroupState, events: readonly GroupEvent[]): Rules {
  const { locked, strict, suspended } = after.policy;
  const suspendedBy = !suspended ? "" : before.suspended ? before.suspendedBy : decider(after, events);
  return { locked, strict, suspended, suspendedBy, withheld: suspended ? before.withheld : stillHosts(before.withheld, after.policy.rights) };
}

/**
 * What a host decides to give back one piece of what a suspension took, or all of it: what is not given back is the hosts' alone from then on,
 * by its own setting, and gets back the setting that it had. One change of the policy (POL-2).
 */
export function givingBack(piece: Piece | null, { suspended, rights = {} }: Pick<Policy, "suspended" | "rights">, withheld: Withheld): { readonly changes: PolicyChanges; readonly withheld: Withheld } {
  const before = { ...rights, ...withheld };
  const given: Rights = piece === null ? withheld : { [piece]: before[piece] ?? "all" };
  const kept = suspended && piece !== null ? open(before) : withheld;
  const left = Object.fromEntries(Object.entries(kept).filter(([one]) => piece !== null && one !== piece));
  const hosts = Object.fromEntries(Object.keys(left).map((one) => [one, "hosts"]));
  const changed: Rights = { ...given, ...(suspended ? hosts : {}) };
  return { changes: { ...(suspended ? { suspended: false } : {}), ...(Object.keys(changed).length > 0 ? { rights: changed } : {}) }, withheld: left };
}

/** The pieces that are not the hosts' alone by these settings anyway. */
function open(rights: Rights): Withheld {
  const settings = PIECES.map((piece) => [piece, rights[piece] ?? "all"] as const);
  return Object.fromEntries(settings.filter(([, setting]) => setting !== "hosts" && setting !== "off"));
}

/** What a host has let everybody do meanwhile, in another way, is not withheld any more. */
function stillHosts(withheld: Withheld, rights: Rights = {}): Withheld {
  return Object.fromEntries(Object.entries(withheld).filter(([piece]) => rights[piece as Piece] === "hosts"));
}

/** Whether something that was everybody's before the suspension is the hosts' now that it ends. */
function isPart(before: GroupState, after: GroupState): boolean {
  const [was, is] = [open(before.policy.rights ?? {}), open(after.policy.rights ?? {})];
  return PIECES.some((piece) => piece in was && !(piece in is));
}

/** Empty where two people changed the policy before we could look between: then nobody is named, rather than the wrong one. */
function decider(after: GroupState, events: readonly GroupEvent[]): string {
  const authors = new Set(events.flatMap((event) => (event.kind === "applied" && event.policy ? [event.participant] : [])));
  const [only] = authors;
  return authors.size === 1 ? (after.roster.find(({ participant }) => participant === only)?.name ?? "") : "";
}
