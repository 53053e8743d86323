/** Generation as a whole, against greedy and sampled references computed by plain forward passes. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { cpuProvider } from "../graph/node.ts";
import { ReckonError } from "../util/errors.ts";
import { Random } from "../util/random.ts";
import { type Completion, type GenerateRequest, Generator } from "./generate.ts";
import { argmax, configs, forwardPass, logSoftmax, randomModel, randomTokens } from "./testing.ts";

const config = configs["llama, untied, grouped queries"]!;
const parameters = randomModel(config, 5);
const prompts = [4, 9, 1, 6, 2].map((length) =>
  randomTokens(Random.of(1, "prompts", length), length, config.vocabSize),
);
const generator = await Generator.create(await cpuProvider(), config);
const request = {
  parameters,
  prompts,
  maxNewTokens: 20,
  temperature: 1,
  stopTokens: [0, 1],
  seed: 9,
  key: ["test", 3],
} satisfies GenerateRequest;

const outline = (all: readonly Completion[]): unknown =>
  all.map(({ prompt, tokens, finish }) => ({ prompt, tokens, finish }));

for (const [name, model] of Object.entries(configs)) {
  test(`greedy completions follow the forward pass's argmax, logprobs its log-softmax: ${name}`, async () => {
    const provider = await cpuProvider();
    const weights = randomModel(model, 21);
    const own = await Generator.create(provider, model);
    const forward = await forwardPass(provider, model, weights);
    const completions = await own.generate({ ...request, parameters: weights, temperature: 0, stopTokens: [3] });
    assert.equal(completions.length, prompts.length);
    for (const [p, completion] of completions.entries()) {
      const sequence = [...prompts[p]!];
      assert.equal(completion.tokens.length, completion.logprobs.length);
      for (const [k, token] of completion.tokens.entries()) {
        const logits = (await forward(sequence)).at(-1)!;
        assert.equal(token, argmax(logits), `prompt ${p}, token ${k}`);
        assert.ok(Math.abs(completion.logprobs[k]! - logSoftmax(logits)[token]!) < 1e-4);
        sequence.push(token);
      }
      const stopped = completion.tokens.indexOf(3);
      assert.equal(completion.finish, stopped < 0 ? "length" : "stop");
      assert.equal(completion.tokens.length, stopped < 0 ? 20 : stopped + 1);
    }
    await own.release();
  });
}

for (const temperature of [1, 0.6]) {
  test(`logprobs of drawn tokens are the forward pass's at temperature ${temperature}`, async () => {
    const forward = await forwardPass(await cpuProvider(), config, parameters);
    for (const { prompt, tokens, logprobs } of await generator.generate({
      ...request,
      samples: 4,
      temperature,
      topP: 0.9,
    })) {
      const logits = await forward([...prompts[prompt]!, ...tokens]);
      for (const [k, token] of tokens.entries()) {
        const wanted = logSoftmax(logits[prompts[prompt]!.length + k - 1]!, temperature)[token]!;
        assert.ok(Math.abs(logprobs[k]! - wanted) < 1e-4, `token ${k}: ${logprobs[k]} but ${wanted}`);
      }
    }
  });
}

test("sequences end at different times, and the others go on as if they were alone", async () => {
  const together = await generator.generate({ ...request, samples: 6 });
  assert.deepEqual(
    together.map((c) => c.prompt),
    prompts.flatMap((_, p) => Array(6).fill(p)),
  );
  const ends = new Set(together.map((c) => c.tokens.length));
  assert.ok(ends.size > 5, "the test wants sequences of many lengths");
  assert.deepEqual(new Set(together.map((c) => c.finish)), new Set(["stop", "length"]));
  for (const [item, completion] of together.entries()) {
    const alone = await generator.generate({ ...request, prompts: [prompts[completion.prompt]!], itemOffset: item });
    assert.deepEqual(alone[0]!.tokens, completion.tokens);
    assert.equal(alone[0]!.finish, completion.finish);
  }
});

test("a request repeats bit for bit; batches of another size draw the same tokens", async () => {
  const first = await generator.generate({ ...request, samples: 6 });
  await generator.generate({ ...request, prompts: [[5]], maxNewTokens: 3 });
  assert.deepEqual(await generator.generate({ ...request, samples: 6 }), first);
  for (const batchRows of [1, 7, 13]) {
    assert.deepEqual(outline(await generator.generate({ ...request, samples: 6, batchRows })), outline(first));
  }
});

test("seed and key change what is drawn; itemOffset shifts it", async () => {
  const first = outline(await generator.generate(request));
  assert.notDeepEqual(outline(await generator.generate({ ...request, seed: 10 })), first);
  assert.notDeepEqual(outline(await generator.generate({ ...request, key: ["test", 4] })), first);
  const one = { ...request, prompts: [prompts[0]!] };
  const [, , third] = await generator.generate({ ...one, samples: 3 });
  assert.deepEqual((await generator.generate({ ...one, itemOffset: 2 }))[0]!.tokens, third!.tokens);
});

test("a distribution that is none is reported wherever it comes, and leaves nothing behind", async () => {
  const first = await generator.generate(request);
  const broken = parameters.slice();
  broken.fill(Number.NaN, 7 * config.hiddenSize, 8 * config.hiddenSize); // the embedding of token 7
  for (const temperature of [0, 1]) {
    const poisoned = generator.generate({ ...request, parameters: broken, temperature, prompts: [[2], [3, 7], [4]] });
    await assert.rejects(poisoned, { code: "GENERATE_NAN" });
  }
  assert.deepEqual(await generator.generate(request), first);
});

test("parameters are built in for long requests, and follow what is trained", async () => {
  const forward = await forwardPass(await cpuProvider(), config, parameters);
  const own = parameters.slice();
  const long = { ...request, parameters: own, maxNewTokens: 36, temperature: 0, stopTokens: [] };
  const first = await generator.generate(long);
  for (const [p, { tokens }] of first.entries()) {
    const logits = await forward([...prompts[p]!, ...tokens]);
    for (const [k, token] of tokens.entries()) assert.equal(token, argmax(logits[prompts[p]!.length + k - 1]!));
  }
  own.set(randomModel(config, 6));
  const second = await generator.generate({ ...long, version: "b" });
  assert.notDeepEqual(outline(second), outline(first));
  assert.deepEqual(await generator.generate({ ...long, version: "b" }), second);
  own.set(parameters);
  assert.deepEqual(await generator.generate({ ...long, version: "a" }), first);
  assert.deepEqual(await generator.generate(long), first);
  own.set(randomModel(config, 6));
  assert.deepEqual(await generator.generate(long), second);
});

test("calls at the same time take turns", async () => {
  const alone = await generator.generate(request);
  const both = await Promise.all([generator.generate(request), generator.generate({ ...request, samples: 2 })]);
  assert.deepEqual(both[0], alone);
});

test("tokens are reported as they come", async () => {
  const seen: number[][] = [];
  const completions = await generator.generate({
    ...request,
    samples: 2,
    batchRows: 3,
    onToken: (item, token) => {
      seen[item] ??= [];
      seen[item].push(token);
    },
  });
  assert.deepEqual(
    seen,
    completions.map((c) => c.tokens),
  );
});

test("an abort ends the generation with its reason, and the generator goes on", async () => {
  const controller = new AbortController();
  let count = 0;
  const aborted = generator.generate({
    ...request,
    signal: controller.signal,
    onToken: () => {
      if (++count === 12) controller.abort(new Error("enough"));
    },
  });
  await assert.rejects(aborted, /enough/);
  assert.ok(count < 20);
  assert.equal((await generator.generate(request)).length, prompts.length);
});

test("a thinking budget forces the end of thinking, once", async () => {
  const free = await generator.generate({ ...request, samples: 8, stopTokens: [] });
  const early = (token: number): number => free.filter((c) => c.tokens.slice(0, 5).includes(token)).length;
  const [end, think, open] = [...Array(config.vocabSize).keys()].sort((a, b) => early(b) - early(a)) as [
    number,
    number,
    number,
  ];
  const budget = { maxThinkingTokens: 5, thinkEnd: end, forceTokens: [end, open] };
  const forced = await generator.generate({ ...request, samples: 8, stopTokens: [], budget });
  let spent = 0;
  for (const [item, completion] of forced.entries()) {
    const ownEnd = free[item]!.tokens.indexOf(end);
    if (ownEnd >= 0 && ownEnd <= 4) {
      assert.deepEqual(completion.tokens, free[item]!.tokens);
      assert.equal(completion.forced, undefined);
      continue;
    }
    spent++;
    assert.deepEqual(completion.tokens.slice(0, 7), [...free[item]!.tokens.slice(0, 5), end, open]);
    assert.deepEqual(completion.forced, [{ from: 5, count: 2 }]);
    assert.ok(completion.logprobs.every((x) => Number.isFinite(x)));
    assert.equal(completion.tokens.length, 20);
  }
  assert.ok(spent > 0 && spent < forced.length, `${spent} of ${forced.length} spent their budget`);
  const none = await generator.generate({ ...request, budget: { ...budget, maxThinkingTokens: 0 } });
  for (const completion of none) assert.deepEqual(completion.tokens.slice(0, 2), [end, open]);
  // With a token that begins thinking, what does not think has no budget.
  const begun = await generator.generate({
    ...request,
    samples: 8,
    stopTokens: [],
    budget: { ...budget, thinkStart: think },
  });
  for (const [item, completion] of begun.entries()) {
    const start = free[item]!.tokens.indexOf(think);
    const clean = start < 0 || free[item]!.tokens.slice(start, start + 6).includes(end);
    if (clean) assert.equal(completion.forced, undefined);
    else if (start + 6 < 20) assert.equal(completion.forced?.[0]?.from, start + 6);
  }
  assert.ok(begun.some((c) => c.forced) && begun.some((c) => !c.forced));
});

test("an end of thinking can be put off, so many times, by words that the budget gives", async () => {
  const free = await generator.generate({ ...request, samples: 8, stopTokens: [] });
  const often = (token: number): number => free.filter((c) => c.tokens.slice(1, 12).includes(token)).length;
  const [end] = [...Array(config.vocabSize).keys()].sort((a, b) => often(b) - often(a)) as [number];
  const waitTokens = [3, 4];
  for (const waits of [0, 1, 2]) {
    const budget = { thinkEnd: end, forceTokens: [], waits, waitTokens };
    const made = await generator.generate({ ...request, samples: 8, stopTokens: [], budget });
    let putOff = 0;
    for (const [item, { tokens, forced = [] }] of made.entries()) {
      const ownEnd = free[item]!.tokens.indexOf(end);
      // Thinking that ends before it began, or never, is left alone.
      if (waits === 0 || ownEnd <= 0) {
        assert.deepEqual(tokens, free[item]!.tokens);
        assert.deepEqual(forced, []);
        continue;
      }
      putOff++;
      assert.deepEqual(tokens.slice(0, ownEnd), free[item]!.tokens.slice(0, ownEnd));
      assert.equal(forced[0]!.from, ownEnd);
      const words = forced.flatMap(({ from, count }) => tokens.slice(from, from + count));
      assert.ok(words.length <= waits * waitTokens.length);
      assert.deepEqual(
        words,
        words.map((_, i) => waitTokens[i % 2]),
      );
      // No end before all of them are spent.
      const firstEnd = tokens.indexOf(end);
      if (firstEnd >= 0) assert.equal(words.length, waits * waitTokens.length);
    }
    assert.ok(waits === 0 || putOff >= 4, `${putOff} answers would show it`);
  }
});

test("requests that cannot be are refused, and say why", async () => {
  const refused = async (change: Partial<GenerateRequest>, code: string, text: RegExp): Promise<void> => {
    await assert.rejects(generator.generate({ ...request, ...change }), (error) => {
      assert.ok(error instanceof ReckonError);
      assert.equal(error.code, code);
      assert.match(error.message, text);
      return true;
    });
  };
  await refused({ prompts: [[1], []] }, "GENERATE_REQUEST", /prompt 1 is empty/);
  await refused({ prompts: [[config.vocabSize]] }, "GENERATE_REQUEST", /prompt 0 .*\n.*0 to 23/);
  await refused({ prompts: [Array(29).fill(2)] }, "GENERATE_TOO_LONG", /29 \+ 20/);
  await refused({ maxNewTokens: 0 }, "GENERATE_REQUEST", /maxNewTokens/);
  await refused({ samples: 1.5 }, "GENERATE_REQUEST", /samples/);
  await refused({ temperature: -1 }, "GENERATE_SAMPLING", /temperature/);
  await refused({ topP: 0 }, "GENERATE_SAMPLING", /topP/);
  await refused({ topK: 0 }, "GENERATE_SAMPLING", /topK/);
  await refused({ parameters: parameters.map(() => Number.NaN) }, "GENERATE_NAN", /completion 0/);
  assert.deepEqual(await generator.generate({ ...request, prompts: [] }), []);
  assert.equal((await generator.generate({ ...request, prompts: [Array(28).fill(2)] })).length, 1);
});
