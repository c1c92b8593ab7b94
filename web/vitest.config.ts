import { defineConfig } from "vitest/config";

export default defineConfig({
  test: { include: ["src/**/*.test.{ts,tsx}", "tests/**/*.test.{ts,tsx}"], environment: "node", sequence: { shuffle: true }, testTimeout: 20_000 * Math.max(1, Number(process.env["EXAMPLES_TIMES"] ?? "1")) },
});
