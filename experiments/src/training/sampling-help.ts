/** What `--help` says of rewards and prompts, which commands that sample completions share. */

/** What `--help` says of a reward section, whatever its key. */
export const REWARD_HELP = `
Reward functions, one of (with their defaults):
  {kind: model, path: runs/reward/model}     # a folder that preflab reward has written
  {kind: classifier, path: DIR, label: 1, output: log_odds}
                             # AutoModelForSequenceClassification; or output: probability
  {kind: lexicon, path: words.txt, reduction: sum, part: completion}
                             # lines of a word, a tab and its valence; or mean, text (with the prompt)
  {kind: http, url: "http://..", batchSize: 16, requestTimeoutMs: 30000, retries: 3,
   retryDelayMs: 500, headers: {authorization: "Bearer $TOKEN"}}
                             # POST {"inputs": [{"prompt", "completion", "promptIds", "completionIds"}]}
                             # answered by {"scores": [..]}; $TOKEN is an environment variable
  {kind: module, path: reward.mjs}
                             # export default ({prompt, completion, promptIds, completionIds}) => 1.5
                             # (or a promise of a number), or export default {name, score}, where
                             # score(inputs, signal) gives a list of numbers
  Every kind takes timeoutMs: 300000, for the scores of one group of completions. Models and
  classifiers must have the policy's tokenizer. prompt and completion are null without a tokenizer.`;

/** What `--help` says of rows. */
export const PROMPT_HELP = `
Prompts, one JSON object per line (JSON, CSV, parquet, .gz, IMDb folders are read, too):
  {"prompt": "..."}          a text, or a list of messages
  {"promptIds": [..]}        token ids, taken as they are; other fields of such rows are not looked at
  preference pairs, prompts with completions, rankings: their prompts
  {"text": "..."} or {"ids": [..]}  with prefixTokens: [2, 8], a beginning of 2 to 8 tokens of each
Empty prompts become the model's beginning-of-text token, if it has one.`;
