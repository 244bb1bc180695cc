"""The weights and data of ../engine/numbers.ts: functions of their position alone."""

import math

import torch

SPREAD = 0.02
MASK = 0xFFFFFFFF
# Positions computed at once: the int64 temporaries must not set the process's peak memory.
PIECE = 1 << 20


def mix(x):
    """MurmurHash3's finalizer on 32-bit numbers kept in int64."""
    h = x & MASK
    h = ((h ^ (h >> 16)) * 0x85EBCA6B) & MASK
    h = ((h ^ (h >> 13)) * 0xC2B2AE35) & MASK
    return h ^ (h >> 16)


def bits(stream, start, stop):
    """Bits of positions start..stop-1 of a stream, int64."""
    positions = torch.arange(start, stop, dtype=torch.int64)
    return mix(mix(stream + 1) + positions * 0x9E3779B9)


def weights(stream, length):
    """Uniform numbers with mean 0 and standard deviation SPREAD, float32."""
    data = torch.empty(length)
    scale = 2 * math.sqrt(3) * SPREAD
    for start in range(0, length, PIECE):
        stop = min(start + PIECE, length)
        uniform = (bits(stream, start, stop) >> 8).double() / 2**24
        data[start:stop] = ((uniform - 0.5) * scale).float()
    return data


def batch_of(size):
    """Token ids [B, T] and what follows each."""
    batch, length, vocabulary = size["batch"], size["length"], size["vocabulary"]
    count = batch * length
    ids = bits(1000, 0, count) % vocabulary
    targets = (7 * ids + 3 + bits(1001, 0, count) % 3) % vocabulary
    return ids.view(batch, length), targets.view(batch, length)
