import { describe, expect, it, vi } from "vitest";

import { ApiError } from "../api/http";
import type { LobbyOut } from "../api/http.gen";
import type { Keys } from "../e2ee/keys.client";
import { checkLink, type Checked } from "./checkLink";

const MEETING = "A".repeat(22);
const HERE = "https://meet.example";
const PATH = `${HERE}/m/${MEETING}`;
const [SECRET, HASH, HOST_KEY] = ["B".repeat(21) + "A", "C".repeat(21) + "A", "D".repeat(42) + "A"];
const lobby = (more: Partial<LobbyOut> = {}) => vi.fn(() => Promise.resolve({ title: "Plans", open: false, ...more } as LobbyOut));
const keys = { ask: vi.fn(() => Promise.resolve({ link_id: "derived" })) } as unknown as Pick<Keys, "ask">;
const check = (text: string, ask = lobby()): Promise<Checked> => checkLink(text, HERE, keys, ask);
const refuses = (code: string) => vi.fn(() => Promise.reject(new ApiError(code, 404, "")));

describe("A pasted link", () => {
  it("is checked by what is derived from it; the secret is told to nobody", async () => {
    const ask = lobby();
    expect(await check(`  ${PATH}#${SECRET}.${HASH} `, ask)).toEqual({ kind: "good", title: "Plans", host: false, personal: false, open: false });
    expect(ask.mock.calls).toEqual([[MEETING, "derived"]]);
  });

  it("is known as open, as a host's, as one person's", async () => {
    expect(await check(`${PATH}#${SECRET}.${HASH}`, lobby({ open: true }))).toMatchObject({ open: true });
    expect(await check(`${PATH}#${SECRET}.${HOST_KEY}`)).toMatchObject({ host: true, personal: false });
    expect(await check(`${PATH}#${SECRET}.${HASH}.${HASH}`)).toMatchObject({ host: false, personal: true });
  });

  it("is a former one, or none that this server knows", async () => {
    expect(await check(`${PATH}#${SECRET}.${HASH}`, refuses("link_old"))).toEqual({ kind: "former" });
    expect(await check(`${PATH}#${SECRET}.${HASH}`, refuses("link_unknown"))).toEqual({ kind: "unknown" });
    await expect(check(`${PATH}#${SECRET}.${HASH}`, refuses("too_often"))).rejects.toThrow();
  });

  it("is asked about nowhere when it is cut, none at all, or leads elsewhere", async () => {
    const ask = lobby();
    for (const cut of [PATH, `${PATH}#${SECRET}`, `${PATH}#${SECRET}.${HASH.slice(1)}`]) expect(await check(cut, ask)).toEqual({ kind: "cut" });
    for (const none of ["", "hello", `${HERE}/help`]) expect(await check(none, ask)).toEqual({ kind: "none" });
    expect(await check(`https://meet.example.evil.example/m/${MEETING}#${SECRET}.${HASH}`, ask)).toEqual({ kind: "elsewhere", host: "meet.example.evil.example" });
    expect(ask).not.toHaveBeenCalled();
  });
});
