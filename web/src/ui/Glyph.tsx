import type { LucideIcon } from "lucide-react";

/** An icon that is chosen while rendering. */
export function Glyph({ of: Icon, size = 20 }: { readonly of: LucideIcon; readonly size?: number }) {
  return <Icon size={size} aria-hidden />;
}
