import { beforeEach, describe, expect, it } from "vitest";
import type { OrderedOut } from "../api/socket.gen";
import { tellingOrders } from "./orders";
import { createCallStore, toast, type Store } from "./store";

let store: Store;
let tells: (message: OrderedOut) => void;

beforeEach(() => {
  store = createCallStore("m");
  tells = tellingOrders(store);
});

const told = () => store.getState().toasts.filter(({ kind }) => kind === "ordered_out").map(({ name, people }) => `${name} ${String(people)}`);
const hear = (territory: string, people: number) => { tells({ t: "ordered_out", territory, people }); };

describe("What a host is told of orders (ORD-20)", () => {
  it("is how many people and where, the newest number of each territory", () => {
    hear("CN", 2);
    hear("TR", 1);
    hear("CN", 3);
    expect(told()).toEqual(["TR 1", "CN 3"]);
  });

  it("is said once, however often a socket comes back", () => {
    hear("CN", 2);
    store.setState({ toasts: [] });
    hear("CN", 2);
    expect(told()).toEqual([]);
  });

  it("stays while the departures it speaks of go by", () => {
    hear("CN", 9);
    for (let one = 0; one < 9; one++) toast(store, "left", String(one));
    expect(store.getState().toasts.map(({ kind, name }) => `${kind} ${name}`)).toEqual(["ordered_out CN", "left 5", "left 6", "left 7", "left 8"]);
  });
});
