/**
 * A teacher behind an OpenAI-compatible API. Each sample of each problem is one request with a seed of its own.
 *
 * A request that fails costs its sample and is named; one that would fail for all of them ends the asking, and so do many
 * failures in a row or the failure of all, unless few questions are left of many that were answered. Whatever is under way then is
 * waited for: it is paid.
 */
import { ChatClient, type ChatRequest, ClientError } from "../../client/index.ts";
import type { Problem } from "../../tasks/index.ts";
import { ReckonError } from "../../util/errors.ts";
import { hashString } from "../../util/random.ts";
import type { EndpointSettings } from "./settings.ts";
import type { Asking, Teacher, TeacherAnswer, Unanswered } from "./teacher.ts";

export interface EndpointSampling {
  readonly seed: number;
  readonly temperature: number;
  readonly maxNewTokens: number;
}

/** So many failures in a row, and as many as there are requests at once, are no accident. */
const FAILURES_IN_A_ROW = 5;
/** Share of the questions that may be open and all fail, where the others were answered before. */
const REMNANT = 0.1;

/**
 * @param environment where the key is looked up, e.g. process.env; nothing else is read from it
 * @param onRetry is told of each request that is sent again, in words
 * @throws ReckonError TEACHER_KEY when the variable is not set; CLIENT_SETTING
 */
export function endpointTeacher(
  settings: EndpointSettings,
  sampling: EndpointSampling,
  environment: Readonly<Record<string, string | undefined>>,
  onRetry?: (words: string) => void,
): Teacher {
  const { url, model, apiKeyEnv, system, instruction, topP, extra, sendSeed, concurrency, attempts } = settings;
  const apiKey = apiKeyEnv === undefined ? undefined : keyFrom(environment, apiKeyEnv);
  const client = new ChatClient({
    url,
    model,
    apiKey,
    concurrency,
    stream: settings.stream,
    tokenLimitField: settings.tokenLimitField,
    timeouts: Object.fromEntries(Object.entries(settings.timeouts).filter(([, value]) => value !== undefined)),
    retry: { attempts },
    onRetry: ({ error, waitMs }) =>
      onRetry?.(`${error.code}${error.status ? ` ${error.status}` : ""}: again in ${(waitMs / 1000).toFixed(1)} s`),
  });
  const { temperature, maxNewTokens, seed } = sampling;

  async function answer(problem: Problem, sample: number, stopped: () => boolean): Promise<TeacherAnswer> {
    const request: ChatRequest = {
      messages: [
        ...(system === undefined ? [] : [{ role: "system", content: system } as const]),
        { role: "user", content: instruction.replaceAll("{prompt}", () => problem.prompt) },
      ],
      temperature,
      topP,
      maxTokens: maxNewTokens,
      seed: sendSeed ? seedOf(seed, problem, sample) : undefined,
      extra,
    };
    const reply = await client.chat(request, { again: () => !stopped() });
    const { thinking, content, finish, usage, model: answered, seconds } = reply;
    return {
      ...{ problem: problem.id, sample, thinking, content, finish },
      ...(usage ? { usage } : {}),
      ...{ model: answered, attempts: reply.attempts, seconds: Number(seconds.toFixed(3)) },
    };
  }

  return {
    name: `${model} at ${new URL(client.place).host}`,
    question: {
      ...{ url: client.place, model, system, instruction, temperature, topP, maxNewTokens, extra },
      seed: sendSeed ? seed : undefined,
    },
    price: settings.price,
    warnings: apiKey !== undefined && isOpen(client.place) ? [`the key goes to ${client.place} unencrypted`] : [],
    async ask({ problems, samples, known, take, stopped }: Asking) {
      const open = wanted(problems, samples, known);
      // What little is left of many questions may be those that never get an answer, as long as there is a teacher to ask.
      const left = problems
        .flatMap((problem) => Array.from({ length: samples }, (_, n) => known(problem, n)))
        .filter((is) => !is);
      const remnant = left.length <= REMNANT * problems.length * samples;
      const isHopeless = (error: unknown): boolean =>
        remnant && error instanceof ClientError && error.code !== "CLIENT_UNREACHABLE";
      const unanswered: Unanswered[] = [];
      let inARow = 0;
      let came = 0;
      let last: unknown;
      let fatal: unknown;
      const work = async (): Promise<void> => {
        while (fatal === undefined && !stopped()) {
          const { done, value } = open.next();
          if (done) return;
          const { problem, sample } = value;
          try {
            take(await answer(problem, sample, stopped));
            inARow = 0;
            came++;
          } catch (error) {
            if (!(error instanceof ClientError)) throw error;
            // What is given up since no more is asked has not failed: it is still to be asked.
            if (stopped() && !error.lasting) return;
            unanswered.push({ problem: problem.id, sample, code: error.code, message: error.summary });
            if (!isHopeless(error)) inARow++;
            last = error;
            if (error.lasting || inARow >= FAILURES_IN_A_ROW + concurrency) fatal ??= error;
          }
        }
      };
      const ends = await Promise.allSettled(Array.from({ length: concurrency }, work));
      const fault = ends.find((end) => end.status === "rejected");
      if (fault) throw fault.reason;
      // Few questions, and not one of them answered: as bad as many failures in a row.
      if (fatal !== undefined || (came === 0 && last !== undefined && !isHopeless(last))) throw fatal ?? last;
      return unanswered;
    },
    close: async () => {},
  };
}

/** What is not answered yet: first one sample of every problem, then the second, so that a broken off asking is of use. */
function* wanted(
  problems: readonly Problem[],
  samples: number,
  known: Asking["known"],
): Generator<{ readonly problem: Problem; readonly sample: number }, undefined> {
  for (let sample = 0; sample < samples; sample++) {
    for (const problem of problems) if (!known(problem, sample)) yield { problem, sample };
  }
}

/** 31 bits, which every endpoint takes. */
function seedOf(seed: number, problem: Problem, sample: number): number {
  return hashString(`${seed} ${sample} ${problem.id}`) & 0x7fffffff;
}

function keyFrom(environment: Readonly<Record<string, string | undefined>>, name: string): string {
  const key = environment[name]?.trim();
  if (key) return key;
  throw new ReckonError("TEACHER_KEY", `The environment variable ${name} is not set.`, {
    expected: "the key of the teacher's endpoint in it",
    help: `Set it in the shell that runs the command: read -rs ${name} && export ${name}`,
  });
}

/** Whether others may listen on the way. */
function isOpen(place: string): boolean {
  const { protocol, hostname } = new URL(place);
  return protocol === "http:" && !/^(?:localhost|127(?:\.\d+){3}|\[::1\])$/.test(hostname);
}
