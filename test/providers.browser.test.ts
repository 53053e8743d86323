/**
 * The gradient suite on the providers of a browser: WebAssembly and WebGPU, in a page that the studio's server serves under
 * its own rules, and the gradients of small models against PyTorch's.
 *
 * Needs Chromium (RECKON_CHROMIUM or /usr/bin/chromium). Without one it is skipped, unless RECKON_REQUIRE_CHROMIUM=1.
 * WebGPU runs on Chromium's software adapter; where it gives none, that part is skipped and says so, unless Chromium is
 * required and has the adapter's library beside it: then whatever refuses WebGPU is a fault.
 */
import assert from "node:assert/strict";
import { existsSync, realpathSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { after, before, describe, it } from "node:test";
import { fileURLToPath } from "node:url";
import { type Browser, chromium, type Page } from "playwright-core";
import { build } from "vite";
import { LocalServices } from "../src/cli/studio-services.ts";
import type { ModelConfig } from "../src/model/index.ts";
import { type StudioServer, startStudio } from "../src/serve/index.ts";
import type { Sequence } from "../src/train/index.ts";
import { flatten, goldenJson, goldenTensors, worstParameter } from "./golden-files.ts";
import { CHROMIUM, FLAGS, missing, PATIENCE } from "./studio-page.ts";

/** Of src/web/suite/main.ts, which is compiled for browsers. */
interface Opened {
  readonly name: string;
  readonly target: string;
  readonly warnings: readonly string[];
  readonly reports: readonly { readonly target: string; readonly faults: readonly { readonly check: string }[] }[];
  readonly isolated: boolean;
}

/** Chromium's own software adapter. */
const GRAPHICS = [
  ...FLAGS.filter((flag) => flag !== "--disable-gpu"),
  "--enable-unsafe-webgpu",
  "--use-webgpu-adapter=swiftshader",
  "--enable-features=Vulkan",
  "--use-vulkan=swiftshader",
];

/** Whether WebGPU must be there. Debian's /usr/bin/chromium is a script, so there the library lies elsewhere. */
function isGraphicsRequired(): boolean {
  if (process.env["RECKON_REQUIRE_CHROMIUM"] !== "1") return false;
  const folder = CHROMIUM === "/usr/bin/chromium" ? "/usr/lib/chromium" : dirname(realpathSync(CHROMIUM));
  return existsSync(join(folder, "libvk_swiftshader.so"));
}

describe("providers in a browser", { skip: missing && `no Chromium at ${CHROMIUM}` }, () => {
  let folder = "";
  let services: LocalServices;
  let server: StudioServer;

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), "reckon-suite-"));
    await build({
      configFile: fileURLToPath(new URL("../src/web/vite.config.ts", import.meta.url)),
      root: fileURLToPath(new URL("../src/web/suite", import.meta.url)),
      logLevel: "error",
      build: { outDir: join(folder, "web") },
    });
    const runsDir = join(folder, "runs");
    services = new LocalServices(runsDir, { workers: 1 });
    server = await startStudio({ runsDir, webDir: join(folder, "web"), services, port: 0 });
  });
  after(async () => {
    await server?.close();
    await services?.close();
    await rm(folder, { recursive: true, force: true });
  });

  /** Opens the page on an engine; `use` must end without a complaint of the page's. */
  async function visit(
    flags: readonly string[],
    engine: "wasm" | "webgpu",
    threads: number,
    use: (page: Page, opened: Opened) => Promise<void>,
  ): Promise<void> {
    const browser: Browser = await chromium.launch({ executablePath: CHROMIUM, args: [...flags] });
    try {
      const page = await browser.newPage();
      page.setDefaultTimeout(PATIENCE);
      const trouble: string[] = [];
      page.on("pageerror", (error) => trouble.push(error.message));
      page.on("console", (message) => message.type() === "error" && trouble.push(message.text()));
      page.on("request", (request) => {
        const url = request.url();
        if (!url.startsWith(server.url) && !/^(data|blob):/.test(url)) trouble.push(url);
      });
      await page.goto(server.url);
      await page.waitForFunction("globalThis.suite !== undefined");
      await use(page, (await page.evaluate(`suite.open("${engine}", ${threads})`)) as Opened);
      assert.deepEqual(trouble, []);
    } finally {
      await browser.close();
    }
  }

  async function checkOps(page: Page): Promise<void> {
    const names = (await page.evaluate("suite.ops")) as string[];
    assert.ok(names.length > 50);
    const { ops, accumulation } = (await page.evaluate("suite.gradients()")) as {
      ops: string[][];
      accumulation: string[];
    };
    assert.deepEqual(
      ops.flatMap((faults, i) => faults.map((fault) => `${names[i]}: ${fault}`)),
      [],
    );
    assert.equal(ops.length, names.length);
    assert.deepEqual(accumulation, []);
  }

  async function checkGolden(page: Page, name: string): Promise<void> {
    const golden = goldenJson<{ config: ModelConfig; documents: Sequence[]; loss: number }>(`model-${name}`);
    const { config, documents } = golden;
    const tensors = goldenTensors(`model-${name}`);
    const given = JSON.stringify([config, Array.from(flatten(config, tensors)), documents]);
    const run = (await page.evaluate(`suite.golden(...${given})`)) as { loss: number; gradient: number[] };
    assert.ok(Math.abs(run.loss / golden.loss - 1) < 1e-5, `loss ${run.loss}, expected ${golden.loss}`);
    const worst = worstParameter(config, Float32Array.from(run.gradient), flatten(config, tensors, "grad."));
    assert.ok(worst.error < 2e-5, `${name}: the gradient of ${worst.name} is off by ${worst.error}`);
  }

  it("WebAssembly: every op's gradient, and whole models' as PyTorch has them", () =>
    visit(FLAGS, "wasm", 1, async (page, opened) => {
      assert.deepEqual([opened.name, opened.target, opened.warnings], ["wasm", "fused", []]);
      assert.ok(opened.isolated, "the server isolates its pages, or there are no threads");
      await checkOps(page);
      for (const name of ["llama-tied", "qwen2", "qwen3"]) await checkGolden(page, name);
      const { faults } = (await page.evaluate("suite.sabotage()")) as Opened["reports"][number];
      assert.ok(faults.length > 5, "a provider that is off by a thousandth fails its self-test");
    }));

  it("WebAssembly on two threads computes the same", () =>
    visit(FLAGS, "wasm", 2, async (page, opened) => {
      assert.equal(opened.name, "wasm");
      await checkGolden(page, "llama-untied");
    }));

  it("where there is no graphics adapter, WebGPU is refused with its reason and WebAssembly takes over", () =>
    visit(FLAGS, "webgpu", 1, async (_, opened) => {
      assert.equal(opened.name, "wasm");
      assert.equal(opened.warnings.length, 1);
      assert.match(
        opened.warnings[0]!,
        /^the provider webgpu is not used: .*(no WebGPU|no graphics adapter|adapter).*; wasm takes over$/,
      );
    }));

  it("WebGPU: every op's gradient, and whole models' as PyTorch has them", async (context) => {
    await visit(GRAPHICS, "webgpu", 1, async (page, opened) => {
      if (opened.name !== "webgpu") {
        const refused = `no WebGPU in this Chromium: ${opened.warnings.join(" ")}`;
        assert.ok(!isGraphicsRequired(), refused);
        return context.skip(refused);
      }
      // Where the fused operators are wrong, the self-test has found it: never used is never wrong.
      if (opened.reports[0]!.faults.length > 0) assert.equal(opened.target, "portable");
      await checkOps(page);
      for (const name of ["llama-tied", "qwen2", "qwen3"]) await checkGolden(page, name);
    });
  });
});
