/** A client for OpenAI-compatible endpoints: teachers, and models behind the server. Runs in a browser unchanged. */
export {
  type ChatCallOptions,
  ChatClient,
  type ClientSettings,
  chatAddress,
  type RetryNotice,
} from "./chat-client.ts";
export { type ClientCode, ClientError } from "./errors.ts";
export { Gate, type RetrySettings } from "./retry.ts";
export { splitThinking } from "./thinking.ts";
export type { Timeouts } from "./transport.ts";
export type { ChatDelta, ChatFinish, ChatReply, ChatRequest, ChatTurn, ChatUsage } from "./types.ts";
