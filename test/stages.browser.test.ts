/**
 * A person's path through the studio's Stages, in a real browser against the real server and a recipe of several stages
 * that was really run, small: how far they are, what each gave, one problem through all of them, and the data between them.
 *
 * Needs Chromium (RECKON_CHROMIUM or /usr/bin/chromium). Without one it is skipped, unless RECKON_REQUIRE_CHROMIUM=1.
 */
import assert from "node:assert/strict";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import type { Page } from "playwright-core";
import { modelFolder } from "../src/cli/models.ts";
import { type StageRow, stageTable } from "../src/cli/stage-table.ts";
import { type RecipeInput, resolveRecipe, runPipeline } from "../src/recipes/index.ts";
import type { Rollout } from "../src/serve/index.ts";
import { readTraces, type Trace } from "../src/tasks/index.ts";
import { CHROMIUM, check, missing, nameless, OpenStudio, shoot, unreachable } from "./studio-page.ts";

const PHONE = { width: 375, height: 800 };
const DESK = { width: 1280, height: 900 };

const problems = [
  { family: "addition", level: 0, weight: 2 },
  { family: "max", level: 2, weight: 1 },
];
const schedule = { kind: "constant", warmup: 0 } as const;
const optimizer = { name: "adamw" } as const;
const learning = { problems, learningRate: 1e-3, schedule, optimizer, evaluateProblems: 4 };
const toy: RecipeInput = {
  name: "toy",
  description: "A cold start and a little reinforcement.",
  stages: [
    { kind: "graded", name: "rated", problems, prompts: 700 },
    {
      ...{ kind: "sample", name: "cold", from: "models/zero", problems, prompts: 10, chunk: 5 },
      ...{ samplesPerPrompt: 3, maxNewTokens: 48, language: "rewrite" },
    },
    {
      ...{ ...learning, kind: "supervise", name: "start", from: "models/base", data: "stage:cold" },
      ...{ epochs: 1, tokensPerStep: 256, evaluateNewTokens: 24 },
    },
    {
      ...{ ...learning, kind: "reinforce", name: "rl", from: "stage:start", steps: 2, evaluateEvery: 1 },
      ...{ promptsPerStep: 2, samplesPerPrompt: 4, maxNewTokens: 32 },
    },
  ],
};

/** The curves of all four stages have come: each has a row in the legend, and they come one by one. */
const drawn = (page: Page): Promise<void> =>
  page.locator(".overlay").first().locator(".overlay-legend li").nth(3).waitFor();
const lines = async (path: string): Promise<string[]> => (await readFile(path, "utf8")).trim().split("\n");

