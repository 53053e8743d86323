/** `reckon chat`: ask a model something, once or in turn, and watch it think. The JSON is a frozen interface. */
import { createInterface } from "node:readline/promises";
import { styleText } from "node:util";
import type { Command } from "commander";
import { ChatModel, type ChatSettings } from "../../serve/chat-model.ts";
import { decimal, integer, newCommand, uiOf } from "../command.ts";
import { openModel } from "../models.ts";
import type { Ui } from "../ui.ts";

interface Options {
  readonly prompt?: string;
  readonly temperature: number;
  readonly maxTokens: number;
  readonly thinkingBudget?: number;
  readonly seed: number;
}

export function create(): Command {
  return newCommand("chat", "", [
    ["reckon chat zero", "talk to the shipped model after reinforcement learning; an empty line ends it"],
    ['reckon chat runs/my-run --prompt "Make 29 from 21, 5, 3."', "one question to a run's newest checkpoint"],
    [
      'reckon chat zero --prompt "Add 47 + 38." --json',
      "{ thinking, answer, tokens: { prompt, thinking, answer }, seconds }",
    ],
  ])
    .argument("<model>", "a shipped model, a folder, or a run")
    .option("--prompt <text>", "ask this and end")
    .option("--temperature <t>", "0 always takes the likeliest token", decimal(0), 0.6)
    .option("--max-tokens <n>", "most new tokens, thinking and answer together", integer(1), 400)
    .option("--thinking-budget <n>", "make it answer after this many tokens of thinking", integer(0))
    .option("--seed <n>", "the same seed gives the same answer", integer(0), 0)
    .action(async (name: string, options: Options, command: Command) => {
      const ui = uiOf(command);
      const { checkpoint } = await openModel(name, ui);
      const model = await ChatModel.open(checkpoint);
      const ask = (prompt: string, seed: number): Promise<void> => answer(ui, model, { ...options, prompt, seed });
      if (options.prompt !== undefined) await ask(options.prompt, options.seed);
      else await converse(ui, ask, options.seed);
      await model.release();
    });
}

async function answer(ui: Ui, model: ChatModel, settings: ChatSettings): Promise<void> {
  let phase = "";
  for await (const chunk of model.reply(settings)) {
    if (chunk.type === "delta") {
      if (ui.json) continue;
      if (chunk.phase !== phase) process.stdout.write(phase === "" ? "" : "\n");
      phase = chunk.phase;
      process.stdout.write(phase === "thinking" ? styleText("dim", chunk.text) : styleText("bold", chunk.text));
      continue;
    }
    const { thinking, answer: text, tokens, seconds } = chunk;
    ui.document({ thinking, answer: text, tokens, seconds });
    const rate = ((tokens.thinking + tokens.answer) / seconds).toFixed(0);
    ui.say(
      `\n${styleText("dim", `${tokens.thinking} tokens of thinking, ${tokens.answer} of answer, ${rate} tokens/s`)}`,
    );
  }
}

async function converse(ui: Ui, ask: (prompt: string, seed: number) => Promise<void>, seed: number): Promise<void> {
  ui.say('Ask, for example "Make 29 from 21, 5, 3." or "Add 47 + 38."; an empty line ends it.');
  const input = createInterface({ input: process.stdin, output: process.stderr, prompt: "> " });
  // Questions from a pipe may all have been read, and the input be over, before the first one is answered.
  let over = false;
  input.once("close", () => {
    over = true;
  });
  input.prompt();
  let turn = 0;
  for await (const line of input) {
    if (line.trim() === "") break;
    await ask(line, seed + turn++);
    if (!over) input.prompt();
  }
  input.close();
}
