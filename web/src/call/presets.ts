/** What a preset means inside the group (MEET-10); what it means at the door is the gateway's. */
import { PRESETS } from "../api/presets.gen";
import type { MlsState as GroupState, PolicyChanges, Rights } from "../e2ee/mls";

/** What the first host's client writes into the group's policy, or null when the preset says nothing. */
function policyOf(preset: string): PolicyChanges | null {
  if (!isPreset(preset)) return null;
  const { strict, locked, rights }: { strict?: boolean; locked?: boolean; rights?: Rights } = PRESETS[preset].policy;
  const changes = { ...(strict === true ? { strict } : {}), ...(locked === true ? { locked } : {}), ...(rights ? { rights } : {}) };
  return Object.keys(changes).length === 0 ? null : changes;
}

/**
 * POL-5, MEET-10: what a host's client has to decide in this epoch, or null: it lists itself where it may, and the first host writes into the policy
 * what the preset means there. `claims` is false for who does not hold the host link, and for who has stepped down.
 */
export function governing({ hosting, policy }: GroupState, claims: boolean, preset: string): PolicyChanges | null {
  const listed = hosting === true;
  const meant = policy.version === 0 || policy.hosts.length === 0 ? policyOf(preset) : null;
  if (!listed) return claims ? { claim: true, ...meant } : null;
  return policy.version === 0 ? meant : null;
}

function isPreset(name: string): name is keyof typeof PRESETS {
  return Object.hasOwn(PRESETS, name);
}
