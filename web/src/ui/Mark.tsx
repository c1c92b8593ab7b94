/** A keyhole whose round part is a table seen from above with seats around it. */
export function Mark({ size = 24 }: { readonly size?: number }) {
  return (
    <svg width={size} height={size} viewBox="0 0 32 32" fill="currentColor" aria-hidden="true" focusable="false">
      <circle cx="16" cy="12.5" r="5.75" />
      <path d="M14.1 16h3.8l2.5 13.2a1.5 1.5 0 0 1-1.5 1.8h-5.8a1.5 1.5 0 0 1-1.5-1.8z" />
      {SEATS.map(([x, y]) => (
        <circle key={x} cx={x} cy={y} r="2.15" />
      ))}
    </svg>
  );
}

/** Seven seats around the table, the place in front left free for the key. */
const SEATS = [
  [7.2, 18.05], [5.7, 10.6], [9.7, 4.3], [16, 2.15], [22.3, 4.3], [26.3, 10.6], [24.8, 18.05],
] as const;
