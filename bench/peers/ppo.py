"""Steps of PPO as one writes them with transformers and PyTorch. Prints one line of JSON, see
../ppo/run.ts.

Arguments: folder, seconds, threads, value trunk (separate or shared). float32, no compilation.
Completions of all prompts are generated at once with a key-value cache; what only measures runs in
one batch under inference_mode; logits are computed for completions alone; AdamW is the fused one.
Prompts are of one length and padding is on the right of completions, where nothing real sees it:
no pass needs a mask.
"""

import json
import os
import statistics
import sys
import time

os.environ.update(HF_HUB_OFFLINE="1", TRANSFORMERS_VERBOSITY="error")

import torch
from torch import nn
from torch.nn import functional as F
from transformers import AutoModelForCausalLM, AutoModelForSequenceClassification

from measure import measure, report

folder, seconds, threads, trunk = sys.argv[1], float(sys.argv[2]), int(sys.argv[3]), sys.argv[4]
torch.set_num_threads(threads)
with open(os.path.join(folder, "inputs.json")) as file:
    inputs = json.load(file)
settings = inputs["settings"]
PROMPT = len(inputs["prompts"][0])
PAD = 0
EPSILON = 1e-8


def load(kind, name):
    # The fused form of the activation that the folder names.
    options = {"attn_implementation": "sdpa", "activation_function": "gelu_pytorch_tanh"}
    path = os.path.join(folder, name)
    return kind.from_pretrained(path, dtype=torch.float32, **options).eval()


def states_of(model, ids):
    """States that predict the completions [B, C, D]."""
    return model.transformer(ids, use_cache=False).last_hidden_state[:, PROMPT - 1 : -1]


def logps_of(model, states, ids):
    """Log-probabilities of the completions [B, C]."""
    logits = model.lm_head(states / settings["temperature"])
    tokens = ids[:, PROMPT:]
    losses = F.cross_entropy(logits.flatten(0, 1), tokens.flatten(), reduction="none")
    return -losses.view(tokens.shape)


class Learner:
    """Policy, values, and what they are compared with and rewarded by."""

    def __init__(self):
        self.policy = load(AutoModelForCausalLM, "policy")
        self.reference = load(AutoModelForCausalLM, "reference")
        self.reward = load(AutoModelForSequenceClassification, "reward")
        self.trained = nn.ModuleList([self.policy])
        if trunk == "separate":
            self.critic = load(AutoModelForSequenceClassification, "reward")
            self.trained.append(self.critic)
        else:
            self.head = nn.Linear(self.policy.config.n_embd, 1)
            nn.init.zeros_(self.head.weight)
            nn.init.zeros_(self.head.bias)
            self.trained.append(self.head)
        self.optimizer = torch.optim.AdamW(
            self.trained.parameters(), lr=settings["learningRate"], weight_decay=0.0, fused=True
        )

    def forward(self, ids):
        """Log-probabilities and values [B, C]."""
        states = states_of(self.policy, ids)
        if trunk == "separate":
            values = self.critic.score(states_of(self.critic, ids))
        else:
            values = self.head(states)
        return logps_of(self.policy, states, ids), values.squeeze(-1)

    @torch.inference_mode()
    def rollout(self):
        """Texts [B, P + C]."""
        prompts = torch.tensor(inputs["prompts"])
        return self.policy.generate(
            prompts,
            attention_mask=torch.ones_like(prompts),
            do_sample=True,
            temperature=settings["temperature"],
            top_k=0,
            top_p=1.0,
            num_return_sequences=inputs["samples"],
            max_new_tokens=inputs["newTokens"],
            eos_token_id=inputs["eos"],
            pad_token_id=PAD,
        )

    @torch.inference_mode()
    def scores(self, ids, lengths):
        """Scores of whole texts, by their last real token [B]."""
        states = self.reward.transformer(ids, use_cache=False).last_hidden_state
        rows = torch.arange(len(ids))
        return self.reward.score(states[rows, PROMPT - 1 + lengths]).squeeze(-1)

    @torch.inference_mode()
    def measure(self, ids):
        """Log-probabilities, values and the reference's log-probabilities [B, C]."""
        reference = logps_of(self.reference, states_of(self.reference, ids), ids)
        return *self.forward(ids), reference

    def update(self, batch):
        """One optimizer step. Loss and gradient norm before it."""
        ids, mask, old_logps, old_values, advantages, returns = batch
        logps, values = self.forward(ids)
        ratio = (logps - old_logps).exp()
        near = ratio.clamp(1 - settings["clipRange"], 1 + settings["clipRange"])
        policy = torch.maximum(-advantages * ratio, -advantages * near)
        reach = settings["valueClipRange"]
        bounded = torch.clamp(values, old_values - reach, old_values + reach)
        value = torch.maximum((values - returns) ** 2, (bounded - returns) ** 2) / 2
        losses = policy + settings["valueWeight"] * value
        loss = (losses * mask).sum() / mask.sum()
        loss.backward()
        norm = nn.utils.clip_grad_norm_(self.trained.parameters(), settings["maxGradNorm"])
        self.optimizer.step()
        self.optimizer.zero_grad(set_to_none=True)
        return loss.item(), norm.item()


