import { fileURLToPath } from "node:url";

import { svelte } from "@sveltejs/vite-plugin-svelte";
import { playwright } from "@vitest/browser-playwright";
import { defineConfig } from "vitest/config";

const alias = { $lib: fileURLToPath(new URL("./src/lib", import.meta.url)) };
const executablePath = process.env["CHROMIUM"] ?? "/usr/bin/chromium";

export default defineConfig({
  test: {
    projects: [
      {
        resolve: { alias },
        test: { name: "source", include: ["tests/source/**/*.test.ts"], environment: "node", testTimeout: 60_000 },
      },
      {
        plugins: [svelte()],
        resolve: { alias },
        // Found late, they would make the browser reload in the middle of a test.
        optimizeDeps: { include: ["axe-core", "@tauri-apps/api/core", "@tauri-apps/api/event"] },
        test: {
          name: "window",
          include: ["tests/window/**/*.test.ts"],
          setupFiles: ["tests/window/setup.ts"],
          testTimeout: 30_000,
          browser: {
            enabled: true,
            headless: true,
            screenshotFailures: false,
            viewport: { width: 920, height: 640 },
            provider: playwright({
              launchOptions: { executablePath, args: ["--no-sandbox"] },
              contextOptions: { reducedMotion: "reduce" },
            }),
            instances: [{ browser: "chromium" }],
          },
        },
      },
    ],
  },
});
