/** The security code and what has changed since people compared it. Pure. */
import type { MlsState as GroupState, MlsLeaf as Leaf } from "../e2ee/mls";
import type { Change, Security } from "./contract";

export const NO_SECURITY: Security = { code: null, epoch: 0, members: 0, verified: null, changes: [] };

/** Who came and who went between two trees; a replacement (same participant) is neither. */
export function changesBetween(before: readonly Leaf[], after: readonly Leaf[], at: number): readonly Change[] {
  const had = new Set(before.map(({ participant }) => participant));
  const has = new Set(after.map(({ participant }) => participant));
  return [
    ...before.filter(({ participant }) => !has.has(participant)).map(({ name, role }) => ({ at, what: "left" as const, name, role })),
    ...after.filter(({ participant }) => !had.has(participant)).map(({ name, role }) => ({ at, what: "joined" as const, name, role })),
  ];
}

export function entered(security: Security, { code, epoch, roster }: GroupState, changes: readonly Change[]): Security {
  return {
    code: code ?? null,
    epoch,
    members: roster.length,
    verified: security.verified && { at: security.verified.at, since: [...security.verified.since, ...changes] },
    changes: [...security.changes, ...changes],
  };
}

export function verified(security: Security, at: number): Security {
  return security.code === null ? security : { ...security, verified: { at, since: [] } };
}
