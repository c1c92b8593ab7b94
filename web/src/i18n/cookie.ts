const YEAR = 31_536_000;

/** Sets a cookie that holds a choice of this reader, never an identity; null forgets it. */
export function setCookie(name: string, value: string | null): void {
  const age = value === null ? 0 : YEAR;
  const secure = location.protocol === "https:" ? "; Secure" : "";
  document.cookie = `${name}=${value ?? ""}; Path=/; Max-Age=${String(age)}; SameSite=Lax${secure}`;
}
