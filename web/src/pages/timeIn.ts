/** An instant as the wall of a zone shows it, the zone named, and as the reader's own does where that is another time. */
export function timeIn(at: number, zone: string, language: string): { readonly text: string; readonly own: string | null } {
  const here = new Intl.DateTimeFormat().resolvedOptions().timeZone;
  const there = shown(at, zone, language);
  const own = shown(at, here, language);
  return { text: `${there} (${zone.replaceAll("_", " ")})`, own: own === there ? null : own };
}

function shown(at: number, timeZone: string, language: string): string {
  return new Intl.DateTimeFormat(language, { weekday: "long", day: "numeric", month: "long", year: "numeric", hour: "numeric", minute: "2-digit", timeZone }).format(at);
}
