/** Marks: where the reader is surprised, and nothing else about a text changes. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { cpuProvider } from "../graph/node.ts";
import { scoringModel } from "../model/scoring.ts";
import type { Trace } from "../tasks/index.ts";
import { type Compute, LocalCompute } from "../train/compute.ts";
import { readText } from "../train/reward-data.ts";
import { readRewards } from "../train/reward-model.ts";
import { type ScoreBatch, type ScoreItem, type ScoreText, scoreBatches } from "../train/score-batch.ts";
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
  assert.deepEqual(tokens, [7, begin, 20, 21, mark, 22, mark, 23], "all but the first token of a response");
  assert.deepEqual(places, [0, 1, 2, 3, 5, 7]);
  const start = markedText({ ...text, tokens: text.tokens.slice(0, 5) }, probabilities, { mark, below: 0.05 });
  assert.deepEqual(start.tokens, tokens.slice(0, 6), "whatever follows");
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

/** A reader that is surprised by every token 22. */
const surprised: Pick<LocalCompute, "score" | "close"> = {
  async score(_, shards) {
    return shards.map((batches) =>
      batches.map(({ targets }) => {
        const logprobs = Float32Array.from(targets, (token) => (token === 22 ? -9 : -0.1));
        return { loss: 0, logprobs, entropy: new Float32Array(targets.length) };
      }),
    );
  },
  async close() {},
};

test("batches with marks are those of texts that were marked by hand, with their places, targets and pairs", async () => {
  const plain: ScoreText[] = [
    { tokens: [7, begin, 20, 22, 21, 22, 23], at: [3, 6], targets: [[0.5], [1]], weights: [[2], [1]] },
    { tokens: [7, 8, begin, 20, 21, 23], at: [4, 5], targets: [[0], [1]], weights: [[1], [3]] },
    { tokens: [7, begin, 22, 22, ...new Array<number>(30).fill(24), 22], at: [3, 34], targets: [[1], [0]] },
  ];
  const byHand: ScoreText[] = [
    { ...plain[0]!, tokens: [7, begin, 20, mark, 22, 21, mark, 22, 23], at: [4, 8] },
    plain[1]!,
    { ...plain[2]!, tokens: [7, begin, 22, mark, 22, ...new Array<number>(30).fill(24), mark, 22], at: [4, 36] },
  ];
  const pairs = [
    { better: 0, worse: 2, weight: 0.5 },
    { better: 2, worse: 1, weight: 1 },
  ];
  for (const items of [
    (texts: readonly ScoreText[]): ScoreItem[] => texts.map((text) => ({ texts: [text] })),
    (texts: readonly ScoreText[]): ScoreItem[] => [{ texts, pairs }],
  ]) {
    const seen: (readonly (readonly ScoreBatch[])[])[] = [];
    const spy: Compute = Object.assign(Object.create(judge) as LocalCompute, {
      spec: judge.spec,
      readScores: async (shards: readonly (readonly ScoreBatch[])[]) => {
        seen.push(shards);
        return [];
      },
    });
    const batches = (texts: readonly ScoreText[]) => [
      scoreBatches(items(texts), { tokens: 64, outputs: 1, scale: 0.1 }),
      scoreBatches(items(texts.toReversed()), { tokens: 1536, outputs: 1 }),
    ];
    await withMarks(spy, { reader: surprised, begin, mark, below: 0.05 }).readScores(batches(plain));
    assert.deepEqual(seen[0], batches(byHand));
  }
});

const ASPECTS = { correctness: 4, clarity: 1, coherence: 1, completeness: 1, efficiency: 1 };
