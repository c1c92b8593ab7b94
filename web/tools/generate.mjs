// Makes src/api/socket.gen.ts from the gateway's own models; `--check` only says whether it is up to date.
import { compile } from "json-schema-to-typescript";
import { execFileSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

const TARGET = fileURLToPath(new URL("../src/api/socket.gen.ts", import.meta.url));
const ROOT = fileURLToPath(new URL("../../", import.meta.url));
const BANNER = "/* Made by `npm run generate` from src/conclave/meetings/socket.py: do not edit. */";

const python = process.env.CONCLAVE_PYTHON ?? `${ROOT}.conclave/venv/bin/python`;
const schema = JSON.parse(execFileSync(python, ["-m", "conclave.meetings.socket"], { cwd: ROOT, env: { ...process.env, PYTHONPATH: `${ROOT}src` }, encoding: "utf8" }));
const text = await compile(
  { ...schema, title: "Socket", type: "object", additionalProperties: false, properties: { client: { $ref: "#/$defs/ClientMessage" }, server: { $ref: "#/$defs/ServerMessage" } } },
  "Socket",
  // Lists stay lists: no tuples for small bounds.
  { bannerComment: BANNER, ignoreMinAndMaxItems: true, unreachableDefinitions: false, style: { printWidth: 140 } },
);
if (process.argv.includes("--check")) {
  if (readFileSync(TARGET, "utf8") !== text) {
    process.stderr.write("web/src/api/socket.gen.ts is out of date: run `npm run generate` in web/\n");
    process.exit(1);
  }
} else {
  writeFileSync(TARGET, text);
}
