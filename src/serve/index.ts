export { createStudioApp, type StudioOptions } from "./app.ts";
export { LabelFile } from "./label-file.ts";
export { type StudioServer, startStudio } from "./listen.ts";
export type { ChatChunk, ChatRequest, StudioServices, TaskCatalog } from "./services.ts";
export { builtInTasks } from "./task-catalog.ts";
export type * from "./wire.ts";
