/**
 * The studio at sizes that a person meets after weeks: a run of a hundred thousand rollouts, and more runs than can be laid
 * over each other. What is asked is how much comes and how much stands in the page, never how long it takes.
 *
 * Needs Chromium (RECKON_CHROMIUM or /usr/bin/chromium). Without one it is skipped, unless RECKON_REQUIRE_CHROMIUM=1.
 */
import assert from "node:assert/strict";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import type { Page } from "playwright-core";
import { MOST_RUNS } from "../src/report/most-runs.ts";
import type { Rollout } from "../src/serve/index.ts";
import { writeTestRun } from "../src/serve/test-run.ts";
import { CHROMIUM, missing, OpenStudio } from "./studio-page.ts";

const DESK = { width: 1280, height: 900 };
/** 1250 steps of 10 groups of 8. */
const ROLLOUTS = 100_000;
/** Rows of a page of a list, and what its texts and choices may take. */
const PAGE = 50;
const MOST_BYTES = 150_000;
/** Rows that may stand in the page: those in sight and a few beyond. */
const MOST_ROWS = 40;
const SMALL_RUNS = MOST_RUNS + 6;

interface Sent {
  readonly url: string;
  readonly bytes: number;
  readonly items: number;
}

/** Waits until the list in sight says how many it has; other views stay alive behind it. */
function told(page: Page, count: number, what: string): Promise<void> {
  const text = new RegExp(`^${count.toLocaleString("en")} ${what}`);
  return page.locator(".browser-count:visible", { hasText: text }).waitFor();
}

/** Everything that the server sends of lists from now on. */
function listAnswers(page: Page): { all: () => Promise<Sent[]> } {
  const coming: Promise<Sent | null>[] = [];
  page.on("response", (response) => {
    const url = response.url();
    if (!/\/api\/.*(?:rollouts|problems)\?/.test(url) || !response.ok()) return;
    const read = async (): Promise<Sent> => {
      const body = await response.body();
      const { items } = JSON.parse(body.toString()) as { items: readonly unknown[] };
      return { url, bytes: body.length, items: items.length };
    };
    // An answer that was broken off, because another question was asked, has no body.
    coming.push(read().catch(() => null));
  });
  return { all: async () => (await Promise.all(coming)).filter((one) => one !== null) };
}

