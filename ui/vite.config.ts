import { fileURLToPath } from "node:url";

import { paraglideVitePlugin } from "@inlang/paraglide-js";
import { svelte } from "@sveltejs/vite-plugin-svelte";
import { defineConfig } from "vite";

export default defineConfig({
  base: "./",
  plugins: [
    paraglideVitePlugin({
      project: "./project.inlang",
      outdir: "./src/lib/paraglide",
      // The window sets the language itself, see lib/texts/locale.svelte.ts.
      strategy: ["globalVariable", "baseLocale"],
    }),
    svelte(),
  ],
  resolve: { alias: { $lib: fileURLToPath(new URL("./src/lib", import.meta.url)) } },
  clearScreen: false,
  server: { port: 1420, strictPort: true },
  build: {
    // The oldest web view that is supported: WebKitGTK 2.40, the engine of Safari 16.4.
    target: ["safari16.4", "chrome111"],
    cssTarget: ["safari16.4", "chrome111"],
    // Everything is a file: the content security policy allows no data: fonts or scripts.
    assetsInlineLimit: 0,
    // Would add an inline script for engines that we do not support.
    modulePreload: { polyfill: false },
  },
});
