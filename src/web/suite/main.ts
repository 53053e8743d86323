/**
 * The page of test/providers.browser.test.ts, no part of the studio: runs the gradient suite on a provider of this browser
 * and reports. It leaves `suite` behind, which the test calls.
 */
import { type Provider, type SelfTestReport, selfTest } from "../../graph/index.ts";
import { accumulationFaults, gradientFaults } from "../../graph/testing.ts";
import { opCases } from "../../graph/testing-cases.ts";
import type { ModelConfig } from "../../model/index.ts";
import { GradientEngine, microBatches, type Sequence } from "../../train/index.ts";
import { openEngine } from "../tab/engine.ts";
import type { EngineName } from "../tab/protocol.ts";

export interface Opened {
  readonly name: string;
  readonly target: string;
  readonly warnings: readonly string[];
  readonly reports: readonly SelfTestReport[];
  readonly isolated: boolean;
}

export interface GoldenRun {
  readonly loss: number;
  readonly gradient: readonly number[];
}

export interface Suite {
  open(engine: EngineName, threads: number): Promise<Opened>;
  /** Names of the ops, in order. */
  readonly ops: readonly string[];
  /** Faults of each op, by `gradientFaults`; and of gradients that are added to what is there. */
  gradients(): Promise<{ readonly ops: readonly (readonly string[])[]; readonly accumulation: readonly string[] }>;
  /** Cross entropy of documents and its gradient, over several micro-batches. */
  golden(config: ModelConfig, parameters: readonly number[], documents: readonly Sequence[]): Promise<GoldenRun>;
  /** A self-test of a provider whose sums are wrong by a little: it must be found. */
  sabotage(): Promise<SelfTestReport>;
}

let provider: Provider | undefined;
let reference: Provider | undefined;

const suite: Suite = {
  async open(engine, threads) {
    const warnings: string[] = [];
    const tested = await openEngine(engine, threads, ({ message }) => warnings.push(message));
    provider = tested.provider;
    // The processor's differences serve the graphics card.
    reference = engine === "wasm" ? provider : (await openEngine("wasm", 1, () => undefined)).provider;
    const { name, target } = provider;
    return { name, target, warnings, reports: tested.reports, isolated: crossOriginIsolated };
  },

  ops: opCases.map(({ name }) => name),

  async gradients() {
    const { target } = provider!;
    const ops: string[][] = [];
    for (const index of opCases.keys()) ops.push(await gradientFaults(index, target, provider!, reference!));
    return { ops, accumulation: await accumulationFaults(target, provider!) };
  },

  async golden(config, parameters, documents) {
    const positions = config.maxPositions;
    const engine = await GradientEngine.create(
      provider!,
      config,
      { kind: "crossEntropy" },
      { packed: false, positions },
    );
    const gradient = new Float32Array(parameters.length);
    const batches = microBatches(documents, { tokens: 48, multiple: 8 });
    const results = await engine.gradients(Float32Array.from(parameters), gradient, batches);
    await engine.release();
    return { loss: results.reduce((sum, { loss }) => sum + loss, 0), gradient: Array.from(gradient) };
  },

  sabotage() {
    const sound = provider!;
    return selfTest({
      ...sound,
      async session(graph, options) {
        const session = await sound.session(graph, options);
        return {
          ...session,
          async run(feeds, fetches) {
            await session.run(feeds, fetches);
            for (const { data } of Object.values(fetches)) (data as Float32Array)[0]! *= 1.001;
          },
        };
      },
    });
  },
};

Object.assign(globalThis, { suite });
