/**
 * A teacher on this machine: another model with the same tokenizer, which says how likely every token is at each learnt
 * position of documents. What an objective of the kind `distil` (losses/distil.ts) is fed with.
 *
 * A teacher elsewhere feeds the same: `TeacherRows` for every document, a row a learnt token.
 */
import { ReckonError } from "../util/errors.ts";
import { type BatchOptions, microBatches, type Sequence, type TeacherRows } from "./batch.ts";
import type { Compute } from "./compute.ts";
import type { DistilObjective } from "./losses/distil.ts";

/**
 * To be asked before a run begins.
 * @param teacher size of its vocabulary
 * @param student size of its vocabulary
 * @throws ReckonError TEACHER_VOCABULARY when `top` asks for more tokens than there are, or the vocabularies differ
 */
export function checkTeacher(objective: DistilObjective, teacher: number, student: number): void {
  if (teacher !== student) {
    throw new ReckonError("TEACHER_VOCABULARY", "teacher and student do not share a vocabulary", {
      expected: `${student} tokens`,
      got: `${teacher}`,
      help: "distil on the teacher's answers instead, or take a teacher with the student's tokenizer",
    });
  }
  if (objective.top > student) {
    throw new ReckonError("TEACHER_VOCABULARY", "the teacher has fewer tokens than its likeliest ones should be", {
      expected: `top of at most ${student}`,
      got: `${objective.top}`,
    });
  }
}

/**
 * Asks the teacher, in shards of its own.
 * @param teacher holds its weights in `parameters`; may have another size than the student, not another tokenizer
 * @returns the sequences in their order, each with the teacher's rows
 */
export async function teach(
  teacher: Compute,
  objective: DistilObjective,
  sequences: readonly Sequence[],
  options: BatchOptions,
): Promise<Sequence[]> {
  const { top, temperature = 1 } = objective;
  const { shards, packed } = teacher.spec;
  const { pack, ...plain } = options;
  const indices = Array.from({ length: shards }, (_, s) => sequences.flatMap((_, i) => (i % shards === s ? [i] : [])));
  const batches = indices.map((list) =>
    microBatches(
      list.map((i) => sequences[i]!),
      packed && pack !== undefined ? { ...plain, pack } : plain,
    ),
  );
  const results = await teacher.score("parameters", batches, temperature, top);
  const taught = [...sequences];
  batches.forEach((list, s) => {
    list.forEach(({ spans }, b) => {
      const { ids, logprobs } = results[s]![b]!.likeliest!;
      for (const { index, start, count } of spans) {
        const i = indices[s]![index]!;
        const [from, to] = [start * top, (start + count) * top];
        const rows: TeacherRows = { top, ids: ids.slice(from, to), logprobs: logprobs.slice(from, to) };
        taught[i] = { ...sequences[i]!, teacher: rows };
      }
    });
  });
  return taught;
}
