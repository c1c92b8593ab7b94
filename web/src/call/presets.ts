/** What a preset means inside the group (MEET-10); what it means at the door is the gateway's. */
import { PRESETS } from "../api/presets.gen";
import type { MlsState as GroupState, PolicyChanges, Rights } from "../e2ee/mls";

interface Meant { readonly strict?: boolean; readonly locked?: boolean; readonly rights?: Rights }

/** How much a setting of a right leaves, the most first. */
const STRICTER = ["all", "few", "one", "hosts", "off"] as const;

/** What the first host's client writes into the group's policy, or null when the presets say nothing: of several, all that they ask for. */
function policyOf(presets: readonly string[]): PolicyChanges | null {
  const meant: readonly Meant[] = presets.filter(isPreset).map((name) => PRESETS[name].policy);
  const [strict, locked] = [meant.some((one) => one.strict === true), meant.some((one) => one.locked === true)];
  const rights = meant.reduce<Rights>((all, one) => ({ ...all, ...one.rights, ...stricter(all, one.rights ?? {}) }), {});
  const changes = { ...(strict ? { strict } : {}), ...(locked ? { locked } : {}), ...(Object.keys(rights).length > 0 ? { rights } : {}) };
  return Object.keys(changes).length === 0 ? null : changes;
}

/** Of the rights that both set, those that the first sets more strictly. */
function stricter(first: Rights, second: Rights): Rights {
  const names = (Object.keys(first) as (keyof Rights)[]).filter((name) => STRICTER.indexOf(first[name] ?? "all") > STRICTER.indexOf(second[name] ?? "all"));
  return Object.fromEntries(names.map((name) => [name, first[name]]));
}

/**
 * POL-5, MEET-10: what a host's client has to decide in this epoch, or null: it lists itself where it may, and the first host writes into the policy
 * what the presets mean there: its own device's word and the lobby's, of which neither loosens the other. `claims` is false for who does not hold
 * the host link, and for who has stepped down.
 */
export function governing({ hosting, policy }: GroupState, claims: boolean, presets: readonly string[]): PolicyChanges | null {
  const listed = hosting === true;
  const meant = policy.version === 0 || policy.hosts.length === 0 ? policyOf(presets) : null;
  if (!listed) return claims ? { claim: true, ...meant } : null;
  return policy.version === 0 ? meant : null;
}

function isPreset(name: string): name is keyof typeof PRESETS {
  return Object.hasOwn(PRESETS, name);
}
