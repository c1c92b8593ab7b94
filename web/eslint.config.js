import boundaries from "eslint-plugin-boundaries";
import hooks from "eslint-plugin-react-hooks";
import tseslint from "typescript-eslint";

/** Who may know whom (docs/design: web/). e2ee is the floor: it knows neither React, nor screens, nor the network. */
const MAY_IMPORT = {
  e2ee: ["e2ee"],
  api: ["api"],
  media: ["media", "e2ee"],
  call: ["call", "media", "e2ee", "api"],
  i18n: ["i18n"],
  ui: ["ui", "i18n"],
  controls: ["controls", "ui", "i18n", "call"],
  screens: ["screens", "controls", "ui", "i18n", "call"],
  pages: ["pages", "ui", "i18n", "call", "api", "e2ee"],
};

export default tseslint.config(
  { ignores: ["dist/", "node_modules/", "src/api/*.gen.ts"] },
  tseslint.configs.strictTypeChecked,
  {
    languageOptions: { parserOptions: { projectService: { allowDefaultProject: ["eslint.config.js"] }, tsconfigRootDir: import.meta.dirname } },
    linterOptions: { reportUnusedDisableDirectives: "error" },
    rules: {
      "@typescript-eslint/no-unused-vars": ["error", { argsIgnorePattern: "^_", varsIgnorePattern: "^_" }],
      "@typescript-eslint/switch-exhaustiveness-check": ["error", { considerDefaultExhaustiveForUnions: true }],
      "@typescript-eslint/consistent-type-imports": "error",
      "max-lines": ["error", { max: 300, skipBlankLines: true }],
      "no-console": "error",
    },
  },
  {
    files: ["src/**/*.{ts,tsx}"],
    plugins: { boundaries, "react-hooks": hooks },
    settings: {
      "boundaries/elements": Object.keys(MAY_IMPORT).map((type) => ({ type, pattern: `src/${type}` })),
      "import/resolver": { node: { extensions: [".ts", ".tsx"] } },
    },
    rules: {
      ...hooks.configs.recommended.rules,
      "boundaries/dependencies": [
        "error",
        {
          default: "disallow",
          policies: Object.entries(MAY_IMPORT).map(([from, allow]) => ({ from: { element: { type: from } }, allow: { to: { element: { type: allow } } } })),
        },
      ],
    },
  },
  {
    files: ["src/e2ee/**", "src/media/**", "src/call/**", "src/api/**"],
    rules: { "no-restricted-imports": ["error", { patterns: ["react", "react-dom", "react/*", "react-*", "i18next"] }] },
  },
  {
    files: ["src/e2ee/**"],
    rules: { "no-restricted-imports": ["error", { patterns: ["react", "react-dom", "react/*", "react-*", "i18next", "zustand", "zustand/*"] }] },
  },
  { files: ["**/*.js", "**/*.mjs"], extends: [tseslint.configs.disableTypeChecked] },
);
