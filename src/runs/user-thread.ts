/**
 * A user's module in a thread of its own, which is ended when a call hangs and begun again for the next one.
 *
 * A batch of calls is one message; each outcome comes back as it is known, and each call is timed on its own, by a clock
 * that the thread keeps on shared memory: a busy run never mistakes its own delay for the module's.
 * Left out: a limit on memory outside JavaScript's heap (buffers), and on what a module does to files and network: it is
 * the user's own code, run with his rights.
 */
import { existsSync, statSync } from "node:fs";
import { resolve } from "node:path";
import { MessageChannel, type MessagePort, receiveMessageOnPort, Worker } from "node:worker_threads";
import { beside } from "../util/beside.ts";
import { ReckonError } from "../util/errors.ts";
import {
  type Loaded,
  MOST_OUTPUT,
  type Outcome,
  type UserCall,
  type UserModuleKind,
  type UserReply,
  type UserWorkerSetup,
} from "./user-protocol.ts";

export interface UserModuleOptions {
  /** Longest time of one call, in milliseconds; a call that takes longer is made once more. Default 2000. */
  readonly timeoutMs?: number;
  /** Longest time to load the module, in milliseconds; default 30,000. */
  readonly loadTimeoutMs?: number;
  /** Largest heap of the thread, in MiB; default 256. */
  readonly heapMiB?: number;
  /** Is told what the module prints, up to 64 kB in all; default: nobody. */
  readonly output?: (text: string) => void;
}

/** Calls of one batch that may end their thread; those after it are not made. */
const MOST_ENDED = 8;

export class UserThread {
  readonly path: string;
  readonly #kind: UserModuleKind;
  readonly #options: UserModuleOptions;
  #live: Live | undefined;
  #busy: Promise<unknown> = Promise.resolve();
  #printed = 0;

  constructor(path: string, kind: UserModuleKind, options: UserModuleOptions) {
    this.path = resolve(path);
    this.#kind = kind;
    this.#options = options;
  }

  /** Loads the module. @throws ReckonError that names the path and says what was expected */
  async load(): Promise<Exclude<Loaded, { kind: "fault" }>> {
    if (!existsSync(this.path) || !statSync(this.path).isFile()) throw this.#fault("MODULE_MISSING", "no such file");
    const loaded = await this.#begin();
    if (loaded.kind === "fault") throw this.#fault(loaded.code, loaded.got, loaded.expected);
    return loaded;
  }

  /** Makes calls, one after the other; outcomes in their order. Never throws for what the module does. */
  run(calls: readonly UserCall[]): Promise<Outcome[]> {
    const done = this.#busy.then(() => this.#run(calls));
    this.#busy = done.catch(() => {});
    return done;
  }

  /** Ends the thread. */
  async close(): Promise<void> {
    await this.#busy;
    this.#end();
  }

  async #run(calls: readonly UserCall[]): Promise<Outcome[]> {
    const { timeoutMs = 2000 } = this.#options;
    const outcomes: Outcome[] = [];
    const failRest = (message: string): Outcome[] => [
      ...outcomes,
      ...calls.slice(outcomes.length).map((): Outcome => ({ ok: false, message })),
    ];
    let failed = 0;
    let triedAgain = -1;
    while (outcomes.length < calls.length) {
      // It may have ended between batches, by something that it left behind.
      if (!this.#live?.alive) {
        const loaded = await this.#begin();
        if (loaded.kind === "fault") return failRest(`the module could not be loaded again: ${loaded.got}`);
      }
      const end = await this.#live!.batch(calls.slice(outcomes.length), timeoutMs, (outcome) => outcomes.push(outcome));
      if (end === undefined) break;
      this.#end();
      // A machine that is busy or was asleep must not look like a module that hangs: once more, in a fresh thread.
      if (end.hung && triedAgain !== outcomes.length) {
        triedAgain = outcomes.length;
        continue;
      }
      outcomes.push({ ok: false, message: end.why });
      if (++failed === MOST_ENDED) {
        return failRest(`it was not called: ${MOST_ENDED} calls of this batch had hung or ended their thread`);
      }
    }
    return outcomes;
  }

  async #begin(): Promise<Loaded> {
    this.#end();
    const { heapMiB = 256, loadTimeoutMs = 30_000 } = this.#options;
    const live = new Live(this.path, this.#kind, heapMiB, (text) => this.#print(text));
    this.#live = live;
    const loaded = await live.loaded(loadTimeoutMs);
    if (loaded.kind === "fault") this.#end();
    return loaded;
  }

  #end(): void {
    this.#live?.end();
    this.#live = undefined;
  }

  #print(text: string): void {
    if (this.#printed >= MOST_OUTPUT) return;
    this.#printed += text.length;
    this.#options.output?.(
      this.#printed < MOST_OUTPUT ? text : `${text.slice(0, 1000)}\n(what it prints from now on is left out)\n`,
    );
  }

  #fault(code: string, got: string, expected?: string): ReckonError {
    const what =
      this.#kind === "task"
        ? "a module (.ts, .js or .mjs) whose default export is defineTask({ name, sample, prompt, verify, gold })"
        : "a module (.ts, .js or .mjs) whose default export is a function (rollout) => number | null, or { name, weight, reward }";
    return new ReckonError(code, `The ${this.#kind} ${this.path} cannot be used.`, {
      expected: expected ?? what,
      got,
      help:
        code === "MODULE_MISSING"
          ? "Check the path; a run that goes on needs the file where its recipe.json says it is."
          : "Correct the module and start again.",
    });
  }
}

