/**
 * A person's path through the studio's Runs, in a real browser against the real server: runs over each other, their
 * settings, a search through what they wrote, one problem through training, the ladder; and a run that was copied in half.
 *
 * Needs Chromium (RECKON_CHROMIUM or /usr/bin/chromium). Without one it is skipped, unless RECKON_REQUIRE_CHROMIUM=1.
 */
import assert from "node:assert/strict";
import { appendFile, cp, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import type { Page } from "playwright-core";
import type { Rollout } from "../src/serve/index.ts";
import { metricsRow, writeTestRun, writeTestState } from "../src/serve/test-run.ts";
import { Random } from "../src/util/random.ts";
import { CHROMIUM, check, missing, nameless, OpenStudio, shoot, unreachable, type Visit } from "./studio-page.ts";

const PHONE = { width: 390, height: 800 };
const DESK = { width: 1280, height: 900 };
const BOTH = "slow,quick";

describe("runs in the studio", { skip: missing && `no Chromium at ${CHROMIUM}` }, () => {
  let folder = "";
  let runsDir = "";
  let studio: OpenStudio | undefined;
  /** What the runs wrote, by run. */
  const written = new Map<string, Rollout[]>();

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), "reckon-runs-"));
    runsDir = join(folder, "runs");
    for (const [seed, name] of ["slow", "quick"].entries()) {
      const learningRate = 0.0001 * (seed + 1);
      const startedAt = new Date(Date.now() - (9 - seed) * 100_000);
      const sizes = { steps: 400, rolloutsEvery: 4, evalEvery: 50, waits: true };
      const directory = await writeTestRun(runsDir, name, { ...sizes, seed, learningRate, startedAt });
      const lines = (await readFile(join(directory, "rollouts.jsonl"), "utf8")).trim().split("\n");
      written.set(
        name,
        lines.map((line) => JSON.parse(line) as Rollout),
      );
    }
    const half = join(runsDir, "half");
    await cp(join(runsDir, "quick"), half, { recursive: true });
    await writeFile(join(half, "recipe.json"), '{"name": "r1-');
    for (const name of ["state.json", "rollouts.jsonl"]) await rm(join(half, name));
    studio = await OpenStudio.open(folder, runsDir);
  });
  after(async () => {
    await studio?.close();
    await rm(folder, { recursive: true, force: true });
  });

  /** Opens a part of Runs. */
  const visit = (path: string, options: Visit["options"], use: Parameters<OpenStudio["visit"]>[2]): Promise<void> =>
    studio!.visit(`runs/${path}`, options, use);

  it("lays runs over each other, by steps, tokens or minutes, and tells what differs", () =>
    visit("", { viewport: DESK }, async (page) => {
      // A folder that was copied in half shows what it has.
      await page.getByText("half is shown as far as it goes: recipe.json is damaged").waitFor();
      const reward = page.getByRole("slider", { name: "Reward", exact: true });
      await reward.locator(".plot-line").nth(2).waitFor();
      assert.equal(await reward.locator(".plot-line").count(), 3);
      await page.getByRole("checkbox", { name: /^half/ }).uncheck();
      await page.locator(".overlay").nth(1).locator(".plot-line").nth(2).waitFor({ state: "detached" });
      assert.match(page.url(), /compare\/(slow,quick|quick,slow)$/);

      const smooth = await reward.locator(".plot-line").first().getAttribute("d");
      assert.equal(await reward.locator(".plot-raw").count(), 2, "what was logged stays behind the line");
      await page.getByRole("slider", { name: "Smoothing" }).focus();
      await page.keyboard.press("Home");
      await reward.locator(".plot-raw").first().waitFor({ state: "detached" });
      assert.notEqual(await reward.locator(".plot-line").first().getAttribute("d"), smooth);

      for (const [axis, told] of [
        ["Tokens", /^tokens 3\.8M: (slow|quick) 0\.\d+, /],
        ["Minutes", /^minutes \d/],
        ["Steps", /^step 400: /],
      ] as const) {
        await page.getByRole("button", { name: axis }).click();
        await reward.focus();
        await page.keyboard.press("ArrowLeft");
        await page.keyboard.press("End");
        assert.match((await reward.getAttribute("aria-valuetext")) ?? "", told);
      }
      const color = (place: string) => page.locator(place).first().locator(".swatch").first().getAttribute("class");
      assert.equal(await color(".chip:has-text('slow')"), await color(".overlay-legend li:has-text('slow')"));
      const swatches = await check(page, "strokes", ".overlay:first-of-type .overlay-legend .swatch line");
      assert.deepEqual(swatches, await check(page, "strokes", ".overlay:first-of-type .plot-line"));
      assert.equal(new Set(swatches).size, 2);

      const settings = page.getByRole("region", { name: "Table of settings" });
      const keys = () => settings.locator("tbody th").allInnerTexts();
      assert.deepEqual(await keys(), ["seed", "learningRate"]);
      assert.match(await settings.innerText(), /learningRate\s+0\.000[12]\s+0\.000[12]/);
      await page.getByLabel("Show all settings").check();
      assert.ok((await keys()).includes("groupSize"));
      await page.getByText(/^All other curves/).click();
      await page.getByRole("slider", { name: "Gradient norm" }).waitFor();
      const charts = page.locator(".overlay");
      assert.equal(await charts.getByText(/Nobody tells it/).count(), 0, "waits are forced");
      await charts.getByText("A forced “wait” lengthens a share of the training answers").first().waitFor();
      await shoot(page, "runs-compare-light");
    }));

  it("searches what they wrote", () =>
    visit(`samples/${BOTH}`, { viewport: DESK }, async (page) => {
      const all = [...written.values()].flat();
      const expect = async (keep: (rollout: Rollout) => boolean): Promise<void> => {
        const count = all.filter(keep).length;
        assert.ok(count > 0);
        await page.getByText(new RegExp(`^${count.toLocaleString("en")} samples`)).waitFor();
      };
      await expect(() => true);
      await page.getByRole("searchbox", { name: "Words" }).fill("WAIT");
      const waits = ({ completion }: Rollout): boolean => completion.includes("wait");
      await expect(waits);
      // Of the words that were forced into answers, only the others are the model's own.
      await page.getByRole("combobox", { name: "Words written by" }).selectOption("true");
      await expect((one) => waits(one) && one.forced === undefined);
      await page.getByRole("combobox", { name: "Words written by" }).selectOption("");
      await page.getByRole("combobox", { name: "Forced wait" }).selectOption("true");
      await expect((one) => one.forced !== undefined);
      await page.locator(".virtual-row .badge", { hasText: "forced wait" }).first().waitFor();
      await page.locator(".virtual-row").first().click();
      const marked = page.getByRole("article", { name: "Sample" }).locator("mark");
      await marked.filter({ hasText: /^wait forced$/ }).waitFor();
      assert.equal(await marked.count(), 1);
      assert.deepEqual(await check(page, "illegible"), []);
      await shoot(page, "runs-forced-light");
      await page.getByRole("combobox", { name: "Forced wait" }).selectOption("");
      await page.getByRole("combobox", { name: "Verdict" }).selectOption("wrong");
      await page.getByLabel("Steps from").fill("200");
      await page.getByLabel("Reward to").fill("0.05");
      const wanted = (one: Rollout): boolean => waits(one) && one.score < 1 && one.step >= 200 && one.reward <= 0.05;
      await expect(wanted);
      await page.getByRole("combobox", { name: "Order" }).selectOption("-tokens");
      const longest = Math.max(...all.filter(wanted).map(({ tokens }) => tokens));
      await page.locator(".virtual-row").first().getByText(`${longest} tokens`).waitFor();
      await page.getByRole("button", { name: "Clear filters" }).click();
      await expect(() => true);

      // Only what is in sight exists, wherever one is in the list.
      const list = page.getByRole("listbox", { name: "Samples found" });
      await list.focus();
      await page.keyboard.press("End");
      await page.locator(`[aria-posinset='${all.length}'][aria-selected='true'] .row`).waitFor();
      assert.ok((await page.locator(".virtual-row").count()) < 40);
      await page.keyboard.press("ArrowUp");
      await page.locator(`[aria-posinset='${all.length - 1}'][aria-selected='true']`).waitFor();
      const sample = page.getByRole("article", { name: "Sample" });
      await sample.getByText("step 1 ·").waitFor();
      await page.getByRole("combobox", { name: "Answers" }).selectOption("heldout");
      await sample.getByText("A test: nothing is learned from it.").waitFor();
      await shoot(page, "runs-samples-light");
    }));

  it("follows one problem through training, and climbs the ladder", () =>
    visit(`problems/${BOTH}`, { viewport: DESK, colorScheme: "dark" }, async (page) => {
      const list = page.getByRole("listbox", { name: "Problems" });
      await page.getByText("2 of 3 rungs have no answers here").click();
      await page.getByText(/none of these: countdown 1, countdown 2\.$/).waitFor();
      await list.getByRole("option").nth(1).click();
      const story = page.getByRole("article", { name: "The problem through training" });
      const prompt = await list.locator("[aria-selected='true'] .problem-prompt").innerText();
      await story.getByRole("heading", { name: prompt }).waitFor();
      await story.locator(".story-answer").first().waitFor();
      assert.deepEqual(await story.locator("h4").allInnerTexts(), [
        "step 1",
        ...Array.from({ length: 8 }, (_, i) => `step ${(i + 1) * 50}`),
      ]);
      assert.deepEqual(await check(page, "illegible"), []);
      await shoot(page, "runs-problem-dark");

      await page.getByRole("link", { name: "Ladder" }).click();
      const ladder = page.getByRole("region", { name: "Ladder of quick" });
      const cell = ladder.locator("tbody tr", { hasText: "countdown" }).locator("td").first();
      const last = await cell.innerText();
      assert.match(last, /\d+%\s+from \d.*%\s+chance 5\.0%, n 40/);
      // A cell of few problems is pale, and says how much one of them counts.
      const few = ladder.locator(".rung-few");
      assert.match(await few.innerText(), /, n 6$/);
      assert.equal(await few.getAttribute("title"), "6 problems: one right answer more or less is 17%");
      await page.getByRole("slider", { name: "Evaluation" }).focus();
      await page.keyboard.press("Home");
      await ladder.getByText("at step 1").waitFor();
      assert.match(await cell.innerText(), /as at first/);
      assert.deepEqual(await check(page, "illegible"), []);
      await shoot(page, "runs-ladder-dark");
      // Two of them are too wide for this: they lie one below the other rather than lose their last column.
      await page.setViewportSize({ ...DESK, width: 1200 });
      assert.deepEqual(await check(page, "cut", ".ladder"), []);
    }));

  it("shows the answers to a problem a page at a time, to the last", async () => {
    const startedAt = new Date(Date.now() - 3_600_000);
    const tested = await writeTestRun(runsDir, "tested", { steps: 205, evalEvery: 1, rolloutsEvery: 205, startedAt });
    await studio!.visit("runs/problems/tested", { viewport: DESK }, async (page) => {
      const story = page.getByRole("article", { name: "The problem through training" });
      await story.getByText("The first 200 answers are shown.").waitFor();
      assert.equal(await story.locator(".story-answer").count(), 200);
      await story.getByRole("button", { name: "Show more" }).click();
      await story.getByRole("heading", { name: "step 205", exact: true }).waitFor();
      assert.deepEqual(
        await story.locator("h4").allInnerTexts(),
        Array.from({ length: 205 }, (_, i) => `step ${i + 1}`),
      );
      assert.equal(await story.getByRole("button", { name: "Show more" }).count(), 0);
    });
    await rm(tested, { recursive: true });
  });

  it("says why answers do not come, and sees that a run which rested goes on", async () => {
    // Older than the others, so that no other view takes them for the newest.
    const startedAt = new Date(Date.now() - 3_600_000);
    await writeTestRun(runsDir, "leaving", { steps: 30, startedAt });
    const story = async (page: Page): Promise<void> => {
      const article = page.getByRole("article", { name: "The problem through training" });
      await article.locator(".story-answer").first().waitFor();
      await rm(join(runsDir, "leaving"), { recursive: true });
      await page.getByRole("listbox", { name: "Problems" }).getByRole("option").nth(1).click();
      await article.getByRole("alert").getByText('There is no run called "leaving".').waitFor();
      assert.equal(await article.getByText("Loading…").count(), 0);
    };
    await studio!.visit("runs/problems/leaving", { viewport: DESK }, story, true);

    const resting = await writeTestRun(runsDir, "resting", { steps: 30, planned: 60, status: "paused", startedAt });
    await visit("compare/resting", { viewport: DESK }, async (page) => {
      await page.getByRole("slider", { name: "Reward", exact: true }).focus();
      await page.keyboard.press("End");
      await page.locator(".overlay-plot[aria-valuetext^='step 30:']").waitFor();
      // Another process takes it up.
      const rows = Array.from({ length: 10 }, (_, i) => metricsRow(31 + i, 60, Random.of(0, "metrics", 31 + i), false));
      await appendFile(join(resting, "metrics.jsonl"), rows.map((row) => `${JSON.stringify(row)}\n`).join(""));
      await writeTestState(resting, { status: "running", step: 40, steps: 60, pid: process.pid });
      await page.locator(".overlay-plot[aria-valuetext^='step 40:']").waitFor();
    });
    await rm(resting, { recursive: true });
  });

  it("fits a phone, and is usable by keyboard alone", async () => {
    for (const part of ["compare", "samples", "problems", "ladder"]) {
      const options = { viewport: PHONE, colorScheme: "light", reducedMotion: "reduce" } as const;
      await visit(`${part}/${BOTH}`, options, async (page) => {
        await page.locator(".overlay-plot, .virtual-row, .ladder").first().waitFor();
        if (part === "samples") {
          await page.locator(".virtual-row").first().click();
          await page.getByRole("article", { name: "Sample" }).waitFor();
        }
        assert.deepEqual(await check(page, "tooWide"), []);
        assert.deepEqual(await check(page, "currentHidden"), []);
        assert.deepEqual(await check(page, "tooSmall"), []);
        assert.deepEqual(await check(page, "illegible"), []);
        assert.deepEqual(await nameless(page), []);
        assert.deepEqual(await unreachable(page), []);
        await shoot(page, `runs-${part}-phone`);
      });
    }
  });
});
