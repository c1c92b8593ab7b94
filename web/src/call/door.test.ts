import { afterEach, beforeEach, expect, it, vi } from "vitest";
import type { KnockIn } from "../api/http.gen";
import { letIn } from "./door";

class Line {
  static readonly OPEN = 1;
  static readonly all: Line[] = [];
  readonly readyState = 1;
  onmessage?: (event: { data: string }) => void;
  onopen?: () => void;
  closed = false;
  constructor() { Line.all.push(this); }
  send(): void { /* `wait` */ }
  close(): void { this.closed = true; }
  says(t: string, more: object = {}): void { this.onmessage?.({ data: JSON.stringify({ t, ...more }) }); }
}

beforeEach(() => {
  vi.useFakeTimers();
  Line.all.length = 0;
  vi.stubGlobal("location", new URL("https://meet.example/m/m"));
  vi.stubGlobal("WebSocket", Line);
  vi.stubGlobal("fetch", () => Promise.resolve(Response.json({ knock: "k", secret: "word", socket: "/api/v1/waiting" })));
});
afterEach(() => { vi.useRealTimers(); vi.unstubAllGlobals(); });

it("waits on a line that says so, and takes another when it has died in silence", async () => {
  const waits = letIn({} as KnockIn, new AbortController().signal);
  for (let time = 0; time < 10; time += 1) {
    await vi.advanceTimersByTimeAsync(10_000);
    Line.all[0]?.says("waiting");
  }
  expect(Line.all).toHaveLength(1);
  await vi.advanceTimersByTimeAsync(26_000);
  expect(Line.all.map(({ closed }) => closed)).toEqual([true, false]);
  Line.all[1]?.says("admitted");
  expect(await waits).toEqual({ pass: { knock: "k", secret: "word" }, sealed: null });
});

it("knocks again when its time at the door has run out, and not when another tab waits there by now (KNOCK-7)", async () => {
  const waits = letIn({} as KnockIn, new AbortController().signal);
  const outcome = expect(waits).rejects.toMatchObject({ code: "joined_elsewhere" });
  await vi.advanceTimersByTimeAsync(0);
  Line.all[0]?.says("over");
  await vi.advanceTimersByTimeAsync(0);
  expect(Line.all).toHaveLength(2);
  Line.all[1]?.says("over", { elsewhere: true });
  await outcome;
  await vi.advanceTimersByTimeAsync(60_000);
  expect(Line.all).toHaveLength(2);
});
