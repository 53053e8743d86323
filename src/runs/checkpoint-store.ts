/**
 * Checkpoints as folders `step-N`, all or nothing: written aside, every file synced, a manifest with sizes and hashes
 * last, then renamed. What a killed writer leaves behind has a name of its own and is removed by the next one.
 */
import { createHash } from "node:crypto";
import { mkdir, readdir, readFile, rename, rm } from "node:fs/promises";
import { join } from "node:path";
import type { CheckpointFiles, StoredCheckpoint } from "../train/run-store.ts";
import { ReckonError } from "../util/errors.ts";
import { isMissing, isSystemError, syncFolder, writeDurably } from "./disk.ts";

/** Names and contents of a checkpoint's files; written last. */
export const MANIFEST = "manifest.json";
const NAME = /^step-(\d+)$/;
const ASIDE = /^\.(writing|removing)-/;

interface Manifest {
  readonly step: number;
  readonly files: Readonly<Record<string, { readonly bytes: number; readonly sha256: string }>>;
}

export class CheckpointStore {
  readonly folder: string;

  constructor(folder: string) {
    this.folder = folder;
  }

  /** Folder of a step's checkpoint. */
  path(step: number): string {
    return join(this.folder, `step-${step}`);
  }

  /** Steps that have a checkpoint, ascending, intact or not. */
  async steps(): Promise<number[]> {
    const names = await this.#names();
    return names
      .flatMap((name) => NAME.exec(name)?.[1] ?? [])
      .map(Number)
      .sort((a, b) => a - b);
  }

  /** Writes a checkpoint; when it has resolved, the checkpoint survives a crash of the machine. */
  async save(step: number, files: CheckpointFiles): Promise<void> {
    const aside = join(this.folder, `.writing-${step}-${process.pid}`);
    await rm(aside, { recursive: true, force: true });
    try {
      await mkdir(aside, { recursive: true });
      const manifest: Manifest = {
        step,
        files: Object.fromEntries(
          [...files].map(([name, bytes]) => [name, { bytes: bytes.length, sha256: hash(bytes) }]),
        ),
      };
      for (const [name, bytes] of files) {
        if (!/^[\w-][\w.-]*$/.test(name) || name === MANIFEST) throw new Error(`internal: a checkpoint's file ${name}`);
        await writeDurably(aside, name, bytes);
      }
      await writeDurably(aside, MANIFEST, Buffer.from(`${JSON.stringify(manifest, null, 2)}\n`));
      await syncFolder(aside);
      await this.#remove(step);
      await rename(aside, this.path(step));
      await syncFolder(this.folder);
    } catch (error) {
      // On a full disk the beginnings must not keep the little that is left.
      await rm(aside, { recursive: true, force: true }).catch(() => {});
      throw error;
    }
  }

  /**
   * The latest checkpoint that is whole: every file there, its size and hash as the manifest says.
   * @param skipped is told of each newer one that is not
   */
  async latest(skipped: (step: number, why: string) => void): Promise<StoredCheckpoint | undefined> {
    for (const step of (await this.steps()).reverse()) {
      const found = await this.#read(step);
      if (typeof found !== "string") return { step, files: found };
      skipped(step, found);
    }
    return undefined;
  }

  /** Removes all checkpoints but the last `keep` and those whose step is in `also`. */
  async prune(keep: number, also: ReadonlySet<number>): Promise<void> {
    const steps = await this.steps();
    for (const step of steps.slice(0, Math.max(0, steps.length - keep))) {
      if (!also.has(step)) await this.#remove(step);
    }
  }

  /** Removes checkpoints of later steps. */
  async removeAfter(step: number): Promise<void> {
    for (const later of await this.steps()) if (later > step) await this.#remove(later);
  }

  /** Removes what killed writers left. */
  async removeLeftovers(): Promise<void> {
    for (const name of await this.#names()) {
      if (ASIDE.test(name)) await rm(join(this.folder, name), { recursive: true, force: true });
    }
  }

  async #names(): Promise<string[]> {
    try {
      return await readdir(this.folder);
    } catch (error) {
      if (isMissing(error)) return [];
      throw error;
    }
  }

  /** Renamed first, so that a checkpoint that is half removed is never met. */
  async #remove(step: number): Promise<void> {
    const aside = join(this.folder, `.removing-${step}-${process.pid}`);
    await rm(aside, { recursive: true, force: true });
    try {
      await rename(this.path(step), aside);
    } catch (error) {
      if (isMissing(error)) return;
      throw error;
    }
    await rm(aside, { recursive: true, force: true });
  }

  /** The files, or what is wrong with them. */
  async #read(step: number): Promise<CheckpointFiles | string> {
    let at = MANIFEST;
    try {
      const manifest = JSON.parse(await readFile(join(this.path(step), MANIFEST), "utf8")) as Manifest;
      const files = new Map<string, Uint8Array>();
      for (const [name, { bytes, sha256 }] of Object.entries(manifest.files)) {
        at = name;
        const content = Uint8Array.from(await readFile(join(this.path(step), name)));
        if (content.length !== bytes) return `${name} has ${content.length} bytes, its manifest says ${bytes}`;
        if (hash(content) !== sha256) return `${name} is not what was written`;
        files.set(name, content);
      }
      return manifest.step === step && files.size > 0 ? files : `${MANIFEST} is of another checkpoint`;
    } catch (error) {
      if (isMissing(error)) return `${at} is missing`;
      if (error instanceof SyntaxError || error instanceof TypeError) return `${MANIFEST} is damaged`;
      if (!isSystemError(error)) throw error;
      // Not known to be bad: to fall back in silence would throw its steps away.
      throw new ReckonError("RUN_CHECKPOINT_UNREADABLE", `${join(this.path(step), at)} cannot be read.`, {
        got: error.code,
        help: "Make it readable, or remove its folder to go on from the checkpoint before.",
        cause: error,
      });
    }
  }
}

function hash(bytes: Uint8Array): string {
  return createHash("sha256").update(bytes).digest("hex");
}
