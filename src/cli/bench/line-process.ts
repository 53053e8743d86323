/** A child process that is told things and answers, one JSON document a line: what is measured beside or instead of us. */
import { type ChildProcessWithoutNullStreams, spawn } from "node:child_process";
import { createInterface } from "node:readline";

export type Reply = Readonly<Record<string, unknown>>;

export class LineProcess {
  readonly #child: ChildProcessWithoutNullStreams;
  readonly #lines: AsyncIterator<string>;
  #complaint = "";

  constructor(command: string, args: readonly string[], env: Readonly<Record<string, string>> = {}) {
    this.#child = spawn(command, args, { stdio: ["pipe", "pipe", "pipe"], env: { ...process.env, ...env } });
    this.#child.stderr.on("data", (data: Buffer) => {
      this.#complaint = (this.#complaint + data.toString()).slice(-4000);
    });
    this.#child.on("error", (error) => {
      this.#complaint += error.message;
    });
    this.#child.stdin.on("error", () => undefined); // Its end is told by the missing answer.
    this.#lines = createInterface({ input: this.#child.stdout })[Symbol.asyncIterator]();
  }

  /** The last line that it wrote on standard error. */
  get complaint(): string {
    return this.#complaint.trim().split("\n").at(-1) ?? "";
  }

  /**
   * The next answer; `{ error }` when there is none.
   * @param seconds after which the process is ended; default: never
   */
  async next(seconds?: number): Promise<Reply> {
    let late = false;
    const end = (): void => {
      late = true;
      this.kill();
    };
    const timer = seconds === undefined ? undefined : setTimeout(end, seconds * 1000);
    const line = await this.#lines.next();
    clearTimeout(timer);
    if (!line.done) return JSON.parse(line.value) as Reply;
    return { error: late ? `no answer within ${seconds} s` : this.complaint || "the process ended" };
  }

  /** Says something and waits for the answer. */
  ask(message: Reply, seconds?: number): Promise<Reply> {
    this.#child.stdin.write(`${JSON.stringify(message)}\n`);
    return this.next(seconds);
  }

  kill(): void {
    this.#child.kill("SIGKILL");
  }

  /** Nothing more will be asked: the process ends by itself. */
  close(): void {
    this.#child.stdin.end();
  }
}
