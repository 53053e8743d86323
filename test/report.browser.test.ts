/**
 * A report in a real browser, opened as a file: it asks for nothing, says nothing on the console, is legible in both themes
 * and fits a phone, and what a hostile model, task or folder wrote stays text.
 *
 * Needs Chromium (RECKON_CHROMIUM or /usr/bin/chromium). Without one it is skipped, unless RECKON_REQUIRE_CHROMIUM=1.
 */
import assert from "node:assert/strict";
import { appendFile, cp, mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { pathToFileURL } from "node:url";
import type { Browser, Page } from "playwright-core";
import { run } from "../src/cli/program.ts";
import { metricsRow, rolloutRows, writeTestRun } from "../src/serve/test-run.ts";
import { Random } from "../src/util/random.ts";
import { CHROMIUM, check, launch, missing, shoot, type Visit, visit } from "./studio-page.ts";

/** Ends whatever it may stand in, and runs if it is ever taken for markup. */
const HOSTILE = `"'></script></style></pre><img src=x onerror="document.title='taken over'"><script>document.title='taken over'</script>`;

/** A run in which every text that a run can hold is hostile. */
async function hostileRun(runsDir: string, name: string): Promise<void> {
  const folder = await writeTestRun(runsDir, name, { steps: 30 });
  const [row] = rolloutRows(40, 40, Random.of(1), 1, 1);
  const texts = { prompt: HOSTILE, thinking: HOSTILE, answer: HOSTILE, reason: HOSTILE, family: HOSTILE };
  await appendFile(join(folder, "rollouts.jsonl"), `${JSON.stringify({ ...row, ...texts })}\n`);
  const metrics = { ...metricsRow(31, 40, Random.of(1), true), [`eval/${HOSTILE}/0/accuracy`]: 0.5, [HOSTILE]: 3 };
  await appendFile(join(folder, "metrics.jsonl"), `${JSON.stringify(metrics)}\n`);
  const event = { time: null, level: "warning", code: HOSTILE, step: 3, message: HOSTILE, help: HOSTILE };
  await appendFile(join(folder, "events.jsonl"), `${JSON.stringify(event)}\n`);
  await writeFile(join(folder, "recipe.json"), JSON.stringify({ name: HOSTILE, stages: [{ [HOSTILE]: HOSTILE }] }));
  const checkpoint = join(folder, "checkpoints", "step-30");
  await mkdir(checkpoint, { recursive: true });
  const lineage = { recipe: HOSTILE, stage: HOSTILE, step: 30, parent: { recipe: "base", description: HOSTILE } };
  await writeFile(join(checkpoint, "reckon.json"), JSON.stringify(lineage));
}

describe("a report", { skip: missing && `no Chromium at ${CHROMIUM}` }, () => {
  let folder = "";
  let browser: Browser;
  const file = (name: string): string => join(folder, name);

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), "reckon-report-"));
    const runsDir = join(folder, "runs");
    await writeTestRun(runsDir, "one", { steps: 120, seed: 1 });
    await writeTestRun(runsDir, "two", { steps: 5000, seed: 2, status: "stopped", rolloutsEvery: 500, waits: true });
    await hostileRun(runsDir, "hostile");
    // Of another machine, in another folder, broken off while it was copied.
    const elsewhere = join(folder, "usb", "one");
    await cp(join(runsDir, "one"), elsewhere, { recursive: true });
    await writeFile(join(elsewhere, "state.json"), "");
    await rm(join(elsewhere, "rollouts.jsonl"));
    for (const args of [
      ["one", "two", elsewhere, "--out", file("plain.html")],
      ["hostile", "one", "--out", file("hostile.html")],
    ]) {
      assert.equal(await run(["report", ...args, "--runs", runsDir]), 0);
    }
    browser = await launch();
  });
  after(async () => {
    await browser?.close();
    await rm(folder, { recursive: true, force: true });
  });

  /** Opens a report from its file, and all that is folded in it; it must neither ask for anything nor say anything. */
  const open = (name: string, options: Visit["options"], use: (page: Page) => Promise<void>): Promise<void> =>
    visit({ browser, url: pathToFileURL(file(name)).href, options, alone: true }, async (page) => {
      for (const summary of await page.locator("summary").all()) await summary.click();
      await use(page);
    });

  it("is one small file with figures, curves, ladder, settings, events and samples", async () => {
    const text = await readFile(file("plain.html"), "utf8");
    assert.ok(text.length < 2_000_000, `${text.length} characters`);
    await open("plain.html", { viewport: { width: 1200, height: 900 } }, async (page) => {
      assert.equal(await page.locator(".figures tbody tr").count(), 3);
      assert.match(
        await page.locator(".figures tbody tr").nth(1).innerText(),
        /two\s+stopped, step 5,000 of 5,000\s+\d+%/,
      );
      assert.ok((await page.locator("figure").count()) > 15);
      const lines = page.locator("figure").first().locator("svg g:not(.axes) path");
      assert.equal(await lines.count(), 3, "a line a run");
      for (const title of ["Curves", "The ladder", "Settings", "Lineage", "Events", "What it wrote"])
        await page.getByRole("heading", { name: title, exact: true }).waitFor();
      assert.match(await page.locator(".settings").first().innerText(), /seed\s+1\s+2\s+1/);
      assert.match(await page.locator(".flaws").last().innerText(), /state.json is damaged/);
      // Three steps, and of each the two best and the two worst tries.
      assert.equal(await page.locator("article").count(), 2 * 3 * 4);
      const marked = await page.locator("article pre mark").allInnerTexts();
      assert.ok(marked.length > 0 && marked.every((text) => text === "wait forced"), marked.join());
      await page.getByText("A forced “wait” lengthens a share of the training answers").first().waitFor();
      await shoot(page, "report-light");
    });
  });

  it("is legible in both themes, and fits a phone", async () => {
    for (const colorScheme of ["light", "dark"] as const) {
      await open("plain.html", { viewport: { width: 390, height: 800 }, colorScheme }, async (page) => {
        assert.deepEqual(await check(page, "illegible"), []);
        assert.deepEqual(await check(page, "tooWide"), []);
        await shoot(page, `report-phone-${colorScheme}`);
      });
    }
  });

  it("prints on white what is folded away, too", () =>
    open("plain.html", { viewport: { width: 1000, height: 900 }, colorScheme: "dark" }, async (page) => {
      await page.emulateMedia({ media: "print" });
      assert.equal(await check<string>(page, "paper"), "rgb(255, 255, 255)");
      for (const summary of await page.locator("summary").all()) await summary.click();
      assert.equal(await page.locator("details[open]").count(), 0);
      const folded = page.locator("details figure").first();
      assert.ok(await folded.evaluate((element) => element.checkVisibility({ contentVisibilityAuto: true })));
      assert.ok((await folded.boundingBox())!.height > 100);
    }));

  it("keeps hostile text text", () =>
    open("hostile.html", { viewport: { width: 1200, height: 900 } }, async (page) => {
      assert.equal(await page.title(), "hostile, one · Reckon report");
      assert.equal(await page.locator("script, img, iframe, object").count(), 0);
      assert.ok((await page.getByText(HOSTILE).count()) >= 8, "it is shown as it was written");
      await page.getByText("Made by Reckon").waitFor();
    }));
});
