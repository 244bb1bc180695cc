/** What was measured on. Names no folders. */
import { availableParallelism, cpus, totalmem } from "node:os";
import process from "node:process";
import { selectBackend } from "@preflab/tfjs-backend-ort";

/** What was measured on. */
export interface Machine {
  readonly processor: string;
  readonly processors: number;
  readonly memoryGiB: number;
  readonly node: string;
  /** Version and threads of ONNX Runtime. */
  readonly runtime: string;
  /** Versions of the peer, or why it is missing. */
  readonly peer: string;
}

/** This machine. Makes `ort` the backend. @param peer versions of the peer */
export async function describeMachine(peer: string): Promise<Machine> {
  const { reason } = await selectBackend("ort");
  return {
    processor: cpus()[0]?.model.trim() ?? "unknown",
    processors: availableParallelism(),
    memoryGiB: totalmem() / 2 ** 30,
    node: process.version,
    runtime: reason.replace("ort (asked for): ", ""),
    peer,
  };
}

/** The machine in a sentence. */
export function machineLine(machine: Machine): string {
  const { processor, processors, memoryGiB, node, runtime, peer } = machine;
  return `${processors} processors (${processor}), ${memoryGiB.toFixed(0)} GiB. Node ${node}; ${runtime}; ${peer}.`;
}
