import { initials, tint } from "./initials";

/** What stands for a person without a picture. */
export function Avatar({ name, seed }: { readonly name: string; readonly seed: string }) {
  return (
    <span className="avatar" data-tint={tint(seed)} aria-hidden>
      {initials(name)}
    </span>
  );
}
