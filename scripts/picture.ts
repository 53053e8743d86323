/**
 * Takes the pictures of the documentation: the studio, over real runs, in Chromium.
 *
 *   node scripts/picture.ts RUNS RUN              docs/growth.png: Grow on the run RUN of the folder RUNS, 1280 x 800
 *   node scripts/picture.ts RUNS RUN --views DIR  every view, on a desk and a phone, dark and light, for one's own eyes
 *
 * Needs Node 24 and Chromium (RECKON_CHROMIUM or /usr/bin/chromium).
 */
import { mkdirSync, mkdtempSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { type Browser, type BrowserContextOptions, chromium, type Page } from "playwright-core";
import { build } from "vite";
import { LocalServices } from "../src/cli/studio-services.ts";
import { startStudio } from "../src/serve/index.ts";

const DESK = { width: 1280, height: 800 };
const PHONE = { width: 360, height: 740 };
/** The README is read over slow lines too. */
const MOST_BYTES = 250_000;

const root = fileURLToPath(new URL("..", import.meta.url));
const [runs, run, flag, folder] = process.argv.slice(2);
if (runs === undefined || run === undefined || (flag === "--views") !== (folder !== undefined)) {
  process.stderr.write("usage: node scripts/picture.ts RUNS RUN [--views DIR]\n");
  process.exit(2);
}

const webDir = mkdtempSync(join(tmpdir(), "reckon-picture-"));
await build({ configFile: join(root, "src/web/vite.config.ts"), logLevel: "error", build: { outDir: webDir } });
const services = new LocalServices(runs);
const server = await startStudio({ runsDir: runs, webDir, services, port: 0 });
const executablePath = process.env["RECKON_CHROMIUM"] ?? "/usr/bin/chromium";
const browser = await chromium.launch({ executablePath, args: ["--headless", "--no-sandbox", "--disable-gpu"] });
try {
  if (folder === undefined) await picture(browser, join(root, "docs", "growth.png"));
  else await views(browser, folder);
} finally {
  await browser.close();
  await server.close();
  await services.close();
  rmSync(webDir, { recursive: true, force: true });
}

async function open(browser: Browser, options: BrowserContextOptions): Promise<Page> {
  const context = await browser.newContext({ deviceScaleFactor: 1, reducedMotion: "reduce", ...options });
  return context.newPage();
}

async function grow(page: Page): Promise<void> {
  await page.goto(`${server.url}/#/grow/${encodeURIComponent(run!)}`);
  await page.locator(".chart-plot canvas").first().waitFor();
  await page.locator(".row").first().waitFor();
  await page.evaluate("document.fonts.ready");
}

async function picture(browser: Browser, path: string): Promise<void> {
  const page = await open(browser, { viewport: DESK, colorScheme: "light" });
  await grow(page);
  await page.screenshot({ path });
  const bytes = statSync(path).size;
  process.stdout.write(`${path}: ${bytes} bytes\n`);
  if (bytes > MOST_BYTES) throw new Error(`the picture has more than ${MOST_BYTES} bytes`);
}

async function views(browser: Browser, folder: string): Promise<void> {
  mkdirSync(folder, { recursive: true });
  for (const [device, viewport] of Object.entries({ desk: DESK, phone: PHONE })) {
    for (const colorScheme of ["light", "dark"] as const) {
      const page = await open(browser, { viewport, colorScheme });
      const shoot = (name: string): Promise<unknown> =>
        page.screenshot({ path: join(folder, `${name}-${device}-${colorScheme}.png`), fullPage: true });
      await grow(page);
      await shoot("grow");
      await page.goto(`${server.url}/#/talk`);
      await page.getByRole("button", { name: /^Ask/ }).waitFor();
      await page.getByText("The answer will be verified.").waitFor();
      await page.getByRole("button", { name: /^Ask/ }).click();
      await page.locator(".side").last().locator(".used").waitFor();
      await page.locator(".side").first().locator(".used").waitFor();
      await shoot("talk");
      await page.context().close();
    }
  }
}
