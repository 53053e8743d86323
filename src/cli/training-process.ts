/**
 * A training run in a process of its own, started by the studio: the server stays quick while the run computes, and the
 * run outlives a fault of the server by saving its state.
 *
 * The child has a process group of its own, so that a Ctrl-C in the terminal reaches it once, through `stop`, as a
 * message (signals would end it at once on Windows, and while it starts everywhere); should the parent vanish, the closed
 * channel tells it to save and end.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { fileURLToPath } from "node:url";
import { beside } from "../util/beside.ts";
import { PAUSE } from "./training.ts";

/** Flags of this Node that are its own affair: an inspector's port cannot be opened twice. */
const NOT_PASSED_ON = /^--(inspect|test|watch|cpu-prof|heap-prof)/;

export class TrainingProcess {
  readonly run: string;
  readonly #child: ChildProcess;
  readonly #ended: Promise<number>;
  #stopping = false;
  #output = "";

  private constructor(run: string, child: ChildProcess) {
    this.run = run;
    this.#child = child;
    for (const stream of [child.stdout, child.stderr]) {
      stream?.setEncoding("utf8").on("data", (text: string) => {
        this.#output = (this.#output + text).slice(-4000);
      });
    }
    this.#ended = new Promise((resolve) => {
      child.on("error", () => resolve(1));
      child.on("close", (code) => resolve(code ?? 1)); // Not "exit": then its last words may still be on their way.
    });
  }

  /** @param args of `reckon train` */
  static start(run: string, args: readonly string[]): TrainingProcess {
    const file = fileURLToPath(beside(import.meta.url, "main"));
    const { RECKON_LAUNCHED: _, ...env } = process.env;
    const flags = process.execArgv.filter((flag) => !NOT_PASSED_ON.test(flag));
    const child = spawn(process.execPath, [...flags, file, "train", ...args], {
      detached: true,
      stdio: ["ignore", "pipe", "pipe", "ipc"],
      env,
    });
    return new TrainingProcess(run, child);
  }

  /** The exit code, once it has ended. */
  get ended(): Promise<number> {
    return this.#ended;
  }

  /** What it said last. */
  get output(): string {
    return this.#output;
  }

  /** Whether it was asked to save and end. */
  get stopping(): boolean {
    return this.#stopping;
  }

  /** Asks it to save and end after its step. */
  pause(): void {
    this.#stopping = true;
    if (this.#child.connected) this.#child.send(PAUSE, () => {}); // A child that has just ended needs no message.
  }

  /** Asks it to save and end after its step, and waits until it has. */
  async stop(): Promise<void> {
    this.pause();
    await this.#ended;
  }
}
