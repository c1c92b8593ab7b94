/** Lets Node run the browser client's call without a browser: TypeScript as it is, and no media room. */
import { registerHooks } from "node:module";

const NO_MEDIA = new URL("./no_media.ts", import.meta.url).href;

registerHooks({
  resolve(specifier, context, next) {
    if (specifier === "../media/room") return { url: NO_MEDIA, shortCircuit: true };
    const bare = specifier.startsWith(".") && !/\.(mjs|js|ts|json)$/.test(specifier);
    return next(bare ? `${specifier}.ts` : specifier, context);
  },
});
