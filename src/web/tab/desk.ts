/**
 * What the worker of the tab does with the page's messages, with nothing of a worker in it: one thing after another, and
 * whatever is asked for is noted when it comes, not when its turn does. So a Stop that is pressed while a growth is being
 * prepared is kept: the growth then begins no step.
 */
import type { Provider } from "../../graph/index.ts";
import type { LoadedCheckpoint } from "../../model/index.ts";
import { ReckonError } from "../../util/errors.ts";
import { Growth, type GrowthListener } from "./growth.ts";
import type { FromWorker, Phase, Question, ToWorker } from "./protocol.ts";

export interface Loaded {
  readonly provider: Provider;
  readonly model: LoadedCheckpoint;
}

export type Load = (message: Extract<ToWorker, { kind: "load" }>) => Promise<Loaded>;

export class Desk {
  readonly #load: Load;
  readonly #tell: (message: FromWorker) => void;
  readonly #listener: GrowthListener;
  #loaded: Loaded | undefined;
  #growth: Growth | undefined;
  #phase: Phase = "loading";
  /** Of the growth on the page, which may still have to be prepared. */
  #step = 0;
  /** What was asked for last. */
  #wish: "grow" | "pause" | "stop" = "grow";
  /** Asked while a step was under way. */
  readonly #questions: Question[] = [];
  /** One thing at a time: a session must not be entered twice. */
  #work: Promise<void> = Promise.resolve();

  constructor(load: Load, tell: (message: FromWorker) => void) {
    this.#load = load;
    this.#tell = tell;
    this.#listener = {
      metrics: (row) => {
        this.#step = row.step;
        tell({ kind: "metrics", row });
        this.#enter(this.#phase);
      },
      samples: (records) => tell({ kind: "samples", records }),
      event: (event) => tell({ kind: "event", event }),
      breathe: async () => {
        // A timer lets messages in: WebAssembly answers at once, so that nothing else in a step does.
        await new Promise((resolve) => setTimeout(resolve));
        await this.#answerAll();
      },
      stopRequested: () => this.#wish !== "grow",
    };
  }

  receive(message: ToWorker): void {
    switch (message.kind) {
      case "load":
        this.#queue(async () => {
          this.#loaded = await this.#load(message);
          this.#enter("ready");
        });
        break;
      case "grow":
        this.#step = 0;
        this.#begin(async () => {
          const before = this.#growth;
          // Given up first: should preparing fail, it must not be let go a second time.
          this.#growth = undefined;
          await before?.release();
          const { provider, model } = this.#loaded!;
          this.#growth = await Growth.create(provider, model, message.settings);
        });
        break;
      case "continue":
        // Once: a second one would go on behind the next pause.
        if (this.#phase === "paused") this.#begin(async () => undefined);
        break;
      case "pause":
      case "stop":
        this.#halt(message.kind);
        break;
      case "ask":
        this.#questions.push(message.question);
        if (this.#phase !== "growing" && this.#phase !== "pausing") this.#queue(() => this.#answerAll());
        break;
      default:
        message satisfies never;
    }
  }

  #enter(next: Phase): void {
    this.#phase = next;
    this.#tell({ kind: "phase", phase: next, step: this.#step });
  }

  /** Growing is what the page says from now on, so it can be halted from now on. */
  #begin(prepare: () => Promise<void>): void {
    this.#wish = "grow";
    this.#enter("growing");
    this.#queue(async () => {
      await prepare();
      await this.#growth!.run(this.#listener);
      if (this.#growth!.finished) this.#enter("finished");
      else this.#enter(this.#wish === "stop" ? "stopped" : "paused");
      await this.#answerAll();
    });
  }

  #halt(wish: "pause" | "stop"): void {
    // Who has stopped has nothing to pause.
    if (this.#wish !== "stop") this.#wish = wish;
    if (this.#phase === "growing") this.#enter("pausing");
    if (this.#phase === "paused" && wish === "stop") this.#enter("stopped");
  }

  async #answerAll(): Promise<void> {
    for (let question = this.#questions.shift(); question !== undefined; question = this.#questions.shift()) {
      const { id } = question;
      try {
        for (const side of ["before", "now"] as const)
          await this.#growth!.ask(question, side, (said) => this.#tell({ kind: "said", id, side, said }));
      } catch (error) {
        // A question that cannot be answered ends no growth.
        const { message, help } = wordsOf(error);
        this.#tell({ kind: "unsaid", id, message, help });
      }
    }
  }

  /** Puts work behind what is under way; a failure is told and ends the growth, never the worker. */
  #queue(step: () => Promise<void>): void {
    this.#work = this.#work.then(step).catch((error: unknown) => {
      this.#tell({ kind: "failed", ...wordsOf(error) });
      this.#enter("failed");
    });
  }
}

function wordsOf(error: unknown): { code: string; message: string; help: string | null } {
  if (error instanceof ReckonError) return { code: error.code, message: error.summary, help: error.help ?? null };
  const message = `internal: ${error instanceof Error ? error.message : String(error)}`;
  return { code: "TAB_FAULT", message, help: null };
}