describe("stages in the studio", { skip: missing && `no Chromium at ${CHROMIUM}` }, () => {
  let folder = "";
  let pipeline = "";
  let studio: OpenStudio | undefined;
  let table: StageRow[] = [];
  let rated: Trace[] = [];

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), "reckon-stages-"));
    const runsDir = join(folder, "runs");
    pipeline = join(runsDir, "toy");
    const settings = { root: runsDir, workers: 2, modelFolder };
    const { status } = await runPipeline(resolveRecipe(toy), { ...settings, name: "toy" });
    assert.equal(status, "finished");
    table = await stageTable(pipeline, { workers: 2, problems: 10, instructions: 4 });
    const ending = new AbortController();
    await runPipeline(resolveRecipe(toy), {
      ...{ ...settings, name: "half", signal: ending.signal },
      onStage: (_, what) => void (what === "is done" && ending.abort()),
    });
    rated = readTraces(await readFile(join(pipeline, "rated", "traces.jsonl"), "utf8")).traces;
    studio = await OpenStudio.open(folder, runsDir);
  });
  after(async () => {
    await studio?.close();
    await rm(folder, { recursive: true, force: true });
  });

  it("tells how far the stages are, what they left, and what each gave", () =>
    studio!.visit("grow", { viewport: DESK }, async (page) => {
      await page.getByRole("link", { name: "Stages", exact: true }).click();
      await page.getByRole("heading", { name: "Stage 2 of 4, cold, is next." }).waitFor();
      assert.match(await page.getByRole("article", { name: "Stage 2: cold" }).innerText(), /Waiting[\s\S]*nothing yet/);
      await page.getByRole("button", { name: "Resume" }).waitFor();
      await page.getByText("The table is made when all stages are done").waitFor();
      await shoot(page, "stages-half");

      await page.getByRole("combobox", { name: "Run" }).last().selectOption("toy");
      await page.getByRole("heading", { name: "All 4 stages are done." }).waitFor();
      const start = page.getByRole("article", { name: "Stage 3: start" });
      assert.match(await start.innerText(), /model of models\/base · data of cold/);
      assert.match(await start.innerText(), /a model, step \d/);
      const first = page.getByRole("article", { name: "Stage 1: rated" });
      await first.getByText(`${rated.length.toLocaleString("en")} rows of data`).waitFor();

      const box = page.getByRole("region", { name: "Stage table" });
      assert.deepEqual(await box.locator("thead th").allInnerTexts(), ["base", "zero", "start", "rl"]);
      const cells = async (row: string): Promise<string[]> =>
        box
          .locator("tr", { has: page.getByRole("rowheader", { name: row, exact: true }) })
          .locator("td")
          .allInnerTexts();
      const percent = (value: number): string => `${(100 * value).toFixed(1)}%`;
      assert.deepEqual(
        await cells("strict format"),
        table.map(({ summary }) => percent(summary.format)),
      );
      assert.deepEqual(
        await cells("addition"),
        table.map(({ families }) => percent(families["addition"]!)),
      );
      await shoot(page, "stages-overview-light");
      await start.getByRole("link", { name: "toy/start" }).click();
      await page.getByRole("link", { name: "A stage of toy" }).waitFor();
    }));

  it("shows the curves of all stages in a row or over each other", () =>
    studio!.visit("stages/toy/curves", { viewport: DESK, colorScheme: "dark" }, async (page) => {
      const length = page.getByRole("slider", { name: "Length of answers" });
      await drawn(page);
      await length.focus();
      await page.keyboard.press("Home");
      const told = async (): Promise<string> => (await length.getAttribute("aria-valuetext")) ?? "";
      assert.match(await told(), /toy\/rated not logged, toy\/cold \d+, toy\/start not logged, toy\/rl –/);
      await page.getByRole("button", { name: "Over each other" }).click();
      await length.focus();
      await page.keyboard.press("Home");
      assert.match(await told(), /toy\/cold \d+, toy\/start not logged, toy\/rl \d+/);
      assert.deepEqual(await check(page, "illegible"), []);
      await shoot(page, "stages-curves-dark");
    }));

  it("follows one problem through all stages, with thinking, answer and each part of the reward", () =>
    studio!.visit("stages/toy/transcripts", { viewport: DESK }, async (page) => {
      await page.getByRole("combobox", { name: "Family" }).selectOption("addition");
      const list = page.getByRole("listbox", { name: "Problems" });
      await list.getByRole("option").first().click();
      const prompt = await list.locator("[aria-selected='true'] .problem-prompt").innerText();
      const story = page.getByRole("article", { name: "The problem through all stages" });
      await story.getByRole("heading", { name: prompt }).waitFor();
      for (const { name, key } of table) {
        const answers = (await lines(join(pipeline, `table-${key.slice(0, 16)}.jsonl`))).map(
          (one) => JSON.parse(one) as Rollout,
        );
        const answer = answers.find((one) => one.prompt === prompt)!;
        const side = story.getByRole("region", { name, exact: true }).first();
        await side.waitFor();
        if (answer.thinking !== "") assert.equal(await side.locator(".thinking").innerText(), answer.thinking);
        if (answer.answer !== null) assert.equal(await side.locator(".sample-answer").innerText(), answer.answer);
        const parts = await side.locator(".earned dt").allInnerTexts();
        assert.deepEqual(parts, [...Object.keys(answer.rewards), "reward"]);
        assert.ok(parts.includes("accuracy") && parts.includes("format"));
      }
      await shoot(page, "stages-transcript-light");
    }));

  it("browses the data between the stages", () =>
    studio!.visit("stages/toy/data/rated", { viewport: DESK }, async (page) => {
      const told = (count: number) => page.getByText(new RegExp(`^${count.toLocaleString("en")} rows?`)).waitFor();
      assert.ok(rated.length > 1500, `${rated.length} rows are not many`);
      await told(rated.length);
      // Only what is in sight exists, wherever one is in the list.
      const list = page.getByRole("listbox", { name: "Rows of data" });
      await list.focus();
      await page.keyboard.press("End");
      const row = page.getByRole("article", { name: "Row of data" });
      await row.getByRole("heading", { name: `Row ${rated.length}` }).waitFor();
      assert.ok((await page.locator(".virtual-row").count()) < 40);
      assert.equal(await row.locator(".sample-prompt").innerText(), rated.at(-1)!.prompt);
      await page.getByRole("combobox", { name: "Rating" }).selectOption("clarity");
      await page.getByRole("combobox", { name: "At least" }).selectOption("4");
      await told(rated.filter(({ ratings }) => ratings!.clarity! >= 4).length);
      await page.getByRole("combobox", { name: "Answer" }).selectOption("wrong");
      await told(rated.filter(({ ratings, score }) => ratings!.clarity! >= 4 && score !== 1).length);
      await row.getByText("Ratings, of 5").waitFor();
      await shoot(page, "stages-data-rated-light");

      await page.getByRole("combobox", { name: "Stage" }).selectOption("cold");
      const counts = page.getByRole("region", { name: "What became of the answers" });
      await counts.waitFor();
      const lineage = JSON.parse(await readFile(join(pipeline, "cold", "lineage.json"), "utf8")) as {
        counts: Record<string, number>;
        families: Record<string, Record<string, number>>;
      };
      const all = await counts.locator("tbody tr").first().locator("td").allInnerTexts();
      assert.deepEqual([all[0], all[1]], [`${lineage.counts["sampled"]}`, `${lineage.counts["right"]}`]);
      await counts.getByRole("button", { name: "addition" }).click();
      await told(lineage.families["addition"]!["kept"]!);
    }));

  it("fits a phone, and is usable by keyboard alone", async () => {
    for (const part of ["", "/curves", "/transcripts", "/data/rated", "/data/cold"]) {
      const colorScheme = part.startsWith("/data") ? "dark" : "light";
      await studio!.visit(
        `stages/toy${part}`,
        { viewport: PHONE, colorScheme, reducedMotion: "reduce" },
        async (page) => {
          await page.locator(".stage-table, .overlay-plot, .virtual-row .row-about").first().waitFor();
          if (part === "/curves") await drawn(page);
          const row = page.locator(".virtual-row").first();
          if (part.startsWith("/data") || part === "/transcripts") {
            await row.click();
            await page.locator(".sample .sample-answer").first().waitFor();
          }
          assert.deepEqual(await check(page, "tooWide"), []);
          assert.deepEqual(await check(page, "tooSmall"), []);
          assert.deepEqual(await check(page, "illegible"), []);
          assert.deepEqual(await nameless(page), []);
          assert.deepEqual(await unreachable(page), []);
          await shoot(page, `stages${part.replaceAll("/", "-")}-phone`);
        },
      );
    }
  });
});
