import { describe, expect, test } from "vitest";
import { CheckpointError } from "../../src/checkpoint/error.ts";
import { SafetensorsSource } from "../../src/checkpoint/safetensors.ts";
import { encodeShardIndex, parseShardIndex, ShardedSource } from "../../src/checkpoint/shards.ts";
import { MemoryBytes, safetensorsBytes } from "./memory-bytes.ts";

function index(map: unknown) {
  return parseShardIndex(new TextEncoder().encode(JSON.stringify({ weight_map: map })), "index");
}

/** A file with one byte per tensor. */
function shard(...names: string[]) {
  const header = Object.fromEntries(
    names.map((name, i) => [name, { dtype: "U8", shape: [1], data_offsets: [i, i + 1] }]),
  );
  const data = Uint8Array.from(names, (name) => name.charCodeAt(0));
  return SafetensorsSource.open(new MemoryBytes(safetensorsBytes(header, data)));
}

describe("checkpoint/shards", () => {
  test("an index survives writing and reading", () => {
    const files = new Map([
      ["a", "model-00001-of-00002.safetensors"],
      ["b", "model-00002-of-00002.safetensors"],
    ]);
    const text = encodeShardIndex(files, 12);
    expect(JSON.parse(text).metadata).toEqual({ total_size: 12 });
    expect(parseShardIndex(new TextEncoder().encode(text), "index")).toEqual(files);
  });

  test.each([
    "../model.safetensors",
    "/etc/model.safetensors",
    "a/model.safetensors",
    "a\\model.safetensors",
    "..",
    ".hidden.safetensors",
    ".safetensors",
    "",
    "model.bin",
    "model.safetensors\0",
    "a\0b.safetensors",
    "model.safetensors/",
    "C:\\model.safetensors",
    7,
    null,
    ["model.safetensors"],
  ])("the file name %j is an error", (file) => {
    expect(() => index({ a: file })).toThrow(CheckpointError);
    expect(() => index({ a: file })).toThrow("expected the name of a safetensors file beside it");
  });

  test.each([[undefined], [null], [[]], ["x"]])("a weight_map %j is an error", (map) => {
    expect(() => index(map)).toThrow("expected an object weight_map");
  });

  test("tensors are read from their files", async () => {
    const source = new ShardedSource(
      index({ a: "1.safetensors", b: "2.safetensors" }),
      new Map([
        ["1.safetensors", await shard("a")],
        ["2.safetensors", await shard("b")],
      ]),
    );
    expect(source.names()).toEqual(["a", "b"]);
    expect(await source.read("b")).toEqual(Uint8Array.of(98));
    expect(source.spec("a").shape).toEqual([1]);
    expect(() => source.read("c")).toThrow('expected a tensor "c", got none');
  });

  test("a file without a tensor of the index is an error", async () => {
    const files = new Map([["1.safetensors", await shard("a")]]);
    expect(
      () => new ShardedSource(index({ a: "1.safetensors", b: "1.safetensors" }), files),
    ).toThrow("got none named b");
  });

  test("a file with a tensor that the index has not, or elsewhere, is an error", async () => {
    const files = new Map([
      ["1.safetensors", await shard("a", "b")],
      ["2.safetensors", await shard("c")],
    ]);
    expect(
      () => new ShardedSource(index({ a: "1.safetensors", c: "2.safetensors" }), files),
    ).toThrow("1.safetensors: expected the tensors that the index places there, got also b");
    expect(
      () =>
        new ShardedSource(
          index({ a: "1.safetensors", b: "2.safetensors", c: "2.safetensors" }),
          files,
        ),
    ).toThrow("got also b");
  });
});
