/**
 * Serialises a Graph as an ONNX ModelProto. It trusts the graph: verify (../graph/verify.ts) comes
 * first. Field numbers are those of onnx.proto; comments name the fields.
 */
import { GraphError, MemoryLimitError } from "../errors.ts";
import { type DType, type HostArray, onnxType } from "../graph/dtypes.ts";
import type { Attribute, Graph, Node, Value } from "../graph/graph.ts";
import type { HostTensor, Model, PortSpec, StoredConstant } from "../runtime/runtime.ts";
import { MAX_MESSAGE_BYTES, MessageWriter } from "./protobuf.ts";

/** Version of the ONNX standard that handlers record for. */
const ONNX_OPSET = 20;
/** Version of ONNX Runtime's own operators. */
const CONTRIB_OPSET = 1;
/** File format version that belongs to opset 20. */
const IR_VERSION = 9;

/** TensorProto.DataLocation. */
const EXTERNAL = 1;
/** Smaller constants are always part of the model: optimisations of ONNX Runtime read them. */
const MIN_STORED_BYTES = 1024;
/** Where stored constants claim to be. Nobody looks there: sessions are given them. */
const STORED_LOCATION = "stored";

const ATTRIBUTE_TYPE = { float: 1, int: 2, string: 3, graph: 5, floats: 6, ints: 7 } as const;

/**
 * The model of `graph`, with its ports in the order of `graph.inputs` and `graph.outputs`. Every
 * declared input is a port, used or not.
 * @param stored arrays of constants that sessions are given beside the model, except small ones
 * @throws MemoryLimitError when the model would exceed the 2 GB that the format allows
 */
export function encodeModel(graph: Graph, stored: ReadonlySet<HostArray> = new Set()): Model {
  const isStored = ({ data }: Value) =>
    data !== undefined && data.byteLength >= MIN_STORED_BYTES && stored.has(data);
  const writer = new MessageWriter(expectedBytes(graph, isStored));
  const encoder = new GraphEncoder(graph, writer, null, "", isStored);
  writer.int(1, IR_VERSION); // ir_version
  writer.message(7, () => encoder.write()); // graph
  writeOpset(writer, "", ONNX_OPSET);
  writeOpset(writer, "com.microsoft", CONTRIB_OPSET);
  if (writer.length > MAX_MESSAGE_BYTES) throw tooLarge(graph, writer.length);
  return {
    name: graph.name,
    bytes: writer.finish(),
    inputs: encoder.inputs,
    outputs: encoder.outputs,
    stored: encoder.stored,
  };
}

/** Writes one graph: the model's own, or the body of a node whose values `parent` can name. */
class GraphEncoder {
  readonly inputs: readonly PortSpec[];
  readonly outputs: readonly PortSpec[];
  readonly stored: StoredConstant[] = [];
  readonly #graph: Graph;
  readonly #writer: MessageWriter;
  readonly #parent: GraphEncoder | null;
  readonly #prefix: string;
  readonly #isStored: (constant: Value) => boolean;
  readonly #names = new Map<Value, string>();
  /** Outputs that no node produces under their own name: name of the value, name of the output. */
  readonly #copies: (readonly [string, string])[] = [];

