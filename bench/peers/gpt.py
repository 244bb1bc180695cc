"""The decoder of ../engine/model.ts in PyTorch, as one would write it there."""

import torch
from torch import nn
from torch.nn import functional as F

from same_numbers import weights


class Block(nn.Module):
    def __init__(self, width, heads):
        super().__init__()
        self.heads = heads
        self.norm1 = nn.LayerNorm(width)
        self.qkv = nn.Linear(width, 3 * width)
        self.projection = nn.Linear(width, width)
        self.norm2 = nn.LayerNorm(width)
        self.up = nn.Linear(width, 4 * width)
        self.down = nn.Linear(4 * width, width)

    def split(self, x):
        """Queries, keys and values [B, H, T, K] of x [B, T, D]."""
        batch, length, width = x.shape
        parts = self.qkv(self.norm1(x)).split(width, 2)
        shape = (batch, length, self.heads, width // self.heads)
        return [part.view(shape).transpose(1, 2) for part in parts]

    def merge(self, x, attended):
        """The rest of the block after attention [B, H, T, K]."""
        x = x + self.projection(attended.transpose(1, 2).reshape(x.shape))
        return x + self.down(F.gelu(self.up(self.norm2(x)), approximate="tanh"))

    def forward(self, x):
        q, k, v = self.split(x)
        return self.merge(x, F.scaled_dot_product_attention(q, k, v, is_causal=True))


class GPT(nn.Module):
    def __init__(self, size):
        super().__init__()
        width = size["width"]
        self.tokens = nn.Embedding(size["vocabulary"], width)
        self.positions = nn.Parameter(torch.empty(size["length"], width))
        blocks = (Block(width, size["heads"]) for _ in range(size["layers"]))
        self.blocks = nn.ModuleList(blocks)
        self.norm = nn.LayerNorm(width)
        self.fill()

    @torch.no_grad()
    def fill(self):
        """Weights of ../engine/model.ts: matrices by stream, in its order, stored transposed."""
        stream = 0

        def matrix(parameter, transposed):
            shape = parameter.shape[::-1] if transposed else parameter.shape
            values = weights(stream, parameter.numel()).view(shape)
            parameter.copy_(values.t() if transposed else values)

        matrix(self.tokens.weight, False)
        stream += 1
        matrix(self.positions, False)
        stream += 1
        for block in self.blocks:
            for part in (block.norm1, block.qkv, block.projection, block.norm2, block.up, block.down):
                if isinstance(part, nn.Linear):
                    matrix(part.weight, True)
                    part.bias.zero_()
                stream += 2

    def head(self, x):
        return self.norm(x) @ self.tokens.weight.t()

    def forward(self, ids):
        x = self.tokens(ids) + self.positions
        for block in self.blocks:
            x = block(x)
        return self.head(x)
