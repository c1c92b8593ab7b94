import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { expect, it } from "vitest";

const TOOL = fileURLToPath(new URL("../tools/generate.mjs", import.meta.url));

it("the API's types are those of the gateway's own models", { timeout: 60_000 }, async () => {
  await expect(promisify(execFile)(process.execPath, [TOOL, "--check"])).resolves.toMatchObject({ stderr: "" });
});
