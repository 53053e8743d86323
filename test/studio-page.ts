/**
 * What the browser test of the studio is made of: where Chromium is, a run directory written by hand, and things that a
 * person does and sees in the page.
 */
import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { appendFile, readFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { type Browser, chromium, type Page } from "playwright-core";
import { build, transformWithOxc } from "vite";
import { LocalServices } from "../src/cli/studio-services.ts";
import { type StudioServer, startStudio } from "../src/serve/index.ts";
import { metricsRow, rolloutRows, writeTestRun, writeTestState } from "../src/serve/test-run.ts";
import { Random } from "../src/util/random.ts";

export const CHROMIUM = process.env["RECKON_CHROMIUM"] ?? "/usr/bin/chromium";
export const FLAGS = [
  "--headless",
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];
export const missing = !existsSync(CHROMIUM);
if (missing && process.env["RECKON_REQUIRE_CHROMIUM"] === "1")
  throw new Error(`Chromium is required and not at ${CHROMIUM}`);

/** src/web/page-checks.ts as a script for the page. */
export async function pageChecks(): Promise<string> {
  const path = fileURLToPath(new URL("../src/web/page-checks.ts", import.meta.url));
  return (await transformWithOxc(await readFile(path, "utf8"), path)).code;
}

/** Set to a folder to keep pictures of each view. */
const SHOTS = process.env["RECKON_STUDIO_SHOTS"];

export async function shoot(page: Page, name: string): Promise<void> {
  if (SHOTS !== undefined) await page.screenshot({ path: join(SHOTS, `${name}.png`), fullPage: true });
}

export function launch(): Promise<Browser> {
  return chromium.launch({ executablePath: CHROMIUM, args: FLAGS });
}

export interface Visit {
  readonly browser: Browser;
  readonly url: string;
  readonly options: Parameters<Browser["newContext"]>[0];
  /** The page must ask for nothing but itself, and say nothing at all; default: it may ask, and may not complain. */
  readonly alone?: boolean;
  /** Requests that fail are what is tested: the browser's own word on them is no complaint. */
  readonly failing?: boolean;
}

/** Opens an address in a fresh context, with src/web/page-checks.ts in the page; `use` must end without a complaint of it. */
export async function visit(
  { browser, url, options, alone = false, failing = false }: Visit,
  use: (page: Page) => Promise<void>,
): Promise<void> {
  const context = await browser.newContext(options);
  await context.addInitScript({ content: await pageChecks() });
  const page = await context.newPage();
  page.setDefaultTimeout(PATIENCE);
  const trouble: string[] = [];
  page.on("console", (message) => {
    if (failing && message.text().startsWith("Failed to load resource:")) return;
    if (alone || ["error", "warning"].includes(message.type())) trouble.push(`console: ${message.text()}`);
  });
  page.on("pageerror", (error) => trouble.push(`page: ${error.message}`));
  page.on("request", (request) => {
    if (alone && request.url() !== url) trouble.push(`request: ${request.url()}`);
  });
  try {
    await page.goto(url);
    await use(page);
    assert.deepEqual(trouble, []);
  } finally {
    await context.close();
  }
}

/** The studio over a folder of runs, built anew, and a browser to look at it. */
export class OpenStudio {
  readonly server: StudioServer;
  readonly browser: Browser;
  readonly #services: LocalServices;

  private constructor(server: StudioServer, browser: Browser, services: LocalServices) {
    this.server = server;
    this.browser = browser;
    this.#services = services;
  }

  /** @param folder for the built page */
  static async open(folder: string, runsDir: string): Promise<OpenStudio> {
    const webDir = join(folder, "web");
    const configFile = fileURLToPath(new URL("../src/web/vite.config.ts", import.meta.url));
    await build({ configFile, logLevel: "error", build: { outDir: webDir } });
    const services = new LocalServices(runsDir, { workers: 1 });
    const server = await startStudio({ runsDir, webDir, services, port: 0 });
    return new OpenStudio(server, await launch(), services);
  }

  /** @param path of the address, behind `#/` */
  visit(path: string, options: Visit["options"], use: (page: Page) => Promise<void>, failing = false): Promise<void> {
    return visit({ browser: this.browser, url: `${this.server.url}/#/${path}`, options, failing }, use);
  }

  async close(): Promise<void> {
    await this.browser.close();
    await this.server.close();
    await this.#services.close();
  }
}

/** Milliseconds to wait for anything: machines that run tests may be very busy. */
export const PATIENCE = 90_000;

/** Steps of the run that is written by hand: planned, and done. */
export const PLANNED = 200;
const STEPS = 60;

/** A run directory as a trainer would write it, without an engine. */
export class HandWritten {
  readonly directory: string;
  step = STEPS;

  private constructor(directory: string) {
    this.directory = directory;
  }

  static async begin(runsDir: string, name: string): Promise<HandWritten> {
    const run = new HandWritten(
      await writeTestRun(runsDir, name, { steps: STEPS, planned: PLANNED, status: "running" }),
    );
    await run.#state();
    return run;
  }

  async #state(): Promise<void> {
    await writeTestState(this.directory, {
      status: "running",
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
    await this.#state();
  }
}

/** In Talk: draws sums of a level that base models can do now and then, and asks for short answers. */
export async function drawAddition(page: Page): Promise<void> {
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
  await page.getByText("Settings").click();
  await page.getByLabel("Most tokens").selectOption("128");
  await page.keyboard.press("Escape");
}

/** Calls one of the checks of src/web/page-checks.ts inside the page. */
export async function check<T = string[]>(page: Page, name: string, ...args: readonly string[]): Promise<T> {
  return (await page.evaluate(`pageChecks.${name}(${args.map((arg) => JSON.stringify(arg)).join(", ")})`)) as T;
}

/** What can be clicked but not reached by Tab, or does not show that it has the focus. */
export async function unreachable(page: Page): Promise<string[]> {
  const wanted = await check<number>(page, "markControls");
  assert.ok(wanted > 8);
  for (let i = 0; i < wanted + 10; i++) {
    await page.keyboard.press("Tab");
    await check(page, "noteFocus");
  }
  return check(page, "unreached");
}

/** Controls that a screen reader would announce without a name. */
export async function nameless(page: Page): Promise<string[]> {
  const tree = await page.locator("body").ariaSnapshot();
  const roles = /^\s*- (button|link|combobox|searchbox|slider|textbox|progressbar|checkbox)(?! ")/;
  return tree.split("\n").filter((line) => roles.test(line));
}
