/** What a preset means inside the group (MEET-10); what it means at the door is the gateway's. */
import { PRESETS } from "../api/presets.gen";
import type { PolicyChanges } from "../e2ee/mls";

/** What the first host's client writes into the group's policy, or null when the preset says nothing. */
export function policyOf(preset: string): PolicyChanges | null {
  if (!isPreset(preset)) return null;
  const { strict, locked }: { strict?: boolean; locked?: boolean; rights?: object } = PRESETS[preset].policy;
  const changes = { ...(strict === true ? { strict } : {}), ...(locked === true ? { locked } : {}) };
  return Object.keys(changes).length === 0 ? null : changes;
}

function isPreset(name: string): name is keyof typeof PRESETS {
  return Object.hasOwn(PRESETS, name);
}
