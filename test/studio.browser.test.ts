/**
 * A person's path through the studio, in a real browser against the real server and its services: a growth that trains
 * in a process of its own is paused and resumed, the shipped base and what the growth has made of it answer, and beside
 * them a run directory written by hand shows what a long growth would. By mouse and by keyboard, on a desk and on a phone.
 *
 * Needs Chromium (RECKON_CHROMIUM or /usr/bin/chromium). Without one it is skipped, unless RECKON_REQUIRE_CHROMIUM=1.
 */
import assert from "node:assert/strict";
import { mkdir, mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { type Browser, type BrowserContext, chromium, type Page } from "playwright-core";
import { build } from "vite";
import { LocalServices } from "../src/cli/studio-services.ts";
import { RunDirectory } from "../src/runs/run-directory.ts";
import { type Rollout, type StudioServer, startStudio } from "../src/serve/index.ts";
import { writeTestRun } from "../src/serve/test-run.ts";
import {
  CHROMIUM,
  check,
  drawAddition,
  FLAGS,
  HandWritten,
  missing,
  nameless,
  PATIENCE,
  PLANNED,
  pageChecks,
  unreachable,
} from "./studio-page.ts";

/** Set to a folder to keep pictures of each view. */
const SHOTS = process.env["RECKON_STUDIO_SHOTS"];

/** The run that trains. It would go on for long: it is paused when there is enough to talk to. */
const GROWTH = "growth";
const GROWTH_STEPS = 900;
const SETTINGS = [
  `steps=${GROWTH_STEPS}`,
  "promptsPerStep=4",
  "samplesPerPrompt=4",
  "maxNewTokens=48",
  "evaluateProblems=16",
  "evaluateEvery=2",
  "rolloutsEvery=1",
];

/** The run that was written by hand. */
const RUN = "r1-zero";
const PHONE = { width: 360, height: 740 };
const DESK = { width: 1280, height: 900 };

describe("studio", { skip: missing && `no Chromium at ${CHROMIUM}` }, () => {
  let services: LocalServices;
  let written: HandWritten;
  let folder = "";
  let runsDir = "";
  let webDir = "";
  let server: StudioServer;
  let browser: Browser;
  /** src/web/page-checks.ts as a script for the page. */
  let checks = "";

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), "reckon-studio-"));
    runsDir = join(folder, "runs");
    webDir = join(folder, "web");
    const configFile = fileURLToPath(new URL("../src/web/vite.config.ts", import.meta.url));
    checks = await pageChecks();
    services = new LocalServices(runsDir, {
      workers: 1,
      onFailure: (run, output) => assert.fail(`the training of ${run} failed: ${output}`),
    });
    services.train(GROWTH, ["r1-zero", "--name", GROWTH, ...SETTINGS.flatMap((setting) => ["--set", setting])]);
    await build({ configFile, logLevel: "error", build: { outDir: webDir } });
    written = await HandWritten.begin(runsDir, RUN);
    server = await startStudio({ runsDir, webDir, services, port: 0, pollMs: 30 });
    browser = await chromium.launch({ executablePath: CHROMIUM, args: FLAGS });
    for (let waited = 0; !growth()?.state; waited += 50) {
      assert.ok(waited < PATIENCE, "the training did not begin");
      await sleep(50);
    }
    if (SHOTS !== undefined) await mkdir(SHOTS, { recursive: true });
  });
  after(async () => {
    await browser?.close();
    await server?.close();
    await services?.close();
    await rm(folder, { recursive: true, force: true });
  });

  /** Opens a page whose complaints and foreign requests are collected; `use` must end without any. */
  async function visit(
    options: Parameters<Browser["newContext"]>[0],
    use: (page: Page, context: BrowserContext) => Promise<void>,
  ): Promise<void> {
    const context = await browser.newContext(options);
    await context.addInitScript({ content: checks });
    const page = await context.newPage();
    page.setDefaultTimeout(PATIENCE);
    const trouble: string[] = [];
    page.on("console", (message) => {
      if (message.type() === "error" || message.type() === "warning") trouble.push(`console: ${message.text()}`);
    });
    page.on("pageerror", (error) => trouble.push(`page: ${error.message}`));
    page.on("request", (request) => {
      const { origin, protocol } = new URL(request.url());
      if (origin !== server.url && protocol !== "data:" && protocol !== "blob:")
        trouble.push(`foreign request: ${request.url()}`);
    });
    try {
      await use(page, context);
      assert.deepEqual(trouble, []);
    } finally {
      await context.close();
    }
  }

  async function shoot(page: Page, name: string): Promise<void> {
    if (SHOTS !== undefined) await page.screenshot({ path: join(SHOTS, `${name}.png`), fullPage: true });
  }

  /** Opens the run that was written by hand. */
  async function openGrow(page: Page): Promise<void> {
    await page.goto(`${server.url}/#/grow/${RUN}`);
    await page.getByRole("heading", { name: "A small model is teaching itself to reason." }).waitFor();
    await page.locator(".chart-plot canvas").first().waitFor();
    await page.locator(".row").first().waitFor();
  }

  const growth = () => RunDirectory.list(runsDir).find(({ name }) => name === GROWTH)!;

  /** The legend of a chart tells its curves apart by the colours that they have. */
  async function assertLegend(page: Page): Promise<void> {
    const rows = await check<{ label: string; stroke: string; drawn: boolean }[]>(page, "legend", "Length of answers");
    assert.deepEqual(
      rows.map(({ label, drawn }) => ({ label, drawn })),
      ["all", "right", "wrong"].map((label) => ({ label, drawn: true })),
    );
    assert.equal(new Set(rows.map(({ stroke }) => stroke)).size, rows.length);
  }

  /** Waits until the training process has done a step beyond `step`. */
  async function trainedBeyond(page: Page, step: number): Promise<void> {
    for (let waited = 0; (growth()?.state?.step ?? 0) <= step; waited += 50) {
      assert.ok(waited < PATIENCE, `no step after ${step} came`);
      await page.waitForTimeout(50);
    }
  }

  /** Pauses the training by the button; returns the step at which it stands. */
  async function pause(page: Page): Promise<number> {
    await page.getByRole("button", { name: "Pause" }).click();
    await page.getByRole("heading", { name: "Learning is paused." }).waitFor();
    await page.getByRole("button", { name: "Resume" }).waitFor();
    const { state, busy, directory } = growth();
    assert.deepEqual([state?.status, busy], ["paused", false]);
    assert.ok((await readdir(join(directory, "checkpoints"))).includes(`step-${state?.step}`));
    await page.locator(".facts").getByText(`${state?.step} of ${GROWTH_STEPS}`).waitFor();
    return state!.step;
  }

  it("pauses a training and resumes it where it was", () =>
    visit({ viewport: DESK }, async (page) => {
      await page.goto(`${server.url}/#/grow/${GROWTH}`);
      await page.locator(".chart-plot canvas").first().waitFor();
      await trainedBeyond(page, 0);
      const first = await pause(page);
      await page.waitForTimeout(300);
      assert.equal(growth().state?.step, first, "no step is done while it is paused");

      await page.getByRole("button", { name: "Resume" }).click();
      await page.getByRole("heading", { name: "A small model is teaching itself to reason." }).waitFor();
      await trainedBeyond(page, first + 1);
      await page.getByText(`Went on from step ${first}.`).waitFor();
      const second = await pause(page);
      assert.ok(second > first);

      // Each evaluation is there once: before the first step, then every other.
      await page
        .locator(`.chart-plot[data-points='${1 + Math.floor(second / 2)}']`)
        .first()
        .waitFor();
      await page.locator(".row").first().click();
      await page.getByRole("article", { name: "Sample" }).getByText("What it earned").waitFor();
      await shoot(page, "growth-desk-light");
    }));

  it("shows a run as it grows", () =>
    visit({ viewport: DESK }, async (page) => {
      await openGrow(page);
      const sentence = await page.locator(".lede").first().innerText();
      assert.match(sentence, /solves \d+(\.\d)?% of problems it has never seen .*up from/);
      const accuracy = page.getByRole("slider", { name: "Held-out accuracy" });
      assert.equal(Number(await accuracy.getAttribute("data-points")), 7);
      for (const title of ["Held-out accuracy", "Reward", "Length of answers", "Second looks", "Format", "Entropy"]) {
        assert.ok((await check<number>(page, "ink", title)) > 200, `${title} is drawn`);
      }
      await assertLegend(page);
      await written.grow();
      await page.locator(".facts").getByText(`${written.step} of ${PLANNED}`).waitFor();
      await page.locator(".chart-plot[data-points='8']").first().waitFor();
      await shoot(page, "grow-desk-light");
    }));

  it("opens samples, filters, searches and pages", () =>
    visit({ viewport: DESK }, async (page) => {
      await openGrow(page);
      await page.getByLabel("Step", { exact: true }).selectOption("all");
      const lines = (await readFile(join(written.directory, "rollouts.jsonl"), "utf8")).trim().split("\n");
      const rollouts = lines.map((line) => JSON.parse(line) as Rollout);
      await page.getByText(`${rollouts.length} samples`).waitFor();

      const hits = rollouts.filter(({ score, recheck }) => score < 1 && recheck).length;
      await page.getByRole("combobox", { name: "Verdict" }).selectOption("wrong");
      await page.getByRole("combobox", { name: "Second look" }).selectOption("true");
      await page.getByText(`${hits} samples`).waitFor();
      const list = page.getByRole("listbox", { name: "Samples" });
      const rows = list.getByRole("option");
      assert.equal(await rows.locator(".mark-wrong").count(), await rows.count());
      assert.equal(await rows.locator(".badge").count(), await rows.count());
      // Only what is in sight exists.
      assert.ok((await rows.count()) < hits);
      await list.focus();
      await page.keyboard.press("End");
      await list.locator(`[aria-posinset='${hits}'][aria-selected='true'] .row`).waitFor();
      await page.keyboard.press("Home");
      await page.locator(".row").nth(1).click();
      const sample = page.getByRole("article", { name: "Sample" });
      await sample.getByRole("heading", { name: "Wrong" }).waitFor();
      assert.match(await sample.locator(".thinking").innerText(), /numbers .*\n.*wait/s);
      assert.match(await sample.locator(".earned").innerText(), /accuracy\s+0.*reward\s+\d.*advantage/s);
      const tries = page.locator(".try");
      await tries.first().waitFor();
      assert.ok((await tries.count()) >= 4);

      await page.getByRole("combobox", { name: "Verdict" }).selectOption("right");
      await page.getByRole("combobox", { name: "Order" }).selectOption("-advantage");
      await page.locator(".row:has(.mark-wrong)").first().waitFor({ state: "detached" });
      await page.locator(".row").first().click();
      await sample.getByText("what it wrote becomes more likely").waitFor();
      await tries.filter({ hasText: "wrong" }).first().click();
      await sample.getByText("what it wrote becomes less likely").waitFor();

      await page.getByRole("searchbox").fill("no such words");
      await page.getByText("No sample matches.").waitFor();
      await page.getByRole("button", { name: "Clear filters" }).click();
      await page.getByText(`${rollouts.length} samples`).waitFor();
    }));

  it("talks to the base and to what it has become, and verifies", () =>
    visit({ viewport: DESK }, async (page) => {
      await openGrow(page);
      await page.getByRole("link", { name: "Talk" }).click();
      await drawAddition(page);
      const question = await page.getByLabel("Question").inputValue();
      const [a, b] = question.match(/\d+/g)!.map(Number) as [number, number];
      await page.getByRole("button", { name: "Ask both" }).click();
      const sides = ["Before", "After"].map((name) => page.getByRole("region", { name }));
      assert.equal(await sides[0]!.getByRole("combobox").inputValue(), "base");
      assert.equal(await sides[1]!.getByRole("combobox").inputValue(), `runs/${GROWTH}`);
      const said: string[] = [];
      for (const side of sides) {
        await side.locator(".verdict").waitFor();
        const answer = (await side.locator(".answer-text").innerText()).trim();
        const right = Number(answer) === a + b;
        await side.locator(right ? ".verdict-right" : ".verdict-wrong").waitFor();
        assert.match(await side.innerText(), new RegExp(`${right ? 1 : 0} of 1 right`));
        assert.match(await side.locator(".used").innerText(), /^\d+ thinking \+ \d+ answer tokens? · \d+\.\d s/);
        said.push(`${/\d/.test(answer) ? answer : "no answer"}, ${right ? "right" : "wrong"}`);
      }
      await page.getByText(`Before: ${said[0]}. After: ${said[1]}.`).waitFor({ state: "attached" });
      await sides[1]!.getByText("Thinking", { exact: false }).first().click();
      assert.equal(await sides[1]!.locator(".thinking").isVisible(), false);

      await page.getByLabel("Question").fill("What is 2 and 3?");
      await page.getByText("cannot be verified").waitFor();
      await page.getByLabel("Question").press("Control+Enter");
      for (const side of sides) {
        await side.locator(".verdict").waitFor({ state: "detached" });
        await side.locator(".used").waitFor();
        assert.match(await side.innerText(), /[01] of 1 right/);
      }
      await shoot(page, "talk-desk-light");
      await sides[0]!.getByRole("combobox").selectOption(`runs/${GROWTH}`);
      await page.getByRole("region", { name: "The model" }).locator(".used").waitFor();
      await page.getByRole("button", { name: "Ask", exact: true }).waitFor();
    }));

  it("keeps the theme that was chosen, and is legible in both", () =>
    visit({ viewport: DESK, colorScheme: "light" }, async (page) => {
      await openGrow(page);
      const paper = (): Promise<string> => check<string>(page, "paper");
      const light = await paper();
      assert.deepEqual(await check(page, "illegible"), []);
      await page.getByRole("button", { name: "Switch to dark theme" }).click();
      const dark = await paper();
      assert.notEqual(dark, light);
      assert.deepEqual(await check(page, "illegible"), []);
      assert.ok((await check<number>(page, "ink", "Reward")) > 200);
      await assertLegend(page);
      await page.reload();
      await page.locator(".chart-plot canvas").first().waitFor();
      assert.equal(await paper(), dark);
      await shoot(page, "grow-desk-dark");
      await page.getByRole("link", { name: "Talk" }).click();
      await drawAddition(page);
      await page.getByRole("button", { name: "Ask both" }).click();
      await page.locator(".verdict").nth(1).waitFor();
      assert.deepEqual(await check(page, "illegible"), []);
      await shoot(page, "talk-desk-dark");
    }));

  it("shows the licences of what it is built with", () =>
    visit({ viewport: DESK }, async (page) => {
      await openGrow(page);
      const link = await page.getByRole("link", { name: "Licences" }).getAttribute("href");
      // Not opened: a browser asks for an icon beside a plain text, and there is none.
      const text = await (await page.request.get(new URL(link!, page.url()).href)).text();
      for (const name of ["react", "uplot"]) assert.match(text, new RegExp(`^## ${name} - `, "m"));
    }));

  it("fits a phone", () =>
    visit({ viewport: PHONE, colorScheme: "dark", hasTouch: true, isMobile: true }, async (page) => {
      await openGrow(page);
      await page.locator(".row").first().tap();
      await page.getByRole("article", { name: "Sample" }).waitFor();
      assert.deepEqual(await check(page, "tooWide"), []);
      assert.deepEqual(await check(page, "tooSmall"), []);
      await shoot(page, "grow-phone-dark");
      await page.getByRole("link", { name: "Talk" }).tap();
      await drawAddition(page);
      await page.getByRole("button", { name: "Ask both" }).tap();
      await page.locator(".verdict").nth(1).waitFor();
      assert.deepEqual(await check(page, "tooWide"), []);
      assert.deepEqual(await check(page, "illegible"), []);
      await shoot(page, "talk-phone-dark");
    }));

  it("is usable by keyboard alone", () =>
    visit({ viewport: DESK, reducedMotion: "reduce" }, async (page) => {
      await openGrow(page);
      await page.keyboard.press("Tab");
      assert.equal(await page.locator(":focus").innerText(), "Skip to content");
      await page.keyboard.press("Enter");
      assert.equal(await page.locator(":focus").getAttribute("id"), "main");
      assert.deepEqual(await unreachable(page), []);

      await page.getByRole("slider", { name: "Length of answers" }).focus();
      await page.keyboard.press("Home");
      await page.keyboard.press("ArrowRight");
      const told = await page.getByRole("slider", { name: "Length of answers" }).getAttribute("aria-valuetext");
      assert.match(told ?? "", /^step 2: all \d+, right \d+, wrong \d+$/);

      await page.getByRole("listbox", { name: "Samples" }).focus();
      await page.keyboard.press("ArrowDown");
      await page.keyboard.press("ArrowDown");
      await page.keyboard.press("Enter");
      await page.locator(".virtual-row").nth(1).and(page.locator("[aria-selected='true']")).waitFor();
      assert.deepEqual(await nameless(page), []);

      await page.goto(`${server.url}/#/talk`);
      await page.getByText("The answer will be verified.").waitFor();
      await page.getByRole("button", { name: "New problem" }).focus();
      await page.keyboard.press("Enter");
      await page.getByRole("button", { name: "Ask both" }).focus();
      await page.keyboard.press("Enter");
      await page.locator(".verdict").nth(1).waitFor();
      assert.deepEqual(await unreachable(page), []);
      assert.deepEqual(await nameless(page), []);
    }));

  it("says so when the server is gone, and finds back", async () => {
    const context = await browser.newContext({ viewport: DESK });
    const page = await context.newPage();
    page.setDefaultTimeout(PATIENCE);
    await openGrow(page);
    const { port } = server;
    await server.close();
    await page.getByText("Reckon does not answer.").first().waitFor();
    await written.grow();
    server = await startStudio({ runsDir, webDir, services, port, pollMs: 30 });
    await page.getByText("Reckon does not answer.").first().waitFor({ state: "hidden" });
    await page.locator(".facts").getByText(`${written.step} of ${PLANNED}`).waitFor();
    await context.close();
  });

  it("is clear when there is no run yet, and goes on by itself when one begins", async () => {
    const emptyDir = join(folder, "empty");
    const empty = await startStudio({ runsDir: emptyDir, webDir, services, port: 0, pollMs: 30 });
    const context = await browser.newContext({ viewport: PHONE });
    await context.addInitScript({ content: checks });
    const page = await context.newPage();
    page.setDefaultTimeout(PATIENCE);
    await page.goto(empty.url);
    await page.getByRole("heading", { name: "Nothing grows here yet." }).waitFor();
    assert.deepEqual(await check(page, "tooWide"), []);
    await shoot(page, "empty-phone");
    await writeTestRun(emptyDir, "first", { steps: 3, planned: 9, status: "running" });
    await page.locator(".chart-plot canvas").first().waitFor();
    await context.close();
    await empty.close();
  });
});
