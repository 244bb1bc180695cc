/** Opens GGUF files. The format is in ../checkpoint/gguf. */
import { type GgufModel, openGgufModel } from "../checkpoint/gguf/model.ts";
import { FileBytes } from "./file-bytes.ts";

/** A GGUF file that is open. */
export interface OpenGguf extends GgufModel {
  close(): Promise<void>;
}

/**
 * Opens a GGUF file of the Llama or StableLM architecture.
 *
 * @throws CheckpointError when it is damaged or of another kind.
 */
export async function openGguf(path: string): Promise<OpenGguf> {
  const file = await FileBytes.open(path);
  try {
    return { ...(await openGgufModel(file)), close: () => file.close() };
  } catch (error) {
    await file.close();
    throw error;
  }
}
