// Makes src/api/*.gen.ts from the gateway's own models; `--check` only says whether they are up to date.
import { compile } from "json-schema-to-typescript";
import { execFileSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

const ROOT = fileURLToPath(new URL("../../", import.meta.url));
const python = process.env.CONCLAVE_PYTHON ?? `${ROOT}.conclave/venv/bin/python`;

/** Each file with the module that prints its schema, its root's name, and what the root names of the definitions. */
const FILES = [
  { target: new URL("../src/api/socket.gen.ts", import.meta.url), module: "socket", title: "Socket", roots: () => ({ client: "ClientMessage", server: "ServerMessage", waiter: "WaiterMessage", door: "DoorMessage" }) },
  { target: new URL("../src/api/http.gen.ts", import.meta.url), module: "schemas", title: "Http", roots: (models) => Object.fromEntries(models.map((model) => [model, model])) },
];

async function generated({ module, title, roots }) {
  const print = ["-m", `conclave.meetings.${module}`];
  const schema = JSON.parse(execFileSync(python, print, { cwd: ROOT, env: { ...process.env, PYTHONPATH: `${ROOT}src` }, encoding: "utf8" }));
  const properties = Object.fromEntries(Object.entries(roots(Object.keys(schema.$defs))).map(([key, model]) => [key, { $ref: `#/$defs/${model}` }]));
  const bannerComment = `/* Made by \`npm run generate\` from src/conclave/meetings/${module}.py: do not edit. */`;
  // Lists stay lists: no tuples for small bounds.
  const options = { bannerComment, ignoreMinAndMaxItems: true, unreachableDefinitions: false, style: { printWidth: 140 } };
  return compile({ ...schema, title, type: "object", additionalProperties: false, properties }, title, options);
}

/** The gateway's own data file, so that what a preset means is said once. */
function presets() {
  const text = readFileSync(`${ROOT}src/conclave/meetings/presets.json`, "utf8");
  return `/* Made by \`npm run generate\` from src/conclave/meetings/presets.json: do not edit. */\n\nexport const PRESETS = ${JSON.stringify(JSON.parse(text), null, 2)} as const;\n`;
}

const PRESETS = { target: new URL("../src/api/presets.gen.ts", import.meta.url), text: presets };

for (const file of [...FILES, PRESETS]) {
  const text = file.text ? file.text() : await generated(file);
  if (!process.argv.includes("--check")) writeFileSync(file.target, text);
  else if (readFileSync(file.target, "utf8") !== text) {
    process.stderr.write(`${fileURLToPath(file.target)} is out of date: run \`npm run generate\` in web/\n`);
    process.exitCode = 1;
  }
}
