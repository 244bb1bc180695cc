"""One contender's process: sampling from a KV cache in PyTorch. Prints one line of JSON.

Arguments: size as JSON, seconds, threads, tokens, cache. With cache `fixed`, keys and values are
written into buffers of the final length. With cache `growing` the loop does what Hugging Face's
`generate` does per token: it concatenates keys and values, extends an attention mask, calls
scaled_dot_product_attention with it, and samples through softmax and multinomial.
"""

import json
import sys

import torch
from torch.nn import functional as F

from gpt import GPT
from measure import measure, report

size, seconds = json.loads(sys.argv[1]), float(sys.argv[2])
threads, tokens, cache = int(sys.argv[3]), int(sys.argv[4]), sys.argv[5]
torch.set_num_threads(threads)
batch, width, heads = size["batch"], size["width"], size["heads"]
model = GPT({**size, "length": tokens}).eval()
first = torch.arange(batch) % size["vocabulary"]


def fixed():
    shape = (batch, heads, tokens, width // heads)
    keys = [torch.zeros(shape) for _ in model.blocks]
    values = [torch.zeros(shape) for _ in model.blocks]
    ids = first
    for t in range(tokens):
        x = (model.tokens(ids) + model.positions[t]).unsqueeze(1)
        for block, past_keys, past_values in zip(model.blocks, keys, values):
            q, k, v = block.split(x)
            past_keys[:, :, t : t + 1] = k
            past_values[:, :, t : t + 1] = v
            seen = past_keys[:, :, : t + 1], past_values[:, :, : t + 1]
            x = block.merge(x, F.scaled_dot_product_attention(q, *seen))
        ids, _ = sample(model.head(x).squeeze(1))


def growing():
    keys = [None] * size["layers"]
    values = [None] * size["layers"]
    mask = torch.zeros(batch, 0, dtype=torch.bool)
    sequence = first.unsqueeze(1)
    for t in range(tokens):
        mask = torch.cat([mask, mask.new_ones(batch, 1)], 1)
        bias = torch.zeros(batch, 1, 1, t + 1).masked_fill(~mask[:, None, None, :], -torch.inf)
        x = model.tokens(sequence[:, -1:]) + model.positions[t]
        for i, block in enumerate(model.blocks):
            q, k, v = block.split(x)
            keys[i] = k if keys[i] is None else torch.cat([keys[i], k], 2)
            values[i] = v if values[i] is None else torch.cat([values[i], v], 2)
            attended = F.scaled_dot_product_attention(q, keys[i], values[i], attn_mask=bias)
            x = block.merge(x, attended)
        ids, _ = sample(model.head(x).squeeze(1))
        sequence = torch.cat([sequence, ids.unsqueeze(1)], 1)


def sample(logits):
    """Tokens [B] and their log-probabilities [B]."""
    logps = F.log_softmax(logits, -1)
    ids = torch.multinomial(logps.exp(), 1)
    return ids.squeeze(1), logps.gather(1, ids).squeeze(1)


loop = fixed if cache == "fixed" else growing
with torch.inference_mode():
    report(measure(loop, seconds))
