/** Checks of the part of results.json that judges are in. */
import type {
  ComparedPoint,
  ComparedPolicy,
  ComparedSample,
  Comparisons,
  JudgeAgreement,
  JudgeFacts,
  JudgePositionBias,
  ShareOf,
} from "./comparisons.ts";
import { list, nullOr, number, object, oneOf, type Shape, text } from "./json-shape.ts";

const SHARE = object<ShareOf>({ mean: number, low: number, high: number, count: number });

const POINT = object<ComparedPoint>({
  ...{ prompts: oneOf("test", "new topics"), temperature: number },
  ...{ win_rate: number, win_rate_error: number, gold: number, gold_error: number },
  ...{ length: number, length_controlled: nullOr(number), invalid: number },
  per_prompt: object<ComparedPoint["per_prompt"]>({ win: list(number), gold: list(number) }),
});

const POLICY = object<ComparedPolicy>({
  ...{ id: text, label: text, group: text, seed: number, points: list(POINT) },
  samples: list(
    object<ComparedSample>({ prompt: text, reply: text, rival: text, preference: nullOr(number) }),
  ),
});

/** Everything that judges said. */
export const COMPARISONS: Shape<Comparisons> = object<Comparisons>({
  judge: object<JudgeFacts>({ name: text, about: text, accuracy: SHARE }, "accuracy"),
  policies: list(POLICY),
  agreement: list(
    object<JudgeAgreement>({
      ...{ pairs: text, first: text, second: text, agreement: SHARE },
      ...{ first_rate: number, second_rate: number },
    }),
  ),
  position_bias: list(object<JudgePositionBias>({ judge: text, first_preferred: SHARE })),
});
