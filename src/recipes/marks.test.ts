/** Marks: where the reader is surprised, and nothing else about a text changes. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { cpuProvider } from "../graph/node.ts";
import { scoringModel } from "../model/scoring.ts";
import type { Trace } from "../tasks/index.ts";
import { LocalCompute } from "../train/compute.ts";
import { readText } from "../train/reward-data.ts";
import { readRewards } from "../train/reward-model.ts";
import { scoreBatches } from "../train/score-batch.ts";
import { loadModelFolder } from "./assemble.ts";
import { MOST_MARKS, markedText, withMarks } from "./marks.ts";

const zero = await loadModelFolder(join(import.meta.dirname, "..", "..", "models", "zero"));
const { config, parameters, tokenizer } = zero;
const [begin, mark] = [tokenizer.specialId("<|assistant|>")!, tokenizer.specialId("<|pad|>")!];
const reading = { kind: "ratings", judges: "response" } as const;
const trace = (thinking: string, answer: string): Pick<Trace, "prompt" | "thinking" | "answer"> => ({
  ...{ prompt: "Add 12 + 35.", thinking, answer },
});

let reader: LocalCompute;
let judge: LocalCompute;
before(async () => {
  reader = new LocalCompute(await cpuProvider(), { config, shards: 1, positions: 320, packed: false });
  reader.buffers.parameters.set(parameters);
  const scoring = scoringModel(zero, ["correctness", "clarity", "coherence", "completeness", "efficiency"]);
  judge = new LocalCompute(await cpuProvider(), { config: scoring.config, shards: 1, positions: 320, packed: false });
  judge.buffers.parameters.set(scoring.parameters);
  // A head that looks at something: at zero all texts are alike.
  const head = judge.buffers.parameters.subarray(-config.hiddenSize * 5);
  head.forEach((_, i) => {
    head[i] = Math.sin(i);
  });
});
after(async () => {
  await reader.close();
  await judge.close();
});

const marked = (below: number) => withMarks(judge, { reader, begin, mark, below });

test("a mark stands before each token that is held for unlikely, and the places follow the tokens", () => {
  const text = { tokens: [7, begin, 20, 21, 22, 23], from: 2, weight: 1 };
  const probabilities = [0.001, 0.5, 0.01, 0.001].map(Math.log);
  const { tokens, places } = markedText(text, probabilities, { mark, below: 0.05 });
  assert.deepEqual(tokens, [7, begin, 20, 21, mark, 22, 23], "neither the first token of a response nor the last");
  assert.deepEqual(places, [0, 1, 2, 3, 5, 6]);
  const long = { tokens: [begin, ...new Array<number>(200).fill(20)], from: 1, weight: 1 };
  const all = markedText(long, new Array<number>(200).fill(-9), { mark, below: 0.05 });
  assert.equal(all.tokens.length - 201, MOST_MARKS);
});

test("a wrong value is marked where it stands, a right one is not", async () => {
  const seen: number[][] = [];
  const spy = Object.assign(Object.create(judge) as LocalCompute, {
    spec: judge.spec,
    readScores: (shards: Parameters<LocalCompute["readScores"]>[0]) => {
      for (const { ids, length, rows } of shards.flat())
        for (let row = 0; row < rows; row++) seen.push([...ids.subarray(row * length, (row + 1) * length)]);
      return judge.readScores(shards);
    },
  });
  const eyes = withMarks(spy, { reader, begin, mark, below: 0.05 });
  const record = { ...reading, aspects: ASPECTS, reduce: "product", centre: 0 } as const;
  const right = trace("2+5=7 1+3>7\n1+3=4>47\nso 47", "47");
  const wrong = trace("2+5=9 1+3>9\n1+3=4>49\nso 49", "49");
  await readRewards(eyes, tokenizer, [right, wrong], record);
  const marksIn = (row: readonly number[]): string[] => {
    const inside = row.slice(0, row.lastIndexOf(tokenizer.specialId("<|end|>")!));
    return inside.flatMap((token, i) => (token === mark ? [tokenizer.decode([inside[i + 1]!])] : []));
  };
  const [a, b] = seen.map(marksIn);
  assert.deepEqual(a, []);
  assert.match(b![0]!, /9/);
});

test("without a mark, scores and gradients are those of the judge alone; with one they differ", async () => {
  const texts = [trace("2+5=7 1+3>7\n1+3=4>47\nso 47", "47"), trace("2+5=9 1+3>9\n1+3=4>49\nso 49", "49")].map(
    (one) => ({
      ...readText(tokenizer, one, reading),
      targets: [[1, 0.5, 0, 1, 0.3]],
    }),
  );
  const batches = () => [scoreBatches([{ texts }], { tokens: 1536, outputs: 5, scale: 0.1 })];
  const gradients = async (compute: ReturnType<typeof marked> | LocalCompute) => {
    const [[result] = []] = await compute.scoreGradients({ kind: "binary" }, batches());
    return { loss: result!.loss, gradient: [...compute.gradient] };
  };
  const alone = await gradients(judge);
  // No token has a probability under 1e-30.
  assert.deepEqual(await gradients(marked(1e-30)), alone);
  assert.notEqual((await gradients(marked(0.05))).loss, alone.loss);
  assert.equal(marked(0.05).spec.positions, judge.spec.positions - MOST_MARKS);
});

const ASPECTS = { correctness: 4, clarity: 1, coherence: 1, completeness: 1, efficiency: 1 };
