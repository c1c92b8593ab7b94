import { describe, expect, it } from "vitest";

import type { MlsState } from "../e2ee/mls";
import { governing } from "./presets";

const fresh = { hosting: true, policy: { version: 0, hosts: [] } } as unknown as MlsState;
const meant = (...presets: readonly string[]) => governing(fresh, true, presets);

describe("What the first host writes of a preset (MEET-10)", () => {
  it("is what the device and the lobby ask for together, whichever says which", () => {
    expect(meant("confidential", "open")).toEqual({ strict: true, locked: true });
    expect(meant("open", "confidential")).toEqual({ strict: true, locked: true });
    expect(meant("guarded", "school")).toEqual({ rights: { rename: "hosts", share: "hosts" } });
    expect(meant("school", "guarded")).toEqual({ rights: { rename: "hosts", share: "hosts" } });
    expect(meant("confidential", "guarded")).toEqual({ strict: true, locked: true, rights: { share: "few" } });
  });

  it("is nothing of a word that is no preset", () => {
    expect(meant("", "open")).toBeNull();
    expect(meant("", "guarded")).toEqual({ rights: { share: "few" } });
    expect(meant("toString", "whatever")).toBeNull();
  });
});
