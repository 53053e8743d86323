/**
 * A model grown in a browser tab: the real page from the real server, which is cut off once the page is ready. The growth is
 * seeded and short (sums, eight steps); what is asked of it are steps and accuracy, never time.
 *
 * Needs Chromium (RECKON_CHROMIUM or /usr/bin/chromium). Without one it is skipped, unless RECKON_REQUIRE_CHROMIUM=1.
 */
import assert from "node:assert/strict";
import { mkdir, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { fileURLToPath } from "node:url";
import { type Browser, chromium, type Page } from "playwright-core";
import { LocalServices } from "../src/cli/studio-services.ts";
import { type StudioServer, startStudio } from "../src/serve/index.ts";
import { CHROMIUM, check, FLAGS, missing, nameless, PATIENCE, pageChecks, unreachable } from "./studio-page.ts";

/** Set to a folder to keep pictures. */
const SHOTS = process.env["RECKON_STUDIO_SHOTS"];

const STEPS = 8;
const ADDRESS = `#/tab?preset=sums&steps=${STEPS}&evaluateEvery=4&evaluateProblems=40`;
/** For whatever takes steps: a machine may be many times slower than a quiet one. */
const LONG = 3 * PATIENCE;
/** The narrowest in use; pictures are taken at 390. */
const PHONE = { width: 360, height: 740 };
const DESK = { width: 1280, height: 900 };

describe("grow in this tab", { skip: missing && `no Chromium at ${CHROMIUM}` }, () => {
  let folder = "";
  let services: LocalServices;
  let server: StudioServer;
  let browser: Browser;

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), "reckon-tab-"));
    const runsDir = join(folder, "runs");
    services = new LocalServices(runsDir, { workers: 1 });
    server = await startStudio({
      runsDir,
      // scripts/test.mjs has built it.
      webDir: fileURLToPath(new URL("../dist/web", import.meta.url)),
      services,
      baseDir: fileURLToPath(new URL("../models/base", import.meta.url)),
      port: 0,
    });
    browser = await chromium.launch({ executablePath: CHROMIUM, args: FLAGS });
    if (SHOTS !== undefined) await mkdir(SHOTS, { recursive: true });
  });
  after(async () => {
    await browser?.close();
    await server?.close();
    await services?.close();
    await rm(folder, { recursive: true, force: true });
  });

  /** A page with what it complains about, and every request since `requests` was emptied. */
  async function open(path: string): Promise<{ page: Page; trouble: string[]; requests: string[] }> {
    const context = await browser.newContext({ viewport: DESK, colorScheme: "light" });
    await context.addInitScript({ content: await pageChecks() });
    const page = await context.newPage();
    page.setDefaultTimeout(LONG);
    const trouble: string[] = [];
    const requests: string[] = [];
    page.on("console", (message) => {
      if (message.type() === "error" || message.type() === "warning") trouble.push(`console: ${message.text()}`);
    });
    page.on("pageerror", (error) => trouble.push(`page: ${error.message}`));
    page.on("request", (request) => requests.push(request.url()));
    await page.goto(`${server.url}/${path}`);
    return { page, trouble, requests };
  }

  async function shoot(page: Page, name: string): Promise<void> {
    if (SHOTS === undefined) return;
    await page.evaluate("window.scrollTo(0, 0)");
    await page.screenshot({ path: join(SHOTS, `${name}.png`), fullPage: true });
  }

  async function ready(page: Page): Promise<void> {
    await page.getByText("passed its self-test of").waitFor();
    await page.getByRole("heading", { name: "Grow a model in this tab." }).waitFor();
  }

  const step = async (page: Page): Promise<number> =>
    Number(await page.locator("[data-step]").getAttribute("data-step"));
  /** Steps may be quicker than looks at the page are. */
  async function reaches(page: Page, wanted: number): Promise<void> {
    await page.locator("[data-step]").waitFor();
    for (let waited = 0; (await step(page)) < wanted; waited += 50) {
      assert.ok(waited < LONG, `step ${wanted} did not come`);
      await page.waitForTimeout(50);
    }
  }
  const accuracy = async (page: Page): Promise<number> =>
    Number(await page.locator("[data-accuracy]").getAttribute("data-accuracy"));

  /** Both sides have answered the question in the box, and been judged. */
  async function ask(page: Page): Promise<void> {
    await page.getByText("The answer will be verified.").waitFor();
    await page.getByRole("button", { name: "Ask both" }).click();
    for (const side of ["Before", "Now"]) await page.getByRole("region", { name: side }).locator(".verdict").waitFor();
  }

  it("learns without a server, can be paused, asked and continued, and reads well everywhere", async () => {
    const { page, trouble, requests } = await open(ADDRESS);
    await ready(page);
    await shoot(page, "tab-ready-light");
    assert.deepEqual(
      requests.filter((url) => url.includes("/api/") || !url.startsWith(server.url)),
      [],
      "the page asks the server for files only",
    );
    requests.length = 0;
    await page.context().setOffline(true);

    await page.getByRole("button", { name: "Start", exact: true }).click();
    await page.getByRole("heading", { name: "This tab is teaching a model to reason." }).waitFor();
    await page.getByText("Untrained, it solves").waitFor();
    const before = await accuracy(page);
    await reaches(page, 2);
    await page.getByRole("button", { name: "Pause" }).click();
    await page.getByRole("heading", { name: "Learning is paused." }).waitFor();
    const paused = await step(page);
    assert.ok(paused >= 2 && paused < STEPS);
    await ask(page);
    assert.equal(await step(page), paused, "no step is done while it is paused");
    assert.deepEqual(await unreachable(page), []);
    assert.deepEqual(await nameless(page), []);

    await page.getByRole("button", { name: "Continue" }).click();
    await page.getByRole("heading", { name: "It has learned." }).waitFor({ timeout: 2 * LONG });
    assert.equal(await step(page), STEPS);
    const learned = await accuracy(page);
    assert.ok(learned > before + 0.15, `held-out accuracy went from ${before} to ${learned}`);
    const chance = (await page.locator("[data-accuracy] small").innerText()).trim();
    assert.match(chance, /^chance 0\.\d%$/);
    assert.ok(Number(await page.locator("[data-speed]").getAttribute("data-speed")) > 0);
    assert.equal(await page.locator(".chart-plot").first().getAttribute("data-points"), "3");
    assert.ok((await page.locator(".tab-samples li").count()) >= 2);

    await page.getByRole("button", { name: "New problem" }).click();
    await ask(page);
    assert.deepEqual(await check(page, "illegible"), []);
    await shoot(page, "tab-desk-light");
    await page.getByRole("button", { name: "Switch to dark theme" }).click();
    assert.deepEqual(await check(page, "illegible"), []);
    await shoot(page, "tab-desk-dark");
    await page.setViewportSize(PHONE);
    assert.deepEqual(await check(page, "tooWide"), []);
    assert.deepEqual(await check(page, "tooSmall"), []);
    await page.setViewportSize({ width: 390, height: 844 });
    await shoot(page, "tab-phone-dark");

    assert.deepEqual(requests, [], "nothing was asked of the server after the page was ready");
    assert.deepEqual(trouble, []);
    await page.context().close();
  });

  it("says what cannot be answered and goes on; stops, and starts anew", async () => {
    const { page, trouble } = await open(ADDRESS.replace(`steps=${STEPS}`, "steps=50&maxNewTokens=16"));
    await ready(page);
    await page.setViewportSize(PHONE);
    assert.deepEqual(await check(page, "tooWide"), []);
    assert.deepEqual(await check(page, "tooSmall"), []);
    assert.deepEqual(await check(page, "illegible"), []);
    await page.getByRole("button", { name: "Start", exact: true }).click();
    await reaches(page, 1);
    await page.getByLabel("Question").fill("é".repeat(400));
    await page.getByRole("button", { name: "Ask both" }).click();
    await page.getByText("prompt 0 is too long").first().waitFor();
    const then = await step(page);
    await reaches(page, then + 1);
    await page.getByRole("button", { name: "Stop" }).click();
    await page.getByRole("heading", { name: "Learning was stopped." }).waitFor();
    await page.getByRole("button", { name: "Start anew" }).click();
    await page.getByRole("heading", { name: "This tab is teaching a model to reason." }).waitFor();
    await reaches(page, 1);

    // Other views come and go; what grows here stays.
    await page.getByRole("link", { name: "Grow", exact: true }).click();
    await page.getByRole("heading", { name: "Nothing grows here yet." }).waitFor();
    await page.getByRole("link", { name: "In this tab" }).click();
    await page.locator("[data-step]").waitFor();
    assert.ok((await step(page)) >= 1);
    assert.deepEqual(trouble, []);
    await page.context().close();
  });
});
