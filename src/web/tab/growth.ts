/**
 * A growth in one thread: the shipped base, a provider, and the loop of reinforcement learning, with nothing of a page or a
 * worker in it. It can be paused between steps, continued, and asked at any time.
 *
 * Left out: checkpoints (a tab keeps nothing) and shards (one thread has one).
 */
import { Generator } from "../../generate/index.ts";
import type { Provider } from "../../graph/index.ts";
import { type LoadedCheckpoint, promptIds } from "../../model/index.ts";
import {
  EVALUATION_SEED,
  getTask,
  type Problem,
  parseCompletion,
  sampleFromMix,
  sampleProblem,
} from "../../tasks/index.ts";
import {
  type EvaluationSummary,
  LocalCompute,
  type Metrics,
  Optimizer,
  REINFORCE_START,
  type ReinforceSettings,
  type ReinforceState,
  type RolloutRecord,
  type RunEvent,
  type RunStore,
  reinforce,
  ruleJudge,
  sampleAnswers,
  summarise,
} from "../../train/index.ts";
import type { GrowthSettings } from "./presets.ts";
import type { Question, Said, Side } from "./protocol.ts";

/** Room for a prompt beside the new tokens. */
const PROMPT_ROOM = 64;

/** Longest sequence when it is asked. */
const TALK_POSITIONS = 320;

const MICRO_BATCH_TOKENS = 1024;

export interface GrowthListener {
  metrics(row: Metrics): void;
  samples(records: readonly RolloutRecord[]): void;
  event(event: RunEvent): void;
  /** Called between generating and training of every step: the place where other work may be done. */
  breathe(): Promise<void>;
  /** Whether to do no further step; asked before the first one and after each. */
  stopRequested(): boolean;
}

export class Growth {
  readonly settings: GrowthSettings;
  readonly #model: LoadedCheckpoint;
  readonly #provider: Provider;
  readonly #compute: LocalCompute;
  readonly #optimizer: Optimizer;
  readonly #state: ReinforceState = { ...REINFORCE_START };
  readonly #heldOut: readonly Problem[];
  #talker: Promise<Generator> | undefined;

