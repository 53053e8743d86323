/**
 * A person's path through the studio's rating page, in a real browser against the real server and a real file: by keys and by
 * mouse, with a reload in between, on a desk and on a phone.
 *
 * Needs Chromium (RECKON_CHROMIUM or /usr/bin/chromium). Without one it is skipped, unless RECKON_REQUIRE_CHROMIUM=1.
 */
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { after, before, describe, it } from "node:test";
import { fileURLToPath } from "node:url";
import { type Browser, chromium, type Page } from "playwright-core";
import { build } from "vite";
import { LocalServices } from "../src/cli/studio-services.ts";
import { LabelFile, type StudioServer, startStudio } from "../src/serve/index.ts";
import { gradedTraces, readTraces, type Trace } from "../src/tasks/index.ts";
import { commandOn, noSmallDisk } from "./small-disk.ts";
import { CHROMIUM, check, FLAGS, missing, nameless, PATIENCE, pageChecks } from "./studio-page.ts";

/** Set to a folder to keep pictures of each view. */
const SHOTS = process.env["RECKON_STUDIO_SHOTS"];

describe("rating in the studio", { skip: missing && `no Chromium at ${CHROMIUM}` }, () => {
  let folder = "";
  let file = "";
  let server: StudioServer;
  let services: LocalServices;
  let browser: Browser;
  let traces: Trace[] = [];

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), "reckon-label-"));
    file = join(folder, "chains.jsonl");
    traces = gradedTraces({ seed: 5, index: 1, split: "train", chains: 4 });
    await writeFile(file, traces.map(({ ratings, ...trace }) => `${JSON.stringify(trace)}\n`).join(""));
    const configFile = fileURLToPath(new URL("../src/web/vite.config.ts", import.meta.url));
    await build({ configFile, logLevel: "error", build: { outDir: join(folder, "web") } });
    services = new LocalServices(join(folder, "runs"), { workers: 1 });
    const label = await LabelFile.open(file);
    server = await startStudio({
      runsDir: join(folder, "runs"),
      webDir: join(folder, "web"),
      services,
      port: 0,
      label,
    });
    browser = await chromium.launch({ executablePath: CHROMIUM, args: FLAGS });
  });
  after(async () => {
    await browser?.close();
    await server?.close();
    await services?.close();
    await rm(folder, { recursive: true, force: true });
  });

  async function visit(viewport: { width: number; height: number }, use: (page: Page) => Promise<void>): Promise<void> {
    const context = await browser.newContext({ viewport });
    await context.addInitScript({ content: await pageChecks() });
    const page = await context.newPage();
    page.setDefaultTimeout(PATIENCE);
    const trouble: string[] = [];
    page.on("console", (message) => {
      if (message.type() === "error" || message.type() === "warning") trouble.push(`console: ${message.text()}`);
    });
    page.on("pageerror", (error) => trouble.push(`page: ${error.message}`));
    try {
      await page.goto(`${server.url}/#/label`);
      await use(page);
      assert.deepEqual(trouble, []);
    } finally {
      await context.close();
    }
  }

  const written = async () => readTraces(await readFile(file, "utf8")).traces.map(({ ratings }) => ratings);

  it("is rated by keys, nothing is lost on a reload, and the next one comes", () =>
    visit({ width: 1280, height: 900 }, async (page) => {
      await page.getByText("Trace 1 ·").waitFor();
      assert.equal(await page.locator(".label-text pre, .label-text .faint").first().isVisible(), true);
      for (const key of ["5", "4", "3"]) await page.keyboard.press(key);
      await page.getByRole("radio", { name: "coherence 3" }).and(page.locator(":checked")).waitFor();
      await page.getByText("saving").waitFor({ state: "detached" });
      assert.deepEqual((await written())[0], { correctness: 5, clarity: 4, coherence: 3 });
      await page.reload();
      await page.getByRole("radio", { name: "clarity 4" }).and(page.locator(":checked")).waitFor();
      // It goes on with the first that lacks a rating; Backspace takes the last one up again.
      await page.keyboard.press("2");
      await page.keyboard.press("Backspace");
      await page.keyboard.press("1");
      await page.keyboard.press("5");
      await page.getByText("1 of 4 in chains.jsonl rated").waitFor();
      await page.keyboard.press("Enter");
      await page.getByText("Trace 2 ·").waitFor();
      assert.match(page.url(), /#\/label\/2$/);
      await page.getByText("saving").waitFor({ state: "detached" });
      assert.deepEqual((await written())[0], {
        ...{ correctness: 5, clarity: 4, coherence: 3, completeness: 1, efficiency: 5 },
      });
      if (SHOTS !== undefined) await page.screenshot({ path: join(SHOTS, "label-desk.png"), fullPage: true });
    }));

  it("keeps a rating that is still on its way when one looks at the next trace and back", () =>
    visit({ width: 1280, height: 900 }, async (page) => {
      await page.goto(`${server.url}/#/label/4`);
      await page.getByText("Trace 4 ·").waitFor();
      await page.route("**/api/label/3", async (route) => {
        if (route.request().method() === "POST") await new Promise((resolve) => setTimeout(resolve, 400));
        await route.continue();
      });
      await page.keyboard.press("4");
      await page.keyboard.press("p");
      await page.getByText("Trace 3 ·").waitFor();
      await page.keyboard.press("n");
      await page.getByText("Trace 4 ·").waitFor();
      await page.getByRole("radio", { name: "correctness 4" }).and(page.locator(":checked")).waitFor();
      await page.keyboard.press("3");
      await page.getByText("saving").waitFor({ state: "detached" });
      assert.deepEqual(Object.values((await written())[3] ?? {}), [4, 3]);
    }));

  it("is rated by mouse on a phone, in what the file lacks still", () =>
    visit({ width: 390, height: 800 }, async (page) => {
      await page.getByText("Trace 2 ·").waitFor();
      assert.deepEqual(await nameless(page), []);
      const wide = await page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth");
      assert.ok(Number(wide) <= 0, `${wide} pixels too wide`);
      // The last one of the top bar, which does not fit a phone as a whole.
      await page.getByRole("link", { name: "Rate" }).waitFor();
      assert.deepEqual(await check(page, "currentHidden"), []);
      for (const aspect of ["efficiency", "correctness", "clarity", "coherence", "completeness"])
        await page.getByRole("radio", { name: `${aspect} 2` }).check();
      await page.getByText("2 of 4 in chains.jsonl rated").waitFor();
      await page.getByRole("button", { name: "Next" }).click();
      await page.getByText("Trace 3 ·").waitFor();
      await page.getByRole("button", { name: "Previous" }).click();
      await page.getByRole("radio", { name: "clarity 2" }).and(page.locator(":checked")).waitFor();
      if (SHOTS !== undefined) await page.screenshot({ path: join(SHOTS, "label-phone.png"), fullPage: true });
    }));

  it("says when the file has been changed behind its back, and writes nothing", async () => {
    const before = await readFile(file, "utf8");
    await writeFile(file, `${before}\n`);
    const context = await browser.newContext();
    const page = await context.newPage();
    page.setDefaultTimeout(PATIENCE);
    await page.goto(`${server.url}/#/label/4`);
    await page.getByRole("radio", { name: "clarity 2" }).check();
    const told = page.getByRole("alert").getByText("has been changed by another program");
    await told.waitFor();
    assert.match(
      await told.innerText(),
      /by another program\.\nStart the studio again/,
      "what helps is a line of its own",
    );
    assert.equal(await readFile(file, "utf8"), `${before}\n`);
    await context.close();
  });

  it("says that a full disk keeps no rating, and that it is kept when it is given again", {
    skip: noSmallDisk(),
  }, async () => {
    const disk = await mkdtemp(join(tmpdir(), "reckon-label-disk-"));
    const args = commandOn(disk, "1m", "full-disk-label-child.ts", join(folder, "web"));
    const child = spawn("unshare", args, { stdio: ["pipe", "pipe", "inherit"] });
    const closed = once(child, "close");
    const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
    const ask = async (what: string): Promise<void> => {
      child.stdin.write(`${what}\n`);
      assert.equal((await lines.next()).value, what);
    };
    const context = await browser.newContext();
    try {
      const page = await context.newPage();
      page.setDefaultTimeout(PATIENCE);
      await page.goto(`${(await lines.next()).value}/#/label/1`);
      await page.getByRole("radio", { name: "clarity 2" }).check();
      await page.getByText("saving").waitFor({ state: "detached" });
      await ask("fill");
      await page.getByRole("radio", { name: "clarity 4" }).check();
      const told = page
        .getByRole("alert")
        .getByText(/Trace 1 is not saved: .*the disk is full.*was not kept.*Free some/s);
      await told.waitFor();
      if (SHOTS !== undefined) await page.screenshot({ path: join(SHOTS, "label-full.png"), fullPage: true });
      await ask("room");
      // It is chosen already: to choose it again is to give it again.
      await page.getByRole("radio", { name: "clarity 4" }).click();
      await told.waitFor({ state: "detached" });
      await page.reload();
      await page.getByRole("radio", { name: "clarity 4" }).and(page.locator(":checked")).waitFor();
    } finally {
      await context.close();
      child.stdin.end();
      await closed;
      await rm(disk, { recursive: true, force: true });
    }
  });
});
