// Draws every state of the window in each language, light and dark.
//
//   npm run screenshots                       all of them
//   STATES=encrypt,open LANGUAGES=ru npm run screenshots
//   SIZE=720x520 SHOTS=/tmp/small npm run screenshots
//   FORCED_COLORS=active npm run screenshots
import { mkdir } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

import { chromium } from "playwright";
import { createServer } from "vite";

const list = (name, otherwise) => process.env[name]?.split(",") ?? otherwise;

const folder = process.env.SHOTS ?? join(tmpdir(), "kapsel-shots");
const [width, height] = (process.env.SIZE ?? "920x640").split("x").map(Number);
const forcedColors = process.env.FORCED_COLORS ?? "none";
const languages = list("LANGUAGES", ["et", "en", "ru"]);
const appearances = list("APPEARANCES", ["light", "dark"]);

await mkdir(folder, { recursive: true });
const server = await createServer({
  root: fileURLToPath(new URL("..", import.meta.url)),
  server: { port: 0, strictPort: false, hmr: false },
  logLevel: "warn",
});
await server.listen();
const address = `http://localhost:${server.httpServer.address().port}/dev.html`;
const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
  args: ["--no-sandbox", "--force-color-profile=srgb"],
});
const page = await browser.newPage({ viewport: { width, height }, reducedMotion: "reduce", forcedColors });
const problems = [];
page.on("pageerror", (error) => problems.push(`${page.url()}: ${error.message}`));

await page.goto(address);
await page.waitForSelector("html[data-ready]");
const states = list("STATES", await page.evaluate(() => window.stateNames));
for (const state of states) {
  for (const language of languages) {
    for (const appearance of appearances) {
      await page.goto(`${address}?${new URLSearchParams({ state, language, appearance })}`);
      await page.waitForSelector("html[data-ready]", { timeout: 10_000 });
      await page.screenshot({ path: join(folder, `${state}.${language}.${appearance}.png`) });
    }
  }
}

await browser.close();
await server.close();
console.log(`${states.length * languages.length * appearances.length} pictures in ${folder}`);
if (problems.length > 0) {
  console.error(problems.join("\n"));
  process.exit(1);
}
