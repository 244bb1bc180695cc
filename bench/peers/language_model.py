"""The tasks of ../lm in Hugging Face transformers. Prints one line of JSON, see ../lm/run.ts.

Arguments: task, folder of model and inputs, seconds per part, threads, number of prompts. float32,
scaled_dot_product_attention, no compilation; under inference_mode except for training.
"""

import json
import os
import sys

os.environ.update(HF_HUB_OFFLINE="1", TRANSFORMERS_VERBOSITY="error")

import torch
from transformers import AutoModelForCausalLM

from measure import measure, report

LEARNING_RATE = 1e-3
CHECKED_STEPS = 3
MAX_GRAD_NORM = 1.0

task, folder, seconds = sys.argv[1], sys.argv[2], float(sys.argv[3])
torch.set_num_threads(int(sys.argv[4]))
with open(os.path.join(folder, "inputs.json")) as file:
    inputs = json.load(file)
# The folder's config says nothing of dropout, whose default is not 0.
no_dropout = {"attn_pdrop": 0.0, "embd_pdrop": 0.0, "resid_pdrop": 0.0}
model = AutoModelForCausalLM.from_pretrained(
    folder, dtype=torch.float32, attn_implementation="sdpa", **no_dropout
)


def train():
    """Steps of supervised fine-tuning; the check are the losses of the first ones."""
    model.train()
    optimizer = torch.optim.AdamW(
        model.parameters(), lr=LEARNING_RATE, weight_decay=0.0, fused=True
    )
    ids = torch.tensor(inputs["rows"])
    mask = torch.ones_like(ids)
    losses = []

    def step():
        loss = model(ids, attention_mask=mask, labels=ids, use_cache=False).loss
        loss.backward()
        norm = torch.nn.utils.clip_grad_norm_(model.parameters(), MAX_GRAD_NORM)
        optimizer.step()
        optimizer.zero_grad(set_to_none=True)
        # What a trainer logs of every step.
        value, _ = loss.item(), norm.item()
        if len(losses) < CHECKED_STEPS:
            losses.append(value)

    return {"step": measure(step, seconds)}, losses


@torch.inference_mode()
def logps():
    """Log-probabilities of whole sequences; the check are they."""
    model.eval()
    sums = []

    def score():
        ids = torch.tensor(inputs["rows"])
        mask = torch.ones_like(ids)
        logits = model(ids, attention_mask=mask, use_cache=False).logits[:, :-1]
        chosen = logits.log_softmax(-1).gather(-1, ids[:, 1:, None]).squeeze(-1)
        sums[:] = chosen.sum(1).tolist()

    return {"score": measure(score, seconds)}, sums


@torch.inference_mode()
def generate():
    """Completions, greedy and drawn at temperature 1; the check are the greedy ones."""
    model.eval()
    prompts = torch.tensor(inputs["prompts"][: int(sys.argv[5])])
    greedy = []

    def timed(**how):
        def call():
            found = model.generate(
                prompts,
                attention_mask=torch.ones_like(prompts),
                max_new_tokens=inputs["newTokens"],
                eos_token_id=None,
                pad_token_id=0,
                **how,
            )
            ids = found[:, prompts.shape[1] :].flatten().tolist()
            if not how["do_sample"]:
                greedy[:] = ids

        return measure(call, seconds, fewest=1)

    parts = {
        "greedy": timed(do_sample=False),
        "sampled": timed(do_sample=True, temperature=1.0, top_k=0, top_p=1.0),
    }
    return parts, greedy


parts, check = {"train": train, "logps": logps, "generate": generate}[task]()
known = [part["foreign"] for part in parts.values() if part["foreign"] is not None]
report(
    {
        "parts": parts,
        "check": check,
        "foreign": max(known, default=None),
        "rssMiB": max(part["rssMiB"] for part in parts.values()),
    }
)