@torch.inference_mode()
def advantages_of(mask, scores, logps, values, reference):
    """Whitened advantages, and returns [B, C]."""
    lengths = mask.sum(1).long()
    rewards = -settings["klWeight"] * (logps - reference) * mask
    rewards[torch.arange(len(mask)), lengths - 1] += scores
    values = values * mask
    gamma, decay = settings["gamma"], settings["gamma"] * settings["lambda"]
    found, after, value = [], torch.zeros(len(mask)), torch.zeros(len(mask))
    for t in reversed(range(mask.shape[1])):
        after = rewards[:, t] + gamma * value - values[:, t] + decay * after
        value = values[:, t]
        found.append(after)
    advantages = torch.stack(found[::-1], 1) * mask
    returns = advantages + values
    known = advantages[mask.bool()]
    return (advantages - known.mean()) / (known.var() + EPSILON).sqrt(), returns


def mask_of(ids):
    """1 for tokens of completions up to the first end of text [B, C]."""
    tokens = ids[:, PROMPT:]
    if inputs["eos"] is None:
        return torch.ones_like(tokens, dtype=torch.float32)
    ends = (tokens == inputs["eos"]).long()
    return ((ends.cumsum(1) - ends) == 0).float()


def gathered(learner, ids, clock=lambda phase: None):
    """Everything that updates need of texts."""
    mask = mask_of(ids)
    scores = learner.scores(ids, mask.sum(1).long())
    clock("score")
    logps, values, reference = learner.measure(ids)
    clock("measure")
    advantages, returns = advantages_of(mask, scores, logps, values, reference)
    # Tensors of inference_mode must not meet gradients.
    batch = [x.clone() for x in (ids, mask, logps, values, advantages, returns)]
    return batch, (scores, logps * mask, reference * mask)


def check():
    """Numbers of given texts and of two updates on all of them: both sides must agree on them."""
    rollouts = inputs["checked"]
    longest = max(len(rollout["completionIds"]) for rollout in rollouts)
    rows = [
        rollout["promptIds"]
        + rollout["completionIds"]
        + [PAD] * (longest - len(rollout["completionIds"]))
        for rollout in rollouts
    ]
    learner = Learner()
    batch, measured = gathered(learner, torch.tensor(rows))
    updates = [learner.update(batch) for _ in range(inputs["checkedUpdates"])]
    squares = [x.double().square().sum().item() for x in measured]
    return squares + [number for update in updates for number in update]


class Steps:
    """Steps, their times by phase and the mean lengths of their completions."""

    def __init__(self):
        self.learner, self.phases, self.lengths = Learner(), [], []

    def __call__(self):
        times, last = {}, time.perf_counter()

        def clock(phase):
            nonlocal last
            now = time.perf_counter()
            times[phase], last = 1000 * (now - last), now

        ids = self.learner.rollout()
        clock("rollout")
        batch, _ = gathered(self.learner, ids, clock)
        count = len(ids)
        for _ in range(settings["epochs"]):
            for rows in torch.randperm(count).split(count // settings["minibatches"]):
                self.learner.update([x[rows] for x in batch])
        clock("update")
        self.phases.append(times)
        self.lengths.append(batch[1].sum().item() / count)


steps = Steps()
measured = measure(steps, seconds, fewest=1)
count = measured["steps"]
phases = {
    phase: statistics.median(times[phase] for times in steps.phases[-count:])
    for phase in ("rollout", "score", "measure", "update")
}
report(
    measured,
    phases=phases,
    meanLength=statistics.mean(steps.lengths[-count:]),
    check=check(),
)
