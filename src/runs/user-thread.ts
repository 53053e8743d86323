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
  /** Longest time of one call, in milliseconds; default 2000. */
  readonly timeoutMs?: number;
  /** Longest time to load the module, in milliseconds; default 20,000. */
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
    const outcomes: Outcome[] = [];
    for (let ended = 0; outcomes.length < calls.length; ended++) {
      if (ended === MOST_ENDED) {
        const message = `it was not called: ${MOST_ENDED} calls of this batch had hung or ended their thread`;
        while (outcomes.length < calls.length) outcomes.push({ ok: false, message });
        break;
      }
      if (!this.#live) {
        const loaded = await this.#begin();
        if (loaded.kind === "fault") {
          const message = `the module could not be loaded again: ${loaded.got}`;
          while (outcomes.length < calls.length) outcomes.push({ ok: false, message });
          break;
        }
      }
      const live = this.#live!;
      const rest = calls.slice(outcomes.length);
      const { timeoutMs = 2000 } = this.#options;
      const why = await live.batch(rest, timeoutMs, (outcome) => outcomes.push(outcome));
      if (why === undefined) break;
      this.#end();
      outcomes.push({ ok: false, message: why });
    }
    return outcomes;
  }

  async #begin(): Promise<Loaded> {
    this.#end();
    const { heapMiB = 256, loadTimeoutMs = 20_000 } = this.#options;
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
      help: code === "MODULE_MISSING" ? "Check the path." : "Correct the module and start again.",
    });
  }
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
    // A packed installation holds JavaScript, a clone TypeScript: the worker is whatever this file is.
    const file = import.meta.url.endsWith(".ts") ? "./user-worker.ts" : "./user-worker.js";
    this.#worker = new Worker(new URL(file, import.meta.url), {
      workerData: setup,
      transferList: [port2],
      // Options of the program's own (--input-type, --test) do not fit a thread.
      execArgv: [],
      // What a user's code prints must not get into a program's own output; the thread sends it as messages.
      stdout: true,
      stderr: true,
      resourceLimits: { maxOldGenerationSizeMb: heapMiB },
    });
    this.#print = print;
    this.#port.on("message", (reply: UserReply) => this.#take(reply));
    this.#worker.on("error", (error: unknown) => this.#stop(describeEnd(error)));
    this.#worker.on("exit", (code) => this.#stop(`it ended its own thread (exit code ${code})`));
    this.#rest();
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
  ): Promise<string | undefined> {
    if (calls.length === 0) return undefined;
    return this.#whileAwake(async () => {
      let left = calls.length;
      let timer: NodeJS.Timeout | undefined;
      const why = await new Promise<string | undefined>((resolve) => {
        this.#onReply = (reply) => {
          if (reply.kind !== "outcome" || left === 0) return;
          answered(reply.outcome);
          if (--left === 0) resolve(undefined);
        };
        this.#onEnd = (ended) => {
          this.#drain();
          resolve(ended);
        };
        const look = (): void => {
          const began = Atomics.load(this.#clock, 0);
          const age = began === 0n ? 0 : Number(process.hrtime.bigint() - began) / 1e6;
          if (age >= timeoutMs) {
            // Outcomes that lie in the mailbox belong to earlier calls; if the clock has moved, so does this one.
            this.#drain();
            if (left === 0) return;
            if (Atomics.load(this.#clock, 0) === began) {
              resolve(`it did not answer within ${timeoutMs} ms`);
              return;
            }
          }
          timer = setTimeout(look, Math.max(1, timeoutMs - age));
        };
        timer = setTimeout(look, timeoutMs);
        if (this.#ended === undefined) this.#port.postMessage(calls);
        else resolve(this.#ended);
      });
      clearTimeout(timer);
      return why;
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
