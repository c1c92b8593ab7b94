import react from "@vitejs/plugin-react";
import { existsSync } from "node:fs";
import { defineConfig } from "vite";

const ENTRIES: Record<string, string> = {
  call: "src/screens/main.tsx",
  meetings: "src/pages/meetings.tsx",
  now: "src/pages/now.tsx",
  owner: "src/pages/owner.tsx",
  pages: "src/pages/main.ts",
};

export default defineConfig({
  base: "/static/",
  plugins: [react()],
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
