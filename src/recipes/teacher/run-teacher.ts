/**
 * A teacher behind an API as a stage of a recipe: what rejection sampling is with a model of ours. `traces.jsonl` lies beside the
 * recipe, where later stages look for it; the answers lie beside the run's folder, in `answers-HASH`, by the hash of what
 * was asked: a stage that is changed and runs anew, or another run with the same question, pays for none of them again.
 *
 * Left out: `chunk`, since every single answer is safe when it counts; and rollouts to be read, since all answers are in
 * the log. `maxThinkingTokens` is refused (schema-data.ts).
 */
import { createHash } from "node:crypto";
import { dirname, join } from "node:path";
import { replaceFile } from "../../runs/disk.ts";
import type { TaskFile } from "../../runs/task-files.ts";
import type { ProblemWeight } from "../../tasks/index.ts";
import { DEFAULT_REWARDS } from "../../train/judge.ts";
import type { RunStore } from "../../train/run-store.ts";
import { ReckonError } from "../../util/errors.ts";
import { TRACES } from "../data-lineage.ts";
import { openProblems } from "../problems.ts";
import { type Asked, askTeacher, TEACHER_RECORD } from "./ask.ts";
import { drawOnce } from "./draw.ts";
import { endpointTeacher } from "./endpoint.ts";
import type { KeepSettings, TeacherSettings } from "./settings.ts";

/** What it takes of a stage of kind `sample`. */
export interface TeacherStage {
  readonly teacher: TeacherSettings;
  readonly problems: readonly ProblemWeight[];
  readonly tasks: readonly (string | TaskFile)[];
  /** Problems that are asked, each once. */
  readonly prompts: number;
  readonly samplesPerPrompt: number;
  readonly temperature: number;
  readonly maxNewTokens: number;
  readonly perPrompt: number;
  readonly rows?: number | undefined;
  readonly maxRepetition: number;
  readonly language: KeepSettings["language"];
}

/**
 * @param folder of the run
 * @param environment where the key is looked up
 * @throws ReckonError TEACHER_MISSING when too many questions stay without an answer; as `askTeacher` and
 * `endpointTeacher`
 */
export async function runTeacher(
  seed: number,
  stage: TeacherStage,
  folder: string,
  store: RunStore,
  environment: Readonly<Record<string, string | undefined>>,
): Promise<Asked> {
  const { prompts, samplesPerPrompt, temperature, maxNewTokens } = stage;
  const { perPrompt, rows, maxRepetition, language } = stage;
  const { maxThinking, missing } = stage.teacher;
  const tell = (level: "info" | "warning", code: string, message: string): void =>
    store.event({ level, code, step: 0, message });
  await store.rewind(0);
  // Said before the first answer, so that a run that is stopped before its end does not pass for a finished one.
  store.progress(0, prompts * samplesPerPrompt);
  const source = await openProblems({ ...stage, rewards: DEFAULT_REWARDS, userRewards: [] });
  try {
    for (const warning of source.warnings) tell("warning", "TASK_ROWS_SKIPPED", warning);
    const problems = await drawOnce(source.draw, seed, prompts);
    if (problems.length < prompts) {
      tell("warning", "TEACHER_FEW_PROBLEMS", `the rungs have no more than ${problems.length} different problems`);
    }
    const sampling = { seed, temperature, maxNewTokens };
    const teacher = endpointTeacher(stage.teacher, sampling, environment, (words) =>
      tell("info", "TEACHER_RETRY", words),
    );
    for (const warning of teacher.warnings) tell("warning", "TEACHER_OPEN", warning);
    const total = problems.length * samplesPerPrompt;
    const hash = createHash("sha256").update(JSON.stringify(teacher.question)).digest("hex");
    const answers = join(dirname(folder), `answers-${hash.slice(0, 12)}`);
    const asked = await askTeacher(teacher, {
      ...{ folder: answers, problems, samples: samplesPerPrompt, judge: source.judge },
      keep: { perPrompt, rows, maxRepetition, language, maxThinking, withoutThinking: false },
      stopped: () => store.stopRequested(),
      onAnswer: (count) => store.progress(count, total),
    });
    const open = asked.unanswered.length;
    if (asked.complete && open > missing * total) throw unfinished(asked, total, missing);
    if (open > 0) tell("warning", "TEACHER_UNANSWERED", told(asked));
    if (!asked.complete) return asked;
    replaceFile(join(folder, TEACHER_RECORD), `${JSON.stringify(asked.record, null, 2)}\n`, { durable: true });
    replaceFile(join(folder, TRACES), asked.traces, { durable: true });
    store.progress(total, total);
    return asked;
  } finally {
    await source.close();
  }
}

function told({ unanswered }: Asked): string {
  const { code, message } = unanswered[0]!;
  return `${unanswered.length} questions stay without an answer; ${code}: ${message}`;
}

/**
 * A stage that ended so would be done for good, with a part of its data. As a failure it is not: run again, it finds its
 * answers in the log and asks the rest.
 */
function unfinished(asked: Asked, total: number, missing: number): ReckonError {
  const { answers } = asked.record.counts;
  return new ReckonError("TEACHER_MISSING", `The teacher left ${asked.unanswered.length} of ${total} questions open.`, {
    expected: `answers to all but ${Math.floor(missing * total)} of them (teacher.missing=${missing})`,
    got: told(asked),
    help: `Nothing that was paid is lost: ${answers} answers are kept. The same command asks the rest; if some never come, raise teacher.missing.`,
  });
}
