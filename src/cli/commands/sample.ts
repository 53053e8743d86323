/** `reckon sample`: ask a teacher, behind an address or in a folder, for worked solutions of training problems. */
import { availableParallelism } from "node:os";
import { resolve } from "node:path";
import { type Command, Option } from "commander";
import { SCALES } from "../../recipes/index.ts";
import { type Asked, askTeacher, INSTRUCTION } from "../../recipes/teacher/index.ts";
import { decimal, integer, newCommand, uiOf } from "../command.ts";
import { onBrokenPipe } from "../pipes.ts";
import { DEFAULT_COUNT, keepOf, openQuestions, openTeacher, type SampleOptions } from "../sampling.ts";
import { again, fieldsOption, nameOption, skipBrokenOption } from "../tasks/open.ts";
import { formatCount, table, type Ui } from "../ui.ts";

export function create(): Command {
  return newCommand("sample", "", [
    [
      "reckon sample --teacher https://api.deepseek.com/v1 --model deepseek-reasoner --key-env DEEPSEEK_API_KEY --count 200 --out traces",
      "200 training problems, once each; run it again to go on where it was broken off",
    ],
    [
      "reckon sample --teacher http://127.0.0.1:11434/v1 --model qwen3 --rung countdown:0 --samples 4 --out traces",
      "four answers to each countdown of a model that runs here",
    ],
    ["reckon sample --teacher zero --count 500 --out traces", "the shipped model as the teacher"],
  ])
    .requiredOption(
      "--teacher <address>",
      "an OpenAI-compatible API, mostly ending in /v1; or a model's folder or name",
    )
    .requiredOption("--out <folder>", "where answers.jsonl, traces.jsonl and teacher.json are kept")
    .option("--model <name>", "of an API: the model that answers")
    .option("--key-env <NAME>", "of an API: the environment variable that holds the key (never the key itself)")
    .option(
      "--count <n>",
      `how many training problems (default: ${DEFAULT_COUNT}; with --problems all, or the first n)`,
      integer(1),
    )
    .option("--samples <k>", "answers to each", integer(1), 1)
    .option("--rung <family:level>", "problems of this rung alone; again for more", again, [])
    .option("--task <path>", "a task module or .jsonl file whose family stands in --rung; again for more", again, [])
    .addOption(new Option("--scale <scale>", "without --rung: which mixture (default: tiny)").choices(SCALES))
    .option("--problems <file>", "instead: the problems of this file, held-out ones left out")
    .addOption(skipBrokenOption())
    .addOption(fieldsOption())
    .addOption(nameOption())
    .option("--seed <s>", "of the problems and the sampling", integer(0), 0)
    .option("--temperature <t>", "of the sampling", decimal(0), 0.6)
    .option("--top-p <p>", "of an API: sample among the likeliest tokens that hold this probability", decimal(0, 1))
    .option("--max-tokens <n>", "most new tokens of an answer, thinking included", integer(1), 4096)
    .option("--keep <n>", "traces kept of one problem: the least repetitive, then the shortest", integer(1), 1)
    .option("--max-thinking <n>", "longest thinking kept, in characters", integer(1))
    .option("--without-thinking", "keep right answers without thinking too")
    .option("--system <text>", "of an API: what it is told first")
    .option("--instruction <text>", `of an API: what is asked, with {prompt} for the problem (default: ${INSTRUCTION})`)
    .option("--extra <json>", 'of an API: further fields of the request, e.g. {"reasoning_effort":"high"}')
    .option("--seedless", "of an API: send no seeds, for those that refuse them")
    .option("--no-stream", "of an API: ask for whole answers instead of streams")
    .option("--completion-limit", "of an API: call the limit max_completion_tokens, as newer ones of OpenAI's want it")
    .option("--concurrency <n>", "of an API: requests at once", integer(1, 256), 4)
    .option("--attempts <n>", "of an API: requests for one answer until it is given up", integer(1), 6)
    .option("--timeout <s>", "of an API: seconds without a sign of life", decimal(0.01, 100_000), 120)
    .option("--price <prompt,completion>", "of an API: dollars for a million tokens of either, to add up the cost")
    .option("--workers <n>", "of a folder: threads; does not change the result", integer(1), availableParallelism())
    .action(async (options: SampleOptions, command: Command) => {
      const ui = uiOf(command);
      const keep = keepOf(options);
      const teacher = await openTeacher(options, ui);
      const questions = await openQuestions(options, ui);
      const folder = resolve(options.out);
      const { problems, judge } = questions;
      const controller = new AbortController();
      const release = interruptible(controller, ui);
      const progress = ui.progress("answers", problems.length * options.samples);
      try {
        for (const warning of teacher.warnings) ui.warn(warning);
        const asked = await askTeacher(teacher, {
          ...{ folder, problems, judge, keep, samples: options.samples, stopped: () => controller.signal.aborted },
          onAnswer: (answers) => progress.update(answers),
        }).finally(() => progress.end());
        report(ui, folder, asked);
      } finally {
        release();
        await questions.close();
        await teacher.close();
      }
    });
}

/** Ctrl-C once: ask no more, and wait for what is under way, which is paid. Twice: end at once. */
function interruptible(controller: AbortController, ui: Ui): () => void {
  const stop = (): void => {
    if (controller.signal.aborted) process.exit(130);
    ui.warn("no more is asked; answers under way are waited for (once more to end at once)");
    controller.abort();
  };
  process.on("SIGINT", stop).on("SIGTERM", stop);
  const restore = onBrokenPipe(() => controller.abort());
  return () => {
    process.off("SIGINT", stop).off("SIGTERM", stop);
    restore();
  };
}

/** Failures that are named. */
const NAMED = 5;

function report(ui: Ui, folder: string, { record, complete, unanswered, before }: Asked): void {
  ui.document({ folder, complete, before, unanswered, ...record });
  for (const { problem, sample, code, message } of unanswered.slice(0, NAMED)) {
    ui.warn(`${problem}, answer ${sample + 1}: ${code}: ${message}`);
  }
  if (unanswered.length > 0) ui.warn(`${unanswered.length} answers are missing; the same command asks for them again`);
  if (!complete) ui.say("stopped; nothing is lost. The same command goes on");
  const { counts, cost } = record;
  const left = Object.entries(counts).filter(([name, n]) => n > 0 && name !== "answers" && name !== "kept");
  ui.say(
    table([
      ["answers", formatCount(counts.answers), before > 0 ? `${formatCount(before)} of them were there before` : ""],
      ["kept", formatCount(counts.kept), left.map(([name, n]) => `${name} ${formatCount(n)}`).join(", ")],
      [
        "tokens",
        formatCount(record.promptTokens + record.completionTokens),
        `prompts ${formatCount(record.promptTokens)}, answers ${formatCount(record.completionTokens)}${record.uncounted > 0 ? `; ${formatCount(record.uncounted)} answers uncounted` : ""}`,
      ],
      ["cost", cost === null ? "not known" : `${cost.amount.toFixed(4)} ${cost.currency}`, ""],
    ]),
  );
  ui.say(`${folder}/traces.jsonl`);
}
