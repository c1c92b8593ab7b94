/** Lets Node load web/'s TypeScript as it is: an import without an ending means the .ts file. */
import { registerHooks } from "node:module";

registerHooks({
  resolve(specifier, context, next) {
    const bare = specifier.startsWith(".") && !/\.(mjs|js|ts|json)$/.test(specifier);
    return next(bare ? `${specifier}.ts` : specifier, context);
  },
});
