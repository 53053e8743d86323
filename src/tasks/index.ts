/** Verifiable task families and the pretraining corpus made of them. Runs in a browser unchanged. */
export { verifyInteger, verifyIntegers } from "./answers.ts";
export { analyse, isRecheck, type TraceAnalysis } from "./corpus/analyse.ts";
export { type CorpusDocument, type DocumentKind, document, renderDocument } from "./corpus/document.ts";
export { type GoldOptions, type GoldTrace, goldTrace } from "./corpus/gold.ts";
export { meetsHeldOut } from "./corpus/leaks.ts";
export {
  type CorpusMix,
  DEFAULT_MIX,
  demoMix,
  EVALUATION_SEED,
  type ProblemWeight,
  sampleFromMix,
  standIn,
} from "./corpus/mix.ts";
export { addSkills, NO_SKILLS, type SkillCounts, searchSkills } from "./corpus/skills.ts";
export { smallCorpusMix, smallMix } from "./corpus/small-mix.ts";
export {
  type FileFacts,
  type FileFamily,
  type FileFamilyOptions,
  factsOf,
  fileFamily,
  type Row,
  type RowFault,
  type RowFields,
} from "./file/index.ts";
export { finalAnswer, verifyFinal } from "./final/index.ts";
export { formatCompletion, type ParsedCompletion, parseCompletion, SPECIAL_TOKENS } from "./format.ts";
export { type GradedRequest, type GradedTrace, gradedTraces } from "./graded/index.ts";
export { type HostileAnswer, hostileAnswers } from "./hostile.ts";
export {
  asInstruction,
  type Instruction,
  instructionMix,
  solvedFamily,
} from "./instructions/index.ts";
export {
  PREFERENCES,
  type Preference,
  type PreferenceRequest,
  type PreferenceTrace,
  preferenceTraces,
} from "./preferences/index.ts";
export { getTask, isBuiltIn, listInstructions, listTasks } from "./registry.ts";
export {
  defineTask,
  isHeldOut,
  type Ladder,
  type Language,
  type Problem,
  type ProblemRequest,
  type Split,
  sampleProblem,
  type Task,
  type TaskDefinition,
  type Verdict,
} from "./task.ts";
export { inLanguage, languageShare, WORDS, wordedShare, wordList } from "./trace/words.ts";
export {
  aspectsOf,
  RATING_ASPECTS,
  type RatingAspect,
  type Ratings,
  readTraces,
  type Trace,
  type TraceFault,
  traceLines,
} from "./traces/index.ts";
export {
  type Candidate,
  faultOf,
  type ReadableSettings,
  repetition,
  type Selection,
  type SelectSettings,
  selectTraces,
} from "./traces/select.ts";
export { type ValidationOptions, validateTask } from "./validate.ts";
