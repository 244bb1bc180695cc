import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { CheckedReward } from "../../src/scoring/checked-reward.ts";
import { type HttpRewardOptions, httpReward } from "../../src/scoring/http-reward.ts";
import { NO_SIGNAL, textInput } from "./inputs.ts";

interface Answer {
  readonly status?: number;
  readonly body?: string;
  /** Closes the connection instead. */
  readonly drop?: boolean;
  /** Never answers. */
  readonly hang?: boolean;
}

const INPUTS = ["a", "bb", "ccc"].map((completion) => textInput("p", completion));

let server: Server;
let requests: { authorization: string | undefined; inputs: { completion: string }[] }[];
/** Before the true scores, which are lengths. */
let answers: Answer[];

beforeEach(async () => {
  [requests, answers] = [[], []];
  server = createServer((request, response) => {
    const parts: Buffer[] = [];
    request.on("data", (part: Buffer) => parts.push(part));
    request.on("end", () => {
      const { inputs } = JSON.parse(Buffer.concat(parts).toString()) as {
        inputs: { completion: string }[];
      };
      requests.push({ authorization: request.headers.authorization, inputs });
      const { status = 200, body, drop, hang } = answers.shift() ?? {};
      if (drop) response.destroy();
      else if (!hang) {
        response.statusCode = status;
        const scores = inputs.map(({ completion }) => completion.length);
        response.end(body ?? JSON.stringify({ scores }));
      }
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
});
afterEach(() => {
  server.closeAllConnections();
  server.close();
});

function reward(changes: Partial<HttpRewardOptions> = {}) {
  const { port } = server.address() as AddressInfo;
  return httpReward({
    url: `http://127.0.0.1:${port}/score`,
    batchSize: 2,
    timeoutMs: 2000,
    retries: 2,
    retryDelayMs: 1,
    ...changes,
  });
}

describe("scoring/http-reward", () => {
  test("asks in batches and keeps the order", async () => {
    const headers = { authorization: "Bearer x" };
    expect(await reward({ headers }).score(INPUTS, NO_SIGNAL)).toEqual([1, 2, 3]);
    expect(requests.map(({ inputs }) => inputs.length)).toEqual([2, 1]);
    expect(requests[0]?.authorization).toBe("Bearer x");
    expect(requests[0]?.inputs[0]).toEqual({
      prompt: "p",
      completion: "a",
      promptIds: [112],
      completionIds: [97],
    });
  });

  test("tries again after dropped connections and answers that may pass", async () => {
    answers = [{ status: 503 }, { drop: true }, {}, { status: 429 }];
    expect(await reward().score(INPUTS, NO_SIGNAL)).toEqual([1, 2, 3]);
    expect(requests).toHaveLength(5);
  });

  test("gives up after as many attempts as it may make", async () => {
    answers = Array<Answer>(9).fill({ status: 500, body: "no memory" });
    await expect(reward().score(INPUTS, NO_SIGNAL)).rejects.toThrow("got 500: no memory");
    expect(requests).toHaveLength(3);
  });

  test("does not try again what would fail again", async () => {
    answers = [{ status: 404, body: "no such path" }];
    await expect(reward().score(INPUTS, NO_SIGNAL)).rejects.toThrow("got 404: no such path");
    for (const body of ["[1, 2]", '{"scores": [1]}', '{"scores": [1, "2"]}', "<html>"]) {
      answers = [{ body }];
      await expect(reward().score(INPUTS, NO_SIGNAL), body).rejects.toThrow("with 2 numbers");
    }
    expect(requests).toHaveLength(5);
  });

  test("a service that hangs is an error, of one request or of the whole call", async () => {
    answers = Array<Answer>(9).fill({ hang: true });
    const impatient = reward({ timeoutMs: 20, retries: 1 });
    await expect(impatient.score(INPUTS, NO_SIGNAL)).rejects.toThrow("expected an answer, got");
    const checked = new CheckedReward(reward({ timeoutMs: 60_000 }), { timeoutMs: 30 });
    await expect(checked.score(INPUTS)).rejects.toThrow("3 scores within 30 ms");
  });

  test("a service that is not there is an error that says so", async () => {
    const away = reward({ retries: 0 });
    await new Promise((resolve) => server.close(resolve));
    await expect(away.score(INPUTS, NO_SIGNAL)).rejects.toThrow(/an answer, got .*REFUSED/);
    server.listen();
  });
});
