/** A keyhole whose round part is a table seen from above with seats around it, the place in front left free for the key. */
export function Mark({ size = 24 }: { readonly size?: number }) {
  return (
    <svg width={size} height={size} viewBox="0 0 32 32" fill="currentColor" aria-hidden="true" focusable="false">
      <circle cx="16" cy="12.8" r="6.6" />
      <path d="M13.2 18.48h5.6L22 29.8q.15 1.2-1 1.2H11q-1.15 0-1-1.2z" />
      {SEATS.map(([x, y]) => (
        <circle key={x} cx={x} cy={y} r="1.9" />
      ))}
    </svg>
  );
}

const SEATS = [
  [7.24, 18.94], [5.37, 11.56], [8.89, 4.81], [16, 2.1], [23.11, 4.81], [26.63, 11.56], [24.76, 18.94],
] as const;
