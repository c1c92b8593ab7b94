/** Where a browser's media goes, by its own word: the far end of the way that each connection has chosen (REG-9). */

/** Returns the addresses of the chosen far ends; those that the browser does not tell are left out. */
export function farEnds(reports: readonly RTCStatsReport[]): string[] {
  const found = new Set<string>();
  for (const report of reports) {
    const all = new Map<string, Readonly<Record<string, unknown>>>();
    report.forEach((entry: Readonly<Record<string, unknown>> & { readonly id: string }) => { all.set(entry.id, entry); });
    for (const entry of all.values()) {
      const pair = chosen(entry, all);
      const address = pair === undefined ? undefined : all.get(String(pair["remoteCandidateId"]))?.["address"];
      if (typeof address === "string" && address !== "") found.add(address);
    }
  }
  return [...found].sort();
}

/** The pair that a transport has chosen; Firefox names no transport and marks the pair itself. */
function chosen(entry: Readonly<Record<string, unknown>>, all: ReadonlyMap<string, Readonly<Record<string, unknown>>>): Readonly<Record<string, unknown>> | undefined {
  if (entry["type"] === "transport" && typeof entry["selectedCandidatePairId"] === "string") return all.get(entry["selectedCandidatePairId"]);
  return entry["type"] === "candidate-pair" && entry["selected"] === true ? entry : undefined;
}

/** Returns those that are none of the published addresses. */
export function astray(seen: readonly string[], published: readonly string[]): string[] {
  const known = new Set(published.map(plain));
  return seen.filter((address) => !known.has(plain(address)));
}

/** One form for each address: browsers write IPv6 in small letters and without brackets, with or without leading zeros. */
function plain(address: string): string {
  const bare = address.replace(/^\[|\]$/g, "").toLowerCase();
  if (!bare.includes(":")) return bare;
  try {
    return new URL(`http://[${bare}]/`).hostname;
  } catch {
    return bare;
  }
}
