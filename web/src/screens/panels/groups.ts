/** The 30 digits as six groups of five. */
export function groups(code: string): readonly string[] {
  return code.match(/.{1,5}/gu) ?? [];
}
