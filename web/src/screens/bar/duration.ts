/** Milliseconds as 4:05 or 1:04:05. */
export function elapsed(milliseconds: number): string {
  const total = Math.max(0, Math.floor(milliseconds / 1000));
  const two = (value: number): string => String(value).padStart(2, "0");
  const hours = Math.floor(total / 3600);
  const minutes = Math.floor(total / 60) % 60;
  return hours > 0 ? `${String(hours)}:${two(minutes)}:${two(total % 60)}` : `${String(minutes)}:${two(total % 60)}`;
}
