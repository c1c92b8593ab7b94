const DAY = { weekday: "long", day: "numeric", month: "long", year: "numeric" } as const;
const TIME = { hour: "numeric", minute: "2-digit" } as const;

/** The zone, or UTC for one that this browser's list lacks: the server's may be newer. */
function known(zone: string): string {
  try {
    new Intl.DateTimeFormat("en", { timeZone: zone }).format(0);
    return zone;
  } catch (error) {
    if (error instanceof RangeError) return "UTC";
    throw error;
  }
}

/** An instant as the wall of a zone shows it, the zone named, and as the reader's own does where that is another time; without the day where it is the same. */
export function timeIn(at: number, wanted: string, language: string): { readonly text: string; readonly own: string | null } {
  const zone = known(wanted);
  const shown = (parts: Intl.DateTimeFormatOptions, timeZone: string): string => new Intl.DateTimeFormat(language, { ...parts, timeZone }).format(at);
  const here = new Intl.DateTimeFormat().resolvedOptions().timeZone;
  const there = shown({ ...DAY, ...TIME }, zone);
  const own = shown({ ...DAY, ...TIME }, here);
  const text = `${there} (${zone.replaceAll("_", " ")})`;
  if (own === there) return { text, own: null };
  return { text, own: shown(DAY, here) === shown(DAY, zone) ? shown(TIME, here) : own };
}
