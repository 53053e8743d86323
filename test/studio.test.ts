/**
 * A person's path through the studio, in a real browser against a real server over real run directories: watches a run
 * grow, reads samples, pauses, talks, changes the theme, by mouse and by keyboard, on a desk and on a phone.
 *
 * Needs Chromium (RECKON_CHROMIUM or /usr/bin/chromium). Without one it is skipped, unless RECKON_REQUIRE_CHROMIUM=1.
 */
import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { appendFile, mkdir, mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { fileURLToPath } from "node:url";
import { type Browser, type BrowserContext, chromium, type Page } from "playwright-core";
import { build, transformWithOxc } from "vite";
import {
  builtInTasks,
  type ChatChunk,
  type Rollout,
  type StudioServer,
  type StudioServices,
  startStudio,
} from "../src/serve/index.ts";
import { metricsRow, rolloutRows, writeTestRun, writeTestState } from "../src/serve/test-run.ts";
import { Random } from "../src/util/random.ts";

const CHROMIUM = process.env["RECKON_CHROMIUM"] ?? "/usr/bin/chromium";
const FLAGS = [
  "--headless",
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];
/** Set to a folder to keep pictures of each view. */
const SHOTS = process.env["RECKON_STUDIO_SHOTS"];
const missing = !existsSync(CHROMIUM);
if (missing && process.env["RECKON_REQUIRE_CHROMIUM"] === "1")
  throw new Error(`Chromium is required and not at ${CHROMIUM}`);

const PAGE_CHECKS = fileURLToPath(new URL("../src/web/page-checks.ts", import.meta.url));

/** Milliseconds to wait for anything: machines that run tests may be very busy. */
const PATIENCE = 60_000;

const RUN = "r1-zero";
const PLANNED = 200;
const STEPS = 60;
const PHONE = { width: 360, height: 740 };
const DESK = { width: 1280, height: 900 };

/** Keeps one run's state file and streams scripted words: what the command line gives the studio, without an engine. */
class Script implements StudioServices {
  readonly tasks = builtInTasks();
  directory = "";
  status: "running" | "paused" = "running";
  step = STEPS;

  control() {
    return { pause: this.status === "running", resume: this.status === "paused" };
  }

  async pause() {
    this.status = "paused";
    await this.write();
  }

  async resume() {
    this.status = "running";
    await this.write();
  }

  async models() {
    return [
      { id: "base", label: "base", role: "base", description: "Before reinforcement learning." } as const,
      { id: "trained", label: "r1-zero, step 60", role: "trained", description: "After it." } as const,
    ];
  }

  /** The base model adds wrongly; the trained one thinks first. */
  async *chat({ model, prompt }: { model: string; prompt: string }, signal: AbortSignal): AsyncGenerator<ChatChunk> {
    const [a = 0, b = 0] = (prompt.match(/\d+/g) ?? []).map(Number);
    const thinking = model === "base" ? "" : `${a} and ${b}\nwait, carry\ncheck: yes`;
    const answer = String(a + b + (model === "base" ? 10 : 0));
    for (const text of thinking.match(/.{1,4}/gs) ?? []) {
      if (signal.aborted) return;
      yield { type: "delta", phase: "thinking", text };
    }
    yield { type: "delta", phase: "answer", text: answer };
    yield {
      type: "done",
      thinking,
      answer,
      tokens: { prompt: 9, thinking: thinking.length, answer: 3 },
      seconds: 0.1,
      finish: "stop",
    };
  }

  async write(): Promise<void> {
    await writeTestState(this.directory, {
      status: this.status,
      step: this.step,
      steps: PLANNED,
      startedAt: new Date(Date.now() - 90_000).toISOString(),
      updatedAt: new Date().toISOString(),
      pid: process.pid,
    });
  }

  /** One more step, as the trainer writes it: the metrics line in two pieces. */
  async grow(): Promise<void> {
    this.step++;
    const line = `${JSON.stringify(metricsRow(this.step, PLANNED, Random.of(0, "metrics", this.step), true))}\n`;
    await appendFile(join(this.directory, "metrics.jsonl"), line.slice(0, 50));
    await appendFile(join(this.directory, "metrics.jsonl"), line.slice(50));
    const rows = rolloutRows(this.step, PLANNED, Random.of(0, "rollouts", this.step), 2, 4);
    await appendFile(join(this.directory, "rollouts.jsonl"), rows.map((row) => `${JSON.stringify(row)}\n`).join(""));
    await this.write();
  }
}

describe("studio", { skip: missing && `no Chromium at ${CHROMIUM}` }, () => {
  const services = new Script();
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
    checks = (await transformWithOxc(await readFile(PAGE_CHECKS, "utf8"), PAGE_CHECKS)).code;
    await build({ configFile, logLevel: "error", build: { outDir: webDir } });
    services.directory = await writeTestRun(runsDir, RUN, { steps: STEPS, planned: PLANNED, status: "running" });
    await services.write();
    server = await startStudio({ runsDir, webDir, services, port: 0, pollMs: 30 });
    browser = await chromium.launch({ executablePath: CHROMIUM, args: FLAGS });
    if (SHOTS !== undefined) await mkdir(SHOTS, { recursive: true });
  });
  after(async () => {
    await browser?.close();
    await server?.close();
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

  async function openGrow(page: Page): Promise<void> {
    await page.goto(server.url);
    await page.getByRole("heading", { name: "A small model is teaching itself to reason." }).waitFor();
    await page.locator(".chart-plot canvas").first().waitFor();
    await page.locator(".row").first().waitFor();
  }

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
      await services.grow();
      await page.locator(".facts").getByText(`${services.step} of 200`).waitFor();
      await page.locator(".chart-plot[data-points='8']").first().waitFor();
      await shoot(page, "grow-desk-light");
    }));

  it("opens samples, filters, searches and pages", () =>
    visit({ viewport: DESK }, async (page) => {
      await openGrow(page);
      await page.getByLabel("Step", { exact: true }).selectOption("all");
      const written = (await readFile(join(services.directory, "rollouts.jsonl"), "utf8")).trim().split("\n");
      const rollouts = written.map((line) => JSON.parse(line) as Rollout);
      await page.getByText(`${rollouts.length} samples`).waitFor();

      const hits = rollouts.filter(({ score, recheck }) => score < 1 && recheck).length;
      await page.getByRole("combobox", { name: "Verdict" }).selectOption("wrong");
      await page.getByRole("combobox", { name: "Second look" }).selectOption("true");
      await page.getByText(`${hits} samples`).waitFor();
      assert.equal(await page.locator(".row .mark-wrong").count(), 12);
      assert.equal(await page.locator(".row .badge").count(), 12);
      const pages = page.getByRole("navigation", { name: "Pages of samples" });
      const first = await page.locator(".row").first().innerText();
      await pages.getByRole("button", { name: "Next" }).click();
      await pages.getByText(/^13–/).waitFor();
      assert.notEqual(await page.locator(".row").first().innerText(), first);

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

  it("pauses and resumes", () =>
    visit({ viewport: DESK }, async (page) => {
      await openGrow(page);
      await page.getByRole("button", { name: "Pause" }).click();
      await page.getByRole("heading", { name: "Learning is paused." }).waitFor();
      assert.equal(services.status, "paused");
      await page.getByRole("button", { name: "Resume" }).click();
      await page.getByRole("heading", { name: "A small model is teaching itself to reason." }).waitFor();
      await page.getByRole("button", { name: "Pause" }).waitFor();
    }));

  it("talks to both models and verifies", () =>
    visit({ viewport: DESK }, async (page) => {
      await openGrow(page);
      await page.getByRole("link", { name: "Talk" }).click();
      await drawAddition(page);
      assert.match(await page.getByLabel("Question").inputValue(), /\d+ \+ \d+/);
      await page.getByText("The answer will be verified.").waitFor();
      await page.getByRole("button", { name: "Ask both" }).click();
      const before = page.getByRole("region", { name: "Before" });
      const afterwards = page.getByRole("region", { name: "After" });
      await before.getByText(/is not \d+/).waitFor();
      await afterwards.locator(".verdict-right").waitFor();
      assert.match(await afterwards.locator(".thinking").innerText(), /wait, carry/);
      assert.match(await before.innerText(), /0 of 1 right/);
      assert.match(await afterwards.innerText(), /1 of 1 right/);
      assert.match(await afterwards.innerText(), /\d+ thinking \+ 3 answer tokens/);
      await page.getByText(/Before: \d+, wrong\. After: \d+, right\./).waitFor({ state: "attached" });
      await afterwards.getByText("Thinking", { exact: false }).first().click();
      assert.equal(await afterwards.locator(".thinking").isVisible(), false);

      await page.getByLabel("Question").fill("What is 2 and 3?");
      await page.getByText("cannot be verified").waitFor();
      await page.getByLabel("Question").press("Control+Enter");
      await afterwards.getByText("5", { exact: true }).waitFor();
      assert.equal(await afterwards.locator(".verdict").count(), 0);
      await shoot(page, "talk-desk-light");
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

      await page.locator(".row").first().focus();
      await page.keyboard.press("ArrowDown");
      await page.keyboard.press("Enter");
      assert.equal(await page.locator(".row").nth(1).getAttribute("aria-pressed"), "true");
      assert.deepEqual(await nameless(page), []);

      await page.goto(`${server.url}/#/talk`);
      await page.getByRole("button", { name: "New problem" }).focus();
      await page.keyboard.press("Enter");
      await page.getByText("The answer will be verified.").waitFor();
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
    await services.grow();
    server = await startStudio({ runsDir, webDir, services, port, pollMs: 30 });
    await page.getByText("Reckon does not answer.").first().waitFor({ state: "hidden" });
    await page.locator(".facts").getByText(`${services.step} of 200`).waitFor();
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

async function drawAddition(page: Page): Promise<void> {
  await page.getByRole("combobox", { name: /^Problem/ }).selectOption("addition");
  await page.getByRole("combobox", { name: "Level" }).selectOption("1");
  const question = page.getByLabel("Question");
  for (let i = 0; i < 3000 && !/\d{3} \+ \d{3}/.test(await question.inputValue()); i++) await page.waitForTimeout(20);
  const first = await question.inputValue();
  assert.match(first, /\d{3} \+ \d{3}/);
  await page.getByRole("button", { name: "New problem" }).click();
  for (let i = 0; i < 3000 && (await question.inputValue()) === first; i++) await page.waitForTimeout(20);
  assert.notEqual(await question.inputValue(), first);
  await page.getByText("The answer will be verified.").waitFor();
}

/** Calls one of the checks of src/web/page-checks.ts inside the page. */
async function check<T = string[]>(page: Page, name: string, ...args: readonly string[]): Promise<T> {
  return (await page.evaluate(`pageChecks.${name}(${args.map((arg) => JSON.stringify(arg)).join(", ")})`)) as T;
}

/** What can be clicked but not reached by Tab, or does not show that it has the focus. */
async function unreachable(page: Page): Promise<string[]> {
  const wanted = await check<number>(page, "markControls");
  assert.ok(wanted > 8);
  for (let i = 0; i < wanted + 10; i++) {
    await page.keyboard.press("Tab");
    await check(page, "noteFocus");
  }
  return check(page, "unreached");
}

/** Controls that a screen reader would announce without a name. */
async function nameless(page: Page): Promise<string[]> {
  const tree = await page.locator("body").ariaSnapshot();
  const roles = /^\s*- (button|link|combobox|searchbox|slider|textbox|progressbar|checkbox)(?! ")/;
  return tree.split("\n").filter((line) => roles.test(line));
}
