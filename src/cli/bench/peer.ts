/**
 * PyTorch eager as a persistent child process (bench/peers/torch_peer.py), which is measured turn by turn with us.
 *
 * Commands and answers are JSON lines; weights and batches go through files in a temporary folder. Python is what
 * RECKON_PYTHON names, else python3; where it has no torch, benchmarks go on without a peer and say so.
 */
import { type ChildProcessWithoutNullStreams, spawn } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { parameterLayout } from "../../model/parameters.ts";
import { ReckonError } from "../../util/errors.ts";
import { packageRoot } from "../package.ts";
import type { Configuration } from "./configurations.ts";

/** Milliseconds of one piece of work. */
export interface Timing {
  readonly wall: number;
  /** Processor time of all threads: what time-sharing with other processes does not change. */
  readonly cpu: number;
}

type Reply = Readonly<Record<string, unknown>>;

export class TorchPeer {
  readonly versions: Readonly<Record<string, string>>;
  readonly #child: ChildProcessWithoutNullStreams;
  readonly #lines: AsyncIterator<string>;
  readonly #folder: string;

  private constructor(
    child: ChildProcessWithoutNullStreams,
    lines: AsyncIterator<string>,
    folder: string,
    versions: Record<string, string>,
  ) {
    this.#child = child;
    this.#lines = lines;
    this.#folder = folder;
    this.versions = versions;
  }

  /** @returns the peer with the configuration's weights loaded, or in words why there is none */
  static async start(
    configuration: Configuration,
    parameters: Float32Array,
    threads: number,
  ): Promise<TorchPeer | string> {
    const script = join(packageRoot(), "bench", "peers", "torch_peer.py");
    if (!existsSync(script)) return "this installation has no bench/peers (they are in a clone)";
    const python = process.env["RECKON_PYTHON"] ?? "python3";
    const child = spawn(python, [script], { stdio: ["pipe", "pipe", "pipe"] });
    let complaint = "";
    child.stderr.on("data", (data: Buffer) => {
      complaint = (complaint + data.toString()).slice(-2000);
    });
    child.on("error", (error) => {
      complaint += error.message;
    });
    child.stdin.on("error", () => undefined); // Its end is told by the missing answer.
    const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
    const hello = await lines.next();
    if (hello.done) return `${python}: ${complaint.trim().split("\n").at(-1) ?? "it ended at once"}`;
    const { versions } = JSON.parse(hello.value) as { versions: Record<string, string> };
    const peer = new TorchPeer(child, lines, mkdtempSync(join(tmpdir(), "reckon-bench-")), versions);
    peer.write("weights", parameters);
    const entries = parameterLayout(configuration.model).entries;
    await peer.call("start", {
      threads,
      folder: peer.#folder,
      config: configuration.model,
      parameters: entries.map(({ name, shape, offset, size }) => ({ name, shape, offset, size })),
    });
    return peer;
  }

  /** @throws ReckonError BENCH_PEER with what Python said */
  async call(what: string, more: Reply = {}): Promise<Reply> {
    this.#child.stdin.write(`${JSON.stringify({ do: what, ...more })}\n`);
    const line = await this.#lines.next();
    const reply = line.done ? { error: "the process ended" } : (JSON.parse(line.value) as Reply);
    if (reply["error"] !== undefined)
      throw new ReckonError("BENCH_PEER", `the PyTorch peer failed at ${what}`, {
        got: String(reply["error"]),
        help: "bench/peers/requirements.txt names the versions that it was written for",
      });
    return reply;
  }

  async time(what: string): Promise<Timing> {
    return (await this.call(what)) as unknown as Timing;
  }

  write(name: string, data: Float32Array | Int32Array): void {
    writeFileSync(join(this.#folder, `${name}.bin`), new Uint8Array(data.buffer, data.byteOffset, data.byteLength));
  }

  readFloats(name: string): Float32Array {
    return new Float32Array(this.#read(name));
  }

  readInts(name: string): Int32Array {
    return new Int32Array(this.#read(name));
  }

  #read(name: string): ArrayBuffer {
    const bytes = readFileSync(join(this.#folder, `${name}.bin`));
    return bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength) as ArrayBuffer;
  }

  close(): void {
    this.#child.stdin.end();
    rmSync(this.#folder, { recursive: true, force: true });
  }
}
