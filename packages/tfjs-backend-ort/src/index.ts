/** TensorFlow.js programs compiled for ONNX Runtime. Importing this registers the backend `ort`. */
import { registerOrtBackend } from "./register.ts";

registerOrtBackend();

export { OrtBackend } from "./backend.ts";
export { setMemoryLimit } from "./compile.ts";
export {
  type EagerCount,
  type EagerMode,
  eagerCounts,
  eagerMode,
  resetEagerCounts,
  setEagerMode,
} from "./eager.ts";
export {
  GraphError,
  MemoryLimitError,
  SessionError,
  TraceError,
  UnavailableError,
  UnsupportedKernelError,
} from "./errors.ts";
export { type BufferUse, estimateMemory, type MemoryEstimate } from "./graph/memory.ts";
export type { JitOptions } from "./jit/compiler.ts";
export { ConstantTensors } from "./jit/constants.ts";
export { type Jitted, jit } from "./jit/jit.ts";
export { variableElements } from "./jit/own-buffer.ts";
export { attention, causalMask } from "./ops/attention.ts";
export {
  type CachedAttentionInputs,
  type CachedAttentionOptions,
  type CachedAttentionOutputs,
  cachedAttention,
} from "./ops/cached-attention.ts";
export { embedding } from "./ops/embedding.ts";
export { gelu, geluErf } from "./ops/gelu.ts";
export { linear } from "./ops/linear.ts";
export { logSoftmaxAt } from "./ops/log-softmax-at.ts";
export { layerNorm, rmsNorm } from "./ops/norm.ts";
export { rotary } from "./ops/rotary.ts";
export { silu } from "./ops/silu.ts";
export { updateAt } from "./ops/update-at.ts";
export { BACKEND_NAME } from "./register.ts";
export type {
  Attempt,
  BackendChoice,
  BackendName,
  Candidate,
  Selection,
} from "./select-backend/choose.ts";
export { type SelectBackendOptions, selectBackend } from "./select-backend/select-backend.ts";
export type { Gradients, LossFunction, LossOutput } from "./training/gradients.ts";
export type { Slots, UpdateInputs, UpdateRule } from "./training/rule.ts";
export type {
  BatchResult,
  MicroBatch,
  OptimizerState,
  StepResult,
  TrainMode,
  TrainStep,
  TrainStepOptions,
} from "./training/step.ts";
export { trainStep } from "./training/train-step.ts";
