/** The memory of variables that are written in place: by programs, and between runs by the host. */
import { backend as currentBackend, engine, type Variable } from "@tensorflow/tfjs-core";
import { OrtBackend } from "../backend.ts";
import type { HostArray } from "../graph/dtypes.ts";
import type { HostTensor } from "../runtime/runtime.ts";

/** The buffer of `variable`, made its own first where someone else reads it too. */
export function ownBuffer(variable: Variable, backend: OrtBackend): HostTensor {
  const entry = backend.data.get(variable.dataId);
  const shared = backend.hostTensor(variable);
  if (entry.refCount === 1 && backend.isRecycled(entry.values)) return shared;
  const copy: HostTensor = { ...shared, data: shared.data.slice() };
  const tensor = engine().makeTensorFromTensorInfo(backend.adopt(copy), backend);
  variable.assign(tensor);
  tensor.dispose();
  backend.recycle(copy.data);
  return backend.hostTensor(variable);
}

/**
 * The elements of `variable` themselves, on backend `ort`: what the host writes there, the next run
 * reads. Valid until the variable is assigned to or a run replaces its elements, which runs that
 * write in place do not. Null on other backends and inside traced functions.
 */
export function variableElements(variable: Variable): HostArray | null {
  const backend = currentBackend();
  if (!(backend instanceof OrtBackend) || backend.trace) return null;
  return ownBuffer(variable, backend).data;
}
