import { describe, expect, it, vi } from "vitest";
import type { Keys } from "../e2ee/keys.client";
import { Knocks } from "./knocks";
import type { Session } from "./session";
import { createCallStore } from "./store";

vi.mock("../media/bell", () => ({ ring: () => undefined }));

const KNOCK = { knock: "k", name: "Dora", signature_key: "hers", since: 1, why: "link_old" as const, signed_in: false };
const at = (sealed: object | null) => {
  const send = vi.fn();
  const ask = vi.fn(() => (sealed ? Promise.resolve(sealed) : Promise.reject(new Error("bad_seal"))));
  const knocks = new Knocks({ ask } as unknown as Keys, createCallStore("m"), { send } as unknown as Session);
  return { send, ask, knocks };
};
const answer = (sealed: object[], admit = true) => ({ t: "answer", knocks: ["k"], admit, block: false, sealed });

describe("The link for who knocks (LINK-7)", () => {
  it("is sealed to the key that they showed, and goes with the answer", async () => {
    const { send, ask, knocks } = at({ sealed: "for her alone" });
    knocks.hear({ t: "knocks", waiting: [{ ...KNOCK, seal_key: "to", seal_signature: "signed" }], gone: [] });
    knocks.answer(["k"], true, false);
    await vi.waitFor(() => { expect(send).toHaveBeenCalledWith(answer([{ knock: "k", sealed: "for her alone" }])); });
    expect(ask).toHaveBeenCalledWith("seal_link", { to: "to", signature_key: "hers", signature: "signed" });
  });

  it("is given to nobody who is refused, and a key that is not theirs gets none", async () => {
    const refused = at({ sealed: "for her alone" });
    refused.knocks.hear({ t: "knocks", waiting: [{ ...KNOCK, seal_key: "to", seal_signature: "signed" }], gone: [] });
    refused.knocks.answer(["k"], false, false);
    await vi.waitFor(() => { expect(refused.send).toHaveBeenCalledWith(answer([], false)); });
    expect(refused.ask).not.toHaveBeenCalled();
    const forged = at(null);
    forged.knocks.hear({ t: "knocks", waiting: [{ ...KNOCK, seal_key: "another", seal_signature: "signed" }], gone: [] });
    forged.knocks.answer(["k"], true, false);
    await vi.waitFor(() => { expect(forged.send).toHaveBeenCalledWith(answer([])); });
  });
});