describe("the studio at large sizes", { skip: missing && `no Chromium at ${CHROMIUM}` }, () => {
  let folder = "";
  let studio: OpenStudio | undefined;
  let waits = 0;
  let problems = 0;

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), "reckon-large-"));
    const runsDir = join(folder, "runs");
    const begun = (minutes: number): Date => new Date(Date.now() - minutes * 60_000);
    const sizes = { steps: 1250, rolloutsEvery: 1, groups: 10, groupSize: 8, evalEvery: 250 };
    const directory = await writeTestRun(runsDir, "large", { ...sizes, startedAt: begun(900) });
    const prompts = new Set<string>();
    for (const line of (await readFile(join(directory, "rollouts.jsonl"), "utf8")).trim().split("\n")) {
      const { prompt, completion } = JSON.parse(line) as Rollout;
      prompts.add(prompt);
      if (completion.includes("wait")) waits++;
    }
    problems = prompts.size;
    for (let i = 0; i < SMALL_RUNS; i++)
      await writeTestRun(runsDir, `run-${i}`, { steps: 1, groups: 1, groupSize: 4, startedAt: begun(i) });
    studio = await OpenStudio.open(folder, runsDir);
  });
  after(async () => {
    await studio?.close();
    await rm(folder, { recursive: true, force: true });
  });

  /** Goes to the end of a list and back into its middle; only what is in sight may exist. */
  async function pageThrough(page: Page, label: string, total: number): Promise<void> {
    const list = page.getByRole("listbox", { name: label });
    const few = async (): Promise<void> => {
      const rows = await list.locator(".virtual-row").count();
      assert.ok(rows > 0 && rows <= MOST_ROWS, `${rows} rows`);
    };
    await list.locator(".virtual-row > *:not(.faint)").first().waitFor();
    await few();
    await list.focus();
    await page.keyboard.press("End");
    await list.locator(`[aria-posinset='${total}'][aria-selected='true'] > *:not(.faint)`).waitFor();
    await few();
    await page.keyboard.press("PageUp");
    await list.evaluate((element) => {
      element.scrollTop = element.scrollHeight / 2;
    });
    await list.locator(`[aria-posinset='${Math.ceil(total / 2)}'] > *:not(.faint)`).waitFor();
    await few();
  }

  function assertSmall(sent: readonly Sent[], mostAnswers: number): void {
    assert.ok(sent.length > 0 && sent.length <= mostAnswers, `${sent.length} answers for what was looked at`);
    for (const { url, bytes, items } of sent)
      assert.ok(bytes <= MOST_BYTES && items <= PAGE, `${bytes} bytes, ${items} items: ${url}`);
  }

  it("opens, searches, orders and pages through a hundred thousand rollouts", () =>
    studio!.visit("runs/samples/large", { viewport: DESK }, async (page) => {
      const sent = listAnswers(page);
      await told(page, ROLLOUTS, "samples");
      await pageThrough(page, "Samples found", ROLLOUTS);
      await page.getByRole("searchbox", { name: "Words" }).fill("wait");
      await told(page, waits, "samples");
      await page.getByRole("combobox", { name: "Order" }).selectOption("-tokens");
      await told(page, waits, "samples");
      await pageThrough(page, "Samples found", waits);
      assertSmall(await sent.all(), 30);
    }));

  it("lists the problems of all of them, and one run's samples where it grows", async () => {
    await studio!.visit("runs/problems/large", { viewport: DESK }, async (page) => {
      const sent = listAnswers(page);
      await page.getByRole("combobox", { name: "Problems" }).selectOption("training");
      await told(page, problems, "problems");
      await pageThrough(page, "Problems", problems);
      // The story of a problem has more answers than a page of a list.
      assertSmall(
        (await sent.all()).filter(({ url }) => url.includes("/api/problems")),
        20,
      );
    });
    await studio!.visit("grow/large", { viewport: DESK }, async (page) => {
      const sent = listAnswers(page);
      await page.getByRole("combobox", { name: "Step", exact: true }).selectOption("all");
      await told(page, ROLLOUTS, "samples");
      await pageThrough(page, "Samples", ROLLOUTS);
      assertSmall(await sent.all(), 30);
    });
  });

  it("chooses as many runs as it can hold, and says that these are not all", () =>
    studio!.visit("runs/samples/run-3", { viewport: DESK }, async (page) => {
      await told(page, 4, "samples");
      await page.getByRole("button", { name: "Choose all" }).click();
      await page.getByText(`${MOST_RUNS} of ${SMALL_RUNS + 1} runs are chosen`).waitFor();
      await told(page, MOST_RUNS * 4, "samples");
      const chips = page.locator(".chooser-runs input");
      assert.deepEqual(
        [await chips.count(), await page.locator(".chooser-runs input:checked").count()],
        [SMALL_RUNS + 1, MOST_RUNS],
      );
      const large = page.getByRole("checkbox", { name: /^large/ });
      assert.ok(await large.isDisabled());
      await page.getByRole("link", { name: "One problem" }).click();
      await told(page, 6, "problems");
      await page.locator(".story-answer").first().waitFor();
      assert.equal(await page.getByRole("alert").count(), 0);

      await page.getByRole("checkbox", { name: /^run-3\s*done/ }).uncheck();
      await large.check();
      await page.getByText(`${MOST_RUNS} of ${SMALL_RUNS + 1} runs are chosen`).waitFor();
      assert.equal(await page.locator(".chooser-runs input:checked").count(), MOST_RUNS);
    }));
});
