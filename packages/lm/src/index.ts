/**
 * The shared language-model backbone: checkpoints, tokenizers, the transformer, log-probabilities,
 * generation, training.
 */

export { CheckpointError } from "./checkpoint/error.ts";
export {
  type Activation,
  type Family,
  type ModelConfig,
  type Position,
  parseConfig,
  type RotaryScaling,
  type SpecialIds,
  toHuggingFace,
} from "./config.ts";
export { type Dropout, drawMasks } from "./dropout.ts";
export { type KlMeter, klMeter, meanAndError, type SequenceKl } from "./evaluate/kl-meter.ts";
export {
  createGenerator,
  type Generator,
  type GeneratorOptions,
  generate,
} from "./generate/generator.ts";
export { type LiveGenerator, liveGenerator } from "./generate/live-generator.ts";
export type { Completion, Finish, GeneratedToken, GenerateOptions } from "./generate/options.ts";
export { withoutPadding } from "./generate/prompts.ts";
export { atLastToken, logits, scalars } from "./heads.ts";
export { loadAdapter, saveAdapter } from "./io/adapter-folder.ts";
export { writeAtomically, writeTextAtomically } from "./io/atomic-file.ts";
export {
  type CachedDataset,
  cachedDataset,
  type DatasetDownloadOptions,
  downloadDataset,
} from "./io/hub-dataset.ts";
export {
  type DownloadedModel,
  type DownloadOptions,
  downloadModel,
} from "./io/hub-download.ts";
export { HubError } from "./io/hub-error.ts";
export { hubCache } from "./io/hub-name.ts";
export type { DownloadProgress, TransferOptions } from "./io/hub-repository.ts";
export { type ResolvedModel, resolveModel } from "./io/hub-resolve.ts";
export {
  type LoadedModel,
  loadModel,
  type ModelDescription,
  type OpenModel,
  openModel,
  type SavedModel,
  saveModel,
} from "./io/model-folder.ts";
export {
  openRun,
  type Resumed,
  RunFolder,
  type RunOptions,
} from "./io/run-folder.ts";
export { type ManifestOptions, openManifest, type RunManifest } from "./io/run-manifest.ts";
export { loadTokenizer, saveTokenizer } from "./io/tokenizer-files.ts";
export {
  logCollisionsAt,
  logpsAt,
  type PredictingStates,
  type Predictor,
  predictionMask,
  scoresAt,
  scoreTokens,
  sequenceLogps,
  type TokenScores,
  type Tokens,
  tokenLogps,
} from "./logps.ts";
export {
  adaptedParameters,
  initialAdapter,
  type LoraAdapter,
  loraPolicy,
  mergeAdapter,
  unmergeAdapter,
} from "./lora/adapter.ts";
export { type LoraConfig, parseLoraConfig, readLoraConfig } from "./lora/config.ts";
export { type LoraTarget, loraTargets } from "./lora/targets.ts";
export { type AdamOptions, adamEpsilonHat, adamL2, adamw } from "./optim/adam.ts";
export { type RmspropOptions, rmsprop } from "./optim/rmsprop.ts";
export type { OptimizerRule, RuleInputs, RuleOutputs } from "./optim/rule.ts";
export {
  constant,
  constantWithWarmup,
  cosine,
  linear,
  linearToZero,
  referenceWarmup,
  type Schedule,
} from "./optim/schedule.ts";
export { type SgdOptions, sgd } from "./optim/sgd.ts";
export {
  checkParameters,
  copyParameters,
  countParameters,
  initialParameters,
  parameterShapes,
  trainableParameters,
  type Variables,
} from "./params.ts";
export { branchBias } from "./positions.ts";
export { RandomStream } from "./rng.ts";
export { type BpeTrainerOptions, trainByteLevelBpe } from "./tokenizer/byte-level-bpe.ts";
export {
  type ChatExample,
  type ChatMessage,
  ChatTemplate,
  chatTemplate,
  type RenderOptions,
} from "./tokenizer/chat-template.ts";
export { ChatTemplateError } from "./tokenizer/chat-template-jinja.ts";
export { DecodeStream } from "./tokenizer/decode-stream.ts";
export { type GgufMetadata, ggufTokenizerFiles } from "./tokenizer/gguf-vocabulary.ts";
export type {
  AddedTokenJson,
  Part,
  TokenizerConfigJson,
  TokenizerFiles,
  TokenizerJson,
  TokenName,
} from "./tokenizer/json.ts";
export { type PaddedRows, type PadOptions, padRows, type Side } from "./tokenizer/padding.ts";
export type { Frame } from "./tokenizer/post-processor.ts";
export {
  type Piece,
  type PieceType,
  type SentencePieceVocabulary,
  sentencePieceFiles,
} from "./tokenizer/sentencepiece.ts";
export { parseSentencePiece } from "./tokenizer/sentencepiece-model.ts";
export type { SpecialText } from "./tokenizer/text-model.ts";
export { llama3Files } from "./tokenizer/tiktoken.ts";
export {
  type DecodeOptions,
  type EncodeBatchOptions,
  type EncodeOptions,
  Tokenizer,
} from "./tokenizer/tokenizer.ts";
export { type WordLevelOptions, wordLevelFiles } from "./tokenizer/word-level.ts";
export { type Batches, type BatchOptions, rowBatches } from "./train/batches.ts";
export { type Better, bestSoFar } from "./train/best.ts";
export {
  type OptimizerConfig,
  optimizerRule,
  readOptimizer,
  readTrainerConfig,
  scheduleOf,
  stepsOfRun,
  TRAINER_DEFAULTS,
  type TrainerConfig,
} from "./train/config.ts";
export { type EarlyStopConfig, earlyStop } from "./train/early-stop.ts";
export {
  type GradientTraining,
  meanOfSteps,
  optimizerStep,
  trainOnBatches,
} from "./train/gradient-training.ts";
export {
  type LoopOptions,
  NonFiniteError,
  type Progress,
  runLoop,
  type Snapshot,
  type StepMetrics,
  type StepOutcome,
  type Stepper,
  type TrainerState,
  type TrainHooks,
  type TrainOutcome,
} from "./train/loop.ts";
export { ConfigError, OptionReader } from "./train/options.ts";
export {
  batchesByLength,
  type DataCursor,
  type OrderOptions,
  type StepOrder,
  shuffled,
  stepOrder,
} from "./train/order.ts";
export { fullPolicy, type TrainablePolicy } from "./train/policy.ts";
export { BATCH_PROGRAMS } from "./train/programs.ts";
export {
  completionRow,
  type PaddedBatch,
  padBatch,
  paddedLength,
  type TokenRow,
  type TruncatedRows,
  toTensors,
  truncateRows,
} from "./train/rows.ts";
export { type SftReduction, sftLoss, sftWeight } from "./train/sft-loss.ts";
export {
  parseSftConfig,
  readSftConfig,
  SFT_DEFAULTS,
  type SftConfig,
  type SftEvaluator,
  sftEvaluator,
  trainSft,
} from "./train/train-sft.ts";
export { type ForwardOptions, hiddenStates, hiddenStatesAt } from "./transformer.ts";
export type { Params, TokenBatch } from "./types.ts";
