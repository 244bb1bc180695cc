"""Loads model folders as users of transformers do: python python_load.py JOBS.json RESULTS.json.

JOBS.json lists {folder, ids?, attentionMask?, positions?}. RESULTS.json lists for each the class,
type and problems of loading, SHA-256 of the float32 bytes of each tensor, and logits, where ids
are given, in row-major order.
"""
import hashlib
import json
import sys

import torch
from transformers import AutoModelForCausalLM
from transformers.utils import logging

logging.disable_progress_bar()
torch.set_num_threads(1)


def run(job):
    model, info = AutoModelForCausalLM.from_pretrained(
        job["folder"], dtype="auto", output_loading_info=True
    )
    problems = {key: sorted(map(str, value)) for key, value in info.items() if value}
    result = {"class": type(model).__name__, "dtype": str(model.dtype), "problems": problems}
    model = model.float().eval()
    result["sha256"] = {
        name: hashlib.sha256(value.contiguous().numpy().tobytes()).hexdigest()
        for name, value in model.state_dict().items()
    }
    if "ids" in job:
        with torch.no_grad():
            logits = model(
                input_ids=torch.tensor(job["ids"]),
                attention_mask=torch.tensor(job["attentionMask"]),
                position_ids=torch.tensor(job["positions"]),
                use_cache=False,
            ).logits
        result["logits"] = logits.reshape(-1).tolist()
    return result


if __name__ == "__main__":
    with open(sys.argv[1]) as file:
        jobs = json.load(file)
    results = [run(job) for job in jobs]
    with open(sys.argv[2], "w") as file:
        json.dump(results, file)
