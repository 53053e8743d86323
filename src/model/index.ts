/** Models: configuration, tokenizer, chat template, parameters, the transformer, and Hugging Face's files of all of them. */
export { type DigitGrouping, type TokenizerJson, type TrainBpeOptions, trainBpe } from "./bpe-train.ts";
export { type ChatMessage, type ChatOptions, ChatTemplate, promptIds, templateOf } from "./chat-template.ts";
export {
  type Architecture,
  configFromHuggingFace,
  configToHuggingFace,
  type ModelConfig,
  type SpecialTokenIds,
  validateConfig,
} from "./config.ts";
export {
  type CheckpointContent,
  type FileSource,
  type LoadedCheckpoint,
  type LoadedWeights,
  loadCheckpoint,
  loadTokenizer,
  loadWeights,
  saveCheckpoint,
} from "./hf-checkpoint.ts";
export { type InitialiseOptions, initialise } from "./initialise.ts";
export {
  ALL_LORA_TARGETS,
  initialiseLora,
  LORA_TARGETS,
  type LoraSettings,
  type LoraTarget,
  loraLayout,
  mergeLora,
} from "./lora.ts";
export {
  type ParameterEntry,
  type ParameterKind,
  type ParameterLayout,
  type ParameterStack,
  parameterCount,
  parameterLayout,
  views,
} from "./parameters.ts";
export {
  type Dtype,
  parseSafetensors,
  readSafetensors,
  type SafetensorsFile,
  type SafetensorsTensor,
  tensorFromFloat32,
  tensorToFloat32,
  writeSafetensors,
} from "./safetensors.ts";
export { type ScoringModel, scoresOf, scoringModel } from "./scoring.ts";
export { Tokenizer } from "./tokenizer.ts";
export {
  type Attend,
  fullAttention,
  hiddenStates,
  logitsOf,
  type ParameterTensors,
  parameterInputs,
} from "./transformer.ts";