  constructor(
    graph: Graph,
    writer: MessageWriter,
    parent: GraphEncoder | null,
    prefix: string,
    isStored: (constant: Value) => boolean,
  ) {
    this.#graph = graph;
    this.#writer = writer;
    this.#parent = parent;
    this.#prefix = prefix;
    this.#isStored = isStored;
    for (const value of graph.inputs) this.#define(value);
    for (const value of graph.constants) this.#define(value);
    const produced = new Set<Value>();
    for (const node of graph.nodes) {
      for (const value of node.outputs) {
        this.#define(value);
        produced.add(value);
      }
    }
    this.inputs = graph.inputs.map((value) => this.#port(value, this.#name(value)));
    this.outputs = graph.outputs.map((value, i) => {
      // A graph output must be a node's output and may be listed once.
      if (produced.delete(value)) return this.#port(value, this.#name(value));
      const name = `${prefix}output${i}`;
      this.#copies.push([this.#name(value), name]);
      return this.#port(value, name);
    });
  }

  write(): void {
    const writer = this.#writer;
    for (const node of this.#graph.nodes) writer.message(1, () => this.#writeNode(node)); // node
    for (const [from, to] of this.#copies) {
      writer.message(1, () => {
        writer.string(1, from); // input
        writer.string(2, to); // output
        writer.string(4, "Identity"); // op_type
      });
    }
    writer.string(2, this.#graph.name); // name
    for (const value of this.#graph.constants) {
      writer.message(5, () => this.#writeTensor(value)); // initializer
    }
    for (const port of this.inputs) writer.message(11, () => this.#writePort(port)); // input
    for (const port of this.outputs) writer.message(12, () => this.#writePort(port)); // output
  }

  #define(value: Value): void {
    this.#names.set(value, this.#prefix + value.name);
  }

  #name(value: Value): string {
    const name = this.#names.get(value);
    if (name !== undefined) return name;
    if (this.#parent !== null) return this.#parent.#name(value);
    throw new GraphError(
      `encodeModel: expected value ${value.name} to be defined, got none in ${this.#graph.name}. ` +
        "Verify the graph first.",
    );
  }

  #port(value: Value, name: string): PortSpec {
    return { name, dtype: value.dtype, shape: value.shape };
  }

  #writeNode(node: Node): void {
    const writer = this.#writer;
    let given = node.inputs.length;
    while (given > 0 && node.inputs[given - 1] === null) given--;
    for (let i = 0; i < given; i++) {
      const value = node.inputs[i] ?? null;
      writer.string(1, value === null ? "" : this.#name(value)); // input
    }
    // Unused outputs are named too: an omitted output of Split crashes the process.
    for (const value of node.outputs) writer.string(2, this.#name(value)); // output
    const name = node.outputs[0] ? this.#name(node.outputs[0]) : "";
    writer.string(3, name); // name, the one thing that error messages and profiles quote
    writer.string(4, node.op); // op_type
    for (const [key, attribute] of Object.entries(node.attributes)) {
      const body = `${name}/${key}/`;
      writer.message(5, () => this.#writeAttribute(key, attribute, body)); // attribute
    }
    if (node.domain !== "") writer.string(7, node.domain); // domain
  }

  #writeAttribute(name: string, attribute: Attribute, bodyPrefix: string): void {
    const writer = this.#writer;
    const type = (kind: keyof typeof ATTRIBUTE_TYPE) => writer.int(20, ATTRIBUTE_TYPE[kind]);
    writer.string(1, name); // name
    if ("float" in attribute) {
      writer.float(2, attribute.float); // f
      type("float");
    } else if ("int" in attribute) {
      writer.int(3, attribute.int); // i
      type("int");
    } else if ("string" in attribute) {
      writer.string(4, attribute.string); // s
      type("string");
    } else if ("graph" in attribute) {
      const body = new GraphEncoder(attribute.graph, writer, this, bodyPrefix, () => false);
      writer.message(6, () => body.write()); // g
      type("graph");
    } else if ("floats" in attribute) {
      for (const value of attribute.floats) writer.float(7, value); // floats
      type("floats");
    } else {
      for (const value of attribute.ints) writer.int(8, value); // ints
      type("ints");
    }
  }

  #writeTensor(value: Value): void {
    const data = value.data as NonNullable<Value["data"]>;
    for (const dim of value.shape) this.#writer.int(1, dim); // dims
    this.#writer.int(2, onnxType(value.dtype)); // data_type
    this.#writer.string(8, this.#name(value)); // name
    if (this.#isStored(value)) {
      this.#writeStored(value);
    } else {
      const raw = new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
      this.#writer.bytes(9, raw); // raw_data, little-endian as is every machine that Node runs on
    }
  }

  #writeStored(value: Value): void {
    const writer = this.#writer;
    writer.message(13, () => {
      writer.string(1, "location"); // external_data.key
      writer.string(2, STORED_LOCATION); // external_data.value
    });
    writer.int(14, EXTERNAL); // data_location
    const { dtype, shape, data } = value;
    this.stored.push({ name: this.#name(value), tensor: { dtype, shape, data } as HostTensor });
  }

  #writePort(port: PortSpec): void {
    const writer = this.#writer;
    writer.string(1, port.name); // name
    writer.message(2, () => writeTensorType(writer, port.dtype, port.shape)); // type
  }
}

function writeTensorType(writer: MessageWriter, dtype: DType, shape: readonly number[]): void {
  writer.message(1, () => {
    writer.int(1, onnxType(dtype)); // tensor_type.elem_type
    // tensor_type.shape: present even for scalars, where its absence would mean "any rank".
    writer.message(2, () => {
      for (const dim of shape) writer.message(1, () => writer.int(1, dim)); // dim.dim_value
    });
  });
}

function writeOpset(writer: MessageWriter, domain: string, version: number): void {
  writer.message(8, () => {
    writer.string(1, domain); // domain
    writer.int(2, version); // version
  });
}

/** Size of the model, a little too high; known before anything large is allocated. */
function expectedBytes(graph: Graph, isStored: (constant: Value) => boolean): number {
  const bytes = contentBytes(graph, isStored);
  if (bytes > MAX_MESSAGE_BYTES) throw tooLarge(graph, bytes);
  return bytes + 1024;
}

function contentBytes(graph: Graph, isStored: (constant: Value) => boolean): number {
  let bytes = 256 * (graph.nodes.length + graph.inputs.length + graph.outputs.length);
  for (const value of graph.constants) {
    bytes += 64 + (isStored(value) ? 64 : (value.data?.byteLength ?? 0));
  }
  for (const node of graph.nodes) {
    for (const attribute of Object.values(node.attributes)) {
      if ("graph" in attribute) bytes += contentBytes(attribute.graph, () => false);
    }
  }
  return bytes;
}

function tooLarge(graph: Graph, bytes: number): MemoryLimitError {
  return new MemoryLimitError(
    `encodeModel: expected at most 2 GB for graph ${graph.name}, got ${(bytes / 1e9).toFixed(1)} GB. ` +
      "Feed large constants as inputs instead.",
  );
}