  private constructor(
    provider: Provider,
    model: LoadedCheckpoint,
    settings: GrowthSettings,
    compute: LocalCompute,
    optimizer: Optimizer,
  ) {
    this.settings = settings;
    this.#provider = provider;
    this.#model = model;
    this.#compute = compute;
    this.#optimizer = optimizer;
    compute.buffers.parameters.set(model.parameters);
    compute.buffers.reference.set(model.parameters);
    this.#heldOut = Array.from({ length: settings.evaluateProblems }, (_, index) =>
      sampleFromMix({ seed: EVALUATION_SEED, index, split: "heldout" }, settings.problems),
    );
  }

  static async create(provider: Provider, model: LoadedCheckpoint, settings: GrowthSettings): Promise<Growth> {
    const { config } = model;
    const positions = settings.maxNewTokens + PROMPT_ROOM;
    const compute = new LocalCompute(provider, { config, shards: 1, positions, packed: false });
    const optimizer = await Optimizer.create(provider, config, { name: "adamw" });
    return new Growth(provider, model, settings, compute, optimizer);
  }

  get step(): number {
    return this.#state.step;
  }

  get finished(): boolean {
    return this.#state.step >= this.settings.steps;
  }

  /** Grows until the listener asks for a stop or all steps are done; may be called again. */
  async run(listener: GrowthListener): Promise<void> {
    if (this.finished || listener.stopRequested()) return;
    const { tokenizer } = this.#model;
    const { problems, seed } = this.settings;
    const judge = ruleJudge();
    await reinforce(reinforceSettings(this.settings), this.#state, {
      compute: this.#compute,
      optimizer: this.#optimizer,
      tokenizer,
      store: storeOf(listener),
      problem: (index) => sampleFromMix({ seed, index, split: "train" }, problems),
      async judge(rollouts) {
        await listener.breathe();
        return judge(rollouts);
      },
      evaluate: (step) => this.#evaluate(step),
      async save() {},
    });
  }

  async #evaluate(step: number): Promise<Record<string, number>> {
    const { maxNewTokens } = this.settings;
    const settings = { samples: 1, seed: 7, temperature: 1, maxNewTokens, key: ["evaluate", step] };
    const answers = await sampleAnswers(this.#compute, this.#model.tokenizer, this.#heldOut, settings, ruleJudge());
    return metricsOf(summarise(answers, 1));
  }

  /** Answers a question with the base's or the grown parameters; `say` gets what there is so far, then all of it. */
  async ask(question: Question, side: Side, say: (said: Said) => void): Promise<void> {
    const { tokenizer, config } = this.#model;
    this.#talker ??= Generator.create(this.#provider, config, { maxPositions: TALK_POSITIONS });
    const talker = await this.#talker;
    const started = performance.now();
    const prompt = promptIds(tokenizer, question.prompt);
    const tokens: number[] = [];
    const parsed = (): ReturnType<typeof parseCompletion> =>
      parseCompletion(tokenizer.decode(tokens, { keepSpecial: true }));
    const [completion] = await talker.generate({
      parameters: side === "now" ? this.#compute.buffers.parameters : this.#compute.buffers.reference,
      prompts: [prompt],
      maxNewTokens: Math.max(1, Math.min(question.maxTokens, TALK_POSITIONS - prompt.length)),
      temperature: question.temperature,
      stopTokens: [tokenizer.specialId("<|end|>")!],
      seed: question.seed,
      key: ["talk"],
      onToken(_item, token) {
        tokens.push(token);
        const { thinking, answer } = parsed();
        say({ thinking, answer, done: null });
      },
    });
    const { thinking, answer } = parsed();
    const { finish } = completion!;
    const seconds = (performance.now() - started) / 1000;
    const verdict = verdictOn(question, answer);
    const thought = tokens.indexOf(tokenizer.specialId("</think>")!) + 1;
    const counts = { prompt: prompt.length, thinking: thought, answer: tokens.length - thought };
    say({ thinking, answer, done: { tokens: counts, seconds, finish, verdict } });
  }

  async release(): Promise<void> {
    await this.#compute.close();
    await this.#optimizer.release();
    await (await this.#talker)?.release();
  }
}

/** What is the same for all growths in a tab; as the recipe r1-zero has it, where that fits. */
function reinforceSettings(settings: GrowthSettings): ReinforceSettings {
  return {
    ...settings,
    temperature: 1,
    iterations: 1,
    miniBatches: 1,
    clipLow: 0.2,
    clipHigh: 0.2,
    klWeight: 0,
    referenceEvery: 0,
    normalisation: "dapo",
    rewardScale: "group",
    resample: 0,
    schedule: { kind: "linear", warmup: Math.min(5, settings.steps - 1), floor: 0.1 },
    microBatchTokens: MICRO_BATCH_TOKENS,
    checkpointEvery: settings.steps,
    rolloutsEvery: 1,
    rolloutGroups: 2,
  };
}

function storeOf(listener: GrowthListener): RunStore {
  return {
    metrics: (row) => listener.metrics(row),
    rollouts: (records) => listener.samples(records),
    event: (event) => listener.event(event),
    progress() {},
    async saveCheckpoint() {},
    latestCheckpoint: async () => undefined,
    async rewind() {},
    stopRequested: () => listener.stopRequested(),
  };
}

function metricsOf(summary: EvaluationSummary): Record<string, number> {
  return {
    "eval/accuracy": summary.pass_at_1,
    "eval/se": summary.se,
    "eval/chance": summary.chance,
    "eval/format": summary.format,
    "eval/mean_length": summary.tokens_mean,
    "eval/recheck_share": summary.recheck_share,
  };
}

function verdictOn({ problem }: Question, answer: string | null): { score: number; reason: string } | null {
  if (problem === null) return null;
  if (answer === null) return { score: 0, reason: "wrong" };
  const task = getTask(problem.family);
  const { facts } = sampleProblem(task, { ...problem, index: 0, split: "heldout" });
  return task.verify(facts, answer);
}
