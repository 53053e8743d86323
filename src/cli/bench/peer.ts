/**
 * PyTorch as a persistent child process (bench/peers/torch_peer.py eager, torch_compiled.py through its compiler), which
 * is measured turn by turn with us.
 *
 * Commands and answers are JSON lines; weights and batches go through files in a temporary folder. Python is what
 * RECKON_PYTHON names, else the one that `reckon bench setup` made, else python3; where it has no torch, benchmarks go
 * on without a peer and say so.
 */
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parameterLayout } from "../../model/parameters.ts";
import { ReckonError } from "../../util/errors.ts";
import { packageRoot } from "../package.ts";
import type { Configuration } from "./configurations.ts";
import { LineProcess, type Reply } from "./line-process.ts";

/** Milliseconds of one piece of work. */
export interface Timing {
  readonly wall: number;
  /** Processor time of all threads: what time-sharing with other processes does not change. */
  readonly cpu: number;
}

/** Python's side of a peer. */
export type PeerScript = "torch_peer.py" | "torch_compiled.py" | "trl_peer.py";

/** A started peer that has said what it is. */
export interface StartedPeer {
  readonly process: LineProcess;
  /** A folder of its own, named to it as RECKON_BENCH_FOLDER. */
  readonly folder: string;
  readonly versions: Readonly<Record<string, string>>;
}

/** @returns the process, or in words why there is none */
export async function startPython(name: PeerScript): Promise<StartedPeer | string> {
  const script = join(packageRoot(), "bench", "peers", name);
  if (!existsSync(script)) return "this installation has no bench/peers (they are in a clone)";
  const python = pythonOfPeers();
  const folder = mkdtempSync(join(tmpdir(), "reckon-bench-"));
  const child = new LineProcess(python, [script], { RECKON_BENCH_FOLDER: folder });
  const hello = await child.next();
  if (hello["error"] !== undefined) {
    rmSync(folder, { recursive: true, force: true });
    return `${python}: ${hello["error"]}`;
  }
  return { process: child, folder, versions: hello["versions"] as Record<string, string> };
}

export class TorchPeer {
  readonly versions: Readonly<Record<string, string>>;
  readonly #process: LineProcess;
  readonly #folder: string;

  private constructor({ process, folder, versions }: StartedPeer) {
    this.#process = process;
    this.#folder = folder;
    this.versions = versions;
  }

  /** @returns the peer with the configuration's weights loaded, or in words why there is none */
  static async start(
    configuration: Configuration,
    parameters: Float32Array,
    threads: number,
    script: PeerScript = "torch_peer.py",
  ): Promise<TorchPeer | string> {
    const started = await startPython(script);
    if (typeof started === "string") return started;
    const peer = new TorchPeer(started);
    try {
      peer.write("weights", parameters);
      const entries = parameterLayout(configuration.model).entries;
      await peer.call("start", {
        threads,
        folder: peer.#folder,
        config: configuration.model,
        parameters: entries.map(({ name, shape, offset, size }) => ({ name, shape, offset, size })),
      });
      return peer;
    } catch (error) {
      peer.close();
      throw error;
    }
  }

  /**
   * @param seconds after which the process is ended and the call fails; default: never
   * @throws ReckonError BENCH_PEER with what Python said
   */
  async call(what: string, more: Reply = {}, seconds?: number): Promise<Reply> {
    const reply = await this.#process.ask({ do: what, ...more }, seconds);
    if (reply["error"] !== undefined)
      throw new ReckonError("BENCH_PEER", `the PyTorch peer failed at ${what}`, {
        got: String(reply["error"]),
        help: "bench/peers/requirements.txt names the versions that it was written for",
      });
    return reply;
  }

  async time(what: string, more: Reply = {}): Promise<Timing> {
    return (await this.call(what, more)) as unknown as Timing;
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
    this.#process.close();
    rmSync(this.#folder, { recursive: true, force: true });
  }
}

/** In words what is missing, of PyTorch and TRL, where a peer does not start. */
export async function missingPeers(): Promise<string | undefined> {
  for (const script of ["torch_peer.py", "trl_peer.py"] as const) {
    const started = await startPython(script);
    if (typeof started === "string") return started;
    started.process.kill();
    rmSync(started.folder, { recursive: true, force: true });
  }
  return undefined;
}

/** The Python that peers run on. */
export function pythonOfPeers(): string {
  const own = venvPython();
  return process.env["RECKON_PYTHON"] ?? (existsSync(own) ? own : "python3");
}

/** Where `reckon bench setup` puts Python and the peers' packages. */
export function venvFolder(): string {
  return join(packageRoot(), "bench", "peers", ".venv");
}

export function venvPython(): string {
  return join(venvFolder(), process.platform === "win32" ? "Scripts/python.exe" : "bin/python");
}
