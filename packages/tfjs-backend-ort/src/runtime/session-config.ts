/** Session settings that both runtimes pass to ONNX Runtime as they are. */

/** By the keys of ONNX Runtime's onnxruntime_session_options_config_keys.h. */
export const SESSION_CONFIG: Readonly<Record<string, string>> = {
  // This fusion makes padding with zeros part of a MaxPool, which takes it for negative infinity.
  "optimization.disable_specified_optimizers": "Pad_Fusion",
  // Zeros to scatter into would be stored with the model and copied in every run. 16 MB at most.
  "optimization.constant_folding_max_output_size_in_bytes": `${2 ** 24}`,
};
