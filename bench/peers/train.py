"""One contender's process: training steps in PyTorch. Prints one line of JSON.

Arguments: size as JSON, seconds, threads, eager or compile, fp32 or bf16.
"""

import json
import sys

import torch
from torch.nn import functional as F

from gpt import GPT
from measure import measure, report
from same_numbers import batch_of

CHECKED_STEPS = 3

size, seconds = json.loads(sys.argv[1]), float(sys.argv[2])
threads, mode, precision = int(sys.argv[3]), sys.argv[4], sys.argv[5]
torch.set_num_threads(threads)
model = GPT(size)
optimizer = torch.optim.Adam(model.parameters(), lr=1e-3, fused=True)
forward = torch.compile(model) if mode == "compile" else model
ids, targets = batch_of(size)
losses = []


def step():
    optimizer.zero_grad(set_to_none=True)
    with torch.autocast("cpu", torch.bfloat16, enabled=precision == "bf16"):
        logits = forward(ids)
    loss = F.cross_entropy(logits.float().flatten(0, 1), targets.flatten())
    loss.backward()
    optimizer.step()
    value = loss.item()
    if len(losses) < CHECKED_STEPS:
        losses.append(value)


step()
report(measure(step, seconds), losses=losses)