/** Why a thread gave no answer. */
interface End {
  readonly why: string;
  readonly hung: boolean;
}

/** One life of the thread. */
class Live {
  readonly #worker: Worker;
  readonly #port: MessagePort;
  readonly #began = new SharedArrayBuffer(8);
  readonly #clock = new BigInt64Array(this.#began);
  readonly #print: (text: string) => void;
  #onReply: (reply: UserReply) => void = () => {};
  #onEnd: (why: string) => void = () => {};
  #ended: string | undefined;

  constructor(path: string, kind: UserModuleKind, heapMiB: number, print: (text: string) => void) {
    const { port1, port2 } = new MessageChannel();
    this.#port = port1;
    const setup: UserWorkerSetup = { path, kind, port: port2, began: this.#began };
    this.#worker = new Worker(beside(import.meta.url, "user-worker"), {
      workerData: setup,
      transferList: [port2],
      // Options of the program's own (--input-type, --test) do not fit a thread.
      execArgv: [],
      // What a user's code prints must not get into a program's own output; the thread sends it as messages.
      stdout: true,
      stderr: true,
      // Near its limit V8 ends a thread while 16 MiB are left to it. A young generation that is larger than these may fill them at
      // one stroke, and then it is the process that ends.
      resourceLimits: { maxOldGenerationSizeMb: heapMiB, maxYoungGenerationSizeMb: 4 },
    });
    this.#print = print;
    this.#port.on("message", (reply: UserReply) => this.#take(reply));
    this.#worker.on("error", (error: unknown) => this.#stop(describeEnd(error)));
    this.#worker.on("exit", (code) => this.#stop(`it ended its own thread (exit code ${code})`));
    this.#rest();
  }

  get alive(): boolean {
    return this.#ended === undefined;
  }

  /** Waits for the module to be loaded. */
  async loaded(timeoutMs: number): Promise<Loaded> {
    const fault = (got: string): Loaded => ({ kind: "fault", code: "MODULE_LOAD", got });
    return this.#whileAwake(async () => {
      let timer: NodeJS.Timeout | undefined;
      const loaded = await new Promise<Loaded>((resolve) => {
        this.#onReply = (reply) => reply.kind === "loaded" && resolve(reply.loaded);
        this.#onEnd = (why) => resolve(fault(why));
        timer = setTimeout(() => resolve(fault(`it was not loaded after ${timeoutMs} ms`)), timeoutMs);
        if (this.#ended !== undefined) resolve(fault(this.#ended));
      });
      clearTimeout(timer);
      return loaded;
    });
  }

  /** Makes calls; resolves to undefined when all are answered, else to why the next one was not. */
  async batch(
    calls: readonly UserCall[],
    timeoutMs: number,
    answered: (outcome: Outcome) => void,
  ): Promise<End | undefined> {
    let left = calls.length;
    let progress = process.hrtime.bigint();
    const age = (): number => {
      const began = Atomics.load(this.#clock, 0);
      return Number(process.hrtime.bigint() - (began === 0n ? progress : began)) / 1e6;
    };
    return this.#whileAwake(async () => {
      let timer: NodeJS.Timeout | undefined;
      const end = await new Promise<End | undefined>((resolve) => {
        this.#onReply = (reply) => {
          if (reply.kind !== "outcome" || left === 0) return;
          progress = process.hrtime.bigint();
          answered(reply.outcome);
          if (--left === 0) resolve(undefined);
        };
        this.#onEnd = (why) => {
          this.#drain();
          resolve({ why, hung: false });
        };
        const look = (): void => {
          // Outcomes that lie in the mailbox belong to earlier calls; if the clock has moved, so does this one.
          if (age() >= timeoutMs) this.#drain();
          if (left === 0) return;
          const now = age();
          if (now >= timeoutMs) resolve({ why: `it did not answer within ${timeoutMs} ms`, hung: true });
          else timer = setTimeout(look, timeoutMs - now + 1);
        };
        timer = setTimeout(look, timeoutMs);
        this.#port.postMessage(calls);
      });
      clearTimeout(timer);
      return end;
    });
  }

  /** Ends the thread; does not wait, for a thread in a system call ends when that does. */
  end(): void {
    this.#ended ??= "it was ended";
    this.#port.close();
    void this.#worker.terminate();
  }

  #take(reply: UserReply): void {
    if (reply.kind === "print") this.#print(reply.text);
    else this.#onReply(reply);
  }

  #drain(): void {
    for (let got = receiveMessageOnPort(this.#port); got; got = receiveMessageOnPort(this.#port)) {
      this.#take(got.message as UserReply);
    }
  }

  #stop(why: string): void {
    if (this.#ended !== undefined) return;
    this.#ended = why;
    this.#onEnd(why);
  }

  /** Keeps the process alive while work is under way, and only then. */
  async #whileAwake<T>(work: () => Promise<T>): Promise<T> {
    this.#worker.ref();
    this.#port.ref();
    try {
      return await work();
    } finally {
      this.#onReply = () => {};
      this.#onEnd = () => {};
      this.#rest();
    }
  }

  #rest(): void {
    this.#worker.unref();
    this.#port.unref();
  }
}

function describeEnd(error: unknown): string {
  const code = error instanceof Error && "code" in error ? error.code : undefined;
  if (code === "ERR_WORKER_OUT_OF_MEMORY") return "it used more memory than its thread may have";
  return `it failed outside its call: ${error instanceof Error ? error.message : String(error)}`;
}
