interface Piece {
  readonly text: string;
  readonly link: boolean;
}

const ADDRESS = /https?:\/\/[^\s<>"'«»“”]+/giu;
/** Signs that close a sentence or a bracket rather than an address. */
const TRAILING = /[.,;:!?)\]}’]+$/u;

/** Text with its http(s) addresses marked (SAY-4): never markup, never another scheme. */
export function linkify(text: string): readonly Piece[] {
  const pieces: Piece[] = [];
  let at = 0;
  for (const match of text.matchAll(ADDRESS)) {
    const address = match[0].replace(TRAILING, "");
    if (!URL.canParse(address)) continue;
    if (match.index > at) pieces.push({ text: text.slice(at, match.index), link: false });
    pieces.push({ text: address, link: true });
    at = match.index + address.length;
  }
  if (at < text.length) pieces.push({ text: text.slice(at), link: false });
  return pieces;
}
