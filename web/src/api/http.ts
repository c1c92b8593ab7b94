/** Requests to our own origin. Every failure is an ApiError with a stable code. */

export class ApiError extends Error {
  readonly code: string;
  readonly status: number;
  /** When asking again may help, where the server says so. */
  readonly againAt: number | null;
  /** Whose rule refuses, where it is an organisation's (RULE-4). */
  readonly organisation: string;
  /** Where we stand in line, where that is why (REG-3). */
  readonly position: number;
  /** Where the notice of an authority's order stands, where one keeps this person out (ORD-8). */
  readonly notice: string;

  constructor(code: string, status: number, message: string, { againAt = null, organisation = "", position = 0, notice = "" }: Partial<Pick<ApiError, "againAt" | "organisation" | "position" | "notice">> = {}) {
    super(message);
    this.position = position;
    this.notice = notice;
    this.againAt = againAt;
    this.organisation = organisation;
    this.name = "ApiError";
    this.code = code;
    this.status = status;
  }
}

type Said = Pick<ApiError, "code" | "message" | "againAt" | "organisation" | "position" | "notice">;

function codeOf(body: unknown): Said {
  const error = (body as { error?: { code?: unknown; message?: unknown; again_at?: unknown; organisation?: unknown; position?: unknown; notice?: unknown } } | null)?.error;
  const text = (said: unknown, otherwise = ""): string => (typeof said === "string" ? said : otherwise);
  const number = (said: unknown): number | null => (typeof said === "number" ? said : null);
  return {
    code: text(error?.code, "server_unreachable"),
    message: text(error?.message),
    againAt: number(error?.again_at),
    organisation: text(error?.organisation),
    position: number(error?.position) ?? 0,
    notice: text(error?.notice),
  };
}

async function request(path: string, init: RequestInit): Promise<Response> {
  let response: Response;
  try {
    response = await fetch(path, { credentials: "same-origin", cache: "no-store", redirect: "error", referrerPolicy: "no-referrer", ...init });
  } catch {
    throw new ApiError("server_unreachable", 0, "no answer");
  }
  if (response.ok) return response;
  const { code, message, ...more } = codeOf(await response.json().catch(() => null));
  throw new ApiError(code, response.status, message, more);
}

export async function get<T>(path: string): Promise<T> {
  return (await (await request(path, {})).json()) as T;
}

export async function post<T>(path: string, body: unknown, headers: Record<string, string> = {}): Promise<T> {
  const response = await request(path, { method: "POST", headers: { "Content-Type": "application/json", ...headers }, body: JSON.stringify(body) });
  return (await response.json()) as T;
}

export async function put<T>(path: string, body: unknown): Promise<T> {
  const response = await request(path, { method: "PUT", headers: { "Content-Type": "application/json" }, body: JSON.stringify(body) });
  return (await response.json()) as T;
}

export async function patch<T>(path: string, body: unknown): Promise<T> {
  const response = await request(path, { method: "PATCH", headers: { "Content-Type": "application/json" }, body: JSON.stringify(body) });
  return (await response.json()) as T;
}

export async function remove(path: string): Promise<void> {
  await request(path, { method: "DELETE" });
}

export async function getBytes(path: string, headers: Record<string, string>): Promise<Uint8Array<ArrayBuffer>> {
  return new Uint8Array(await (await request(path, { headers })).arrayBuffer());
}

export async function getText(path: string, headers: Record<string, string>): Promise<string> {
  return (await request(path, { headers })).text();
}

/** Returns how many bytes an answer has, or had when the signal came. */
export async function countBytes(path: string, signal: AbortSignal): Promise<number> {
  let bytes = 0;
  try {
    const { body } = await request(path, { signal });
    for (const reader = body?.getReader(); reader;) {
      const { done, value } = await reader.read();
      if (done) break;
      bytes += value.byteLength;
    }
  } catch (error) {
    if (!signal.aborted) throw error;
  }
  return bytes;
}

/** Returns whether all bytes were taken before the signal came. */
export async function postBytes(path: string, body: Uint8Array<ArrayBuffer>, signal: AbortSignal): Promise<boolean> {
  try {
    await request(path, { method: "POST", headers: { "Content-Type": "application/octet-stream" }, body, signal });
    return true;
  } catch (error) {
    if (!signal.aborted) throw error;
    return false;
  }
}
