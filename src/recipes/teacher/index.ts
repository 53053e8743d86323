/** Teachers of other models: asked once, logged, verified, counted. */
export {
  type Asked,
  type AskOptions,
  askTeacher,
  readTeacherRecord,
  TEACHER_RECORD,
  type TeacherRecord,
  teachersOf,
} from "./ask.ts";
export { drawOnce } from "./draw.ts";
export { type EndpointSampling, endpointTeacher } from "./endpoint.ts";
export { type LocalSampling, localTeacher } from "./local.ts";
export { runTeacher, type TeacherStage } from "./run-teacher.ts";
export {
  askedOf,
  type EndpointSettings,
  endpointSchema,
  INSTRUCTION,
  type KeepSettings,
  keepSchema,
} from "./settings.ts";
export type { Asking, Teacher, TeacherAnswer, Unanswered } from "./teacher.ts";
export { type AnswerCounts, readAnswer, type TeacherTrace, tracesOf } from "./traces.ts";
