import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { fetchReceipt } from "../api/join";
import type { Session } from "./session";
import { Route } from "./route";
import { createCallStore } from "./store";

vi.mock("../api/join", () => ({ fetchReceipt: vi.fn() }));
vi.mock("../media/devices", () => ({ NO_DEVICES: {} }));

const session = (id: string, ends: readonly string[], picture = "full"): Session =>
  ({ ticket: { participant: "p", seat: "s", call: "c", region: { id, territory: "" }, media: { addresses: ["192.0.2.1"], picture } }, media: { farEnds: () => Promise.resolve(ends) }, now: 7 }) as unknown as Session;

const shown = (store: ReturnType<typeof createCallStore>): string[] => store.getState().toasts.map(({ kind, name }) => `${kind} ${name}`);

describe("Where the call is held", () => {
  beforeEach(() => { vi.useFakeTimers(); });
  afterEach(() => { vi.useRealTimers(); });

  it("is told anew when the call moves, and not when a seat is only taken again (REG-6)", () => {
    const store = createCallStore("m");
    const route = new Route(store);
    route.follow(session("fr", []));
    route.follow(session("fr", []));
    expect(shown(store)).toEqual([]);
    route.follow(session("de", []));
    expect(shown(store)).toEqual(["region de"]);
    expect(store.getState().region.id).toBe("de");
    route.stop();
  });

  it("says once when media goes where the region has no address, and takes it back (REG-9)", async () => {
    const store = createCallStore("m");
    const route = new Route(store);
    const ends = ["192.0.2.1"];
    route.follow(session("fr", ends));
    await vi.advanceTimersByTimeAsync(5_000);
    expect(store.getState().astray).toEqual([]);
    ends.push("198.51.100.6");
    await vi.advanceTimersByTimeAsync(10_000);
    expect(store.getState().astray).toEqual(["198.51.100.6"]);
    expect(shown(store)).toEqual(["astray 198.51.100.6"]);
    ends.pop();
    await vi.advanceTimersByTimeAsync(5_000);
    expect(store.getState().astray).toEqual([]);
    route.stop();
  });

  it("says what there is room for where the region is full (REG-3)", () => {
    const store = createCallStore("m");
    const route = new Route(store);
    route.follow(session("fr", [], "none"));
    route.follow(session("fr", [], "small"));
    expect(shown(store)).toEqual(["sound_only ", "small_picture "]);
    route.stop();
  });

  it("puts what this browser saw beside what the server signed, and not into it (REG-8, REG-9)", async () => {
    const store = createCallStore("m");
    const route = new Route(store);
    expect(await route.file()).toBeNull();
    route.follow(session("fr", ["192.0.2.1"]));
    await vi.advanceTimersByTimeAsync(15_000);
    vi.mocked(fetchReceipt).mockResolvedValue('{"key":"k","receipt":{"v":1},"signature":"x"}\n');
    expect(await route.file()).toBe('{"key":"k","receipt":{"v":1},"signature":"x","observed":[{"address":"192.0.2.1","at":7}]}\n');
    vi.mocked(fetchReceipt).mockRejectedValue(new Error("no answer"));
    expect(await route.file()).toBeNull();
    route.stop();
  });

  it("looks once more when the receipt is saved, which may be sooner than the next look (REG-9)", async () => {
    const route = new Route(createCallStore("m"));
    route.follow(session("fr", ["192.0.2.1"]));
    vi.mocked(fetchReceipt).mockResolvedValue('{"key":"k"}\n');
    expect(await route.file()).toBe('{"key":"k","observed":[{"address":"192.0.2.1","at":7}]}\n');
    route.stop();
    expect(await route.file()).toBe('{"key":"k","observed":[{"address":"192.0.2.1","at":7}]}\n');
  });
});
