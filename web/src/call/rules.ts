/** What the hosts have decided for everybody: from the policy that this member has checked, by the name of the leaf that committed it. */
import type { MlsEvent as GroupEvent, MlsState as GroupState } from "../e2ee/mls";
import type { Rules, Toast } from "./contract";

export const NO_RULES: Rules = { locked: false, strict: false, suspended: false, suspendedBy: "" };

/** One decision to tell; `name` is who decided, or whose role it is. */
export interface Decision { readonly kind: Toast["kind"]; readonly name: string }

/** What is new since `before`. */
export function decisions(before: GroupState, after: GroupState, events: readonly GroupEvent[]): readonly Decision[] {
  const name = decider(after, events);
  const made: Decision[] = [];
  const suspends = after.policy.suspended && !before.policy.suspended;
  // Suspending locks as well, and says so in one sentence.
  if (suspends) made.push({ kind: "suspended", name });
  else if (before.policy.suspended && !after.policy.suspended) made.push({ kind: "resumed", name });
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
  return { locked, strict, suspended, suspendedBy };
}

/** Empty where two people changed the policy before we could look between: then nobody is named, rather than the wrong one. */
function decider(after: GroupState, events: readonly GroupEvent[]): string {
  const authors = new Set(events.flatMap((event) => (event.kind === "applied" && event.policy ? [event.participant] : [])));
  const [only] = authors;
  return authors.size === 1 ? (after.roster.find(({ participant }) => participant === only)?.name ?? "") : "";
}
