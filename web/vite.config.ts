import react from "@vitejs/plugin-react";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { defineConfig, type Plugin } from "vite";

const ENTRIES: Record<string, string> = {
  check: "src/pages/check.tsx",
  call: "src/screens/main.tsx",
  keyring: "src/pages/keyring.ts",
  meetings: "src/pages/meetings.tsx",
  now: "src/pages/now.tsx",
  pages: "src/pages/main.ts",
  passkeys: "src/pages/passkeys.ts",
  selftest: "src/pages/selftest.tsx",
  token: "src/pages/token.tsx",
};

/** React Aria's sentences for screen readers, one module for each of its thirty-odd languages. */
const SENTENCES = /[\\/]react-(?:aria|aria-components|stately)[\\/].*[\\/]intl[\\/](?:.*[\\/])?([a-z]{2})-[A-Z]{2}\.m?js$/;

/** Serves React Aria's sentences in our languages only; its dictionaries pass over a language that is absent. */
function ownLanguages(): Plugin {
  let leftOut = 0;
  return {
    name: "own-languages",
    apply: "build",
    enforce: "pre",
    load: {
      filter: { id: SENTENCES },
      handler(id) {
        if (existsSync(`src/i18n/${SENTENCES.exec(id)?.[1] ?? ""}/index.ts`)) return null;
        leftOut += 1;
        return "export default undefined;";
      },
    },
    buildEnd(error) {
      if (!error && leftOut === 0) this.error("React Aria keeps its sentences elsewhere by now: vite.config.ts no longer finds the languages to leave out.");
    },
  };
}

/** Packs what packs well beside each file, once and as small as it gets: the gateway hands it to every browser that takes it. */
function packed(): Plugin {
  return {
    name: "packed",
    apply: "build",
    writeBundle({ dir = "" }, bundle) {
      for (const name of Object.keys(bundle).filter((file) => /\.(?:css|js|wasm)$/.test(file))) {
        writeFileSync(join(dir, `${name}.gz`), gzipSync(readFileSync(join(dir, name)), { level: 9 }));
      }
    },
  };
}

export default defineConfig({
  base: "/static/",
  plugins: [react(), ownLanguages(), packed()],
  build: {
    outDir: "dist",
    manifest: true,
    target: "es2022",
    // The first to know light-dark(): a rewrite of it for older ones is wrong where the stage turns the colour scheme.
    cssTarget: ["chrome123", "firefox120", "safari17.5"],
    // Everything is a file of its own: the CSP allows no inline script, style or data: address.
    assetsInlineLimit: 0,
    cssCodeSplit: true,
    modulePreload: { polyfill: false },
    sourcemap: false,
    rolldownOptions: { input: Object.fromEntries(Object.entries(ENTRIES).filter(([, file]) => existsSync(file))) },
  },
  worker: { format: "es" },
  server: { fs: { allow: [".."] } },
});
