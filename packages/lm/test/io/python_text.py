"""Texts through folders as users of transformers see them: python python_text.py JOBS.json RESULTS.json.

JOBS.json lists {folder, texts, prompt, newTokens}. RESULTS.json lists for each the ids of the texts
with special tokens added, what these ids decode to, and the ids and text that greedy generation adds
to the prompt.
"""
import json
import sys

import torch
from transformers import AutoModelForCausalLM, AutoTokenizer

torch.set_num_threads(1)


def run(job):
    tokenizer = AutoTokenizer.from_pretrained(job["folder"])
    model = AutoModelForCausalLM.from_pretrained(job["folder"]).eval()
    ids = [tokenizer(text)["input_ids"] for text in job["texts"]]
    prompt = torch.tensor([tokenizer(job["prompt"])["input_ids"]])
    with torch.no_grad():
        output = model.generate(
            prompt,
            attention_mask=torch.ones_like(prompt),
            do_sample=False,
            max_new_tokens=job["newTokens"],
            pad_token_id=0,
        )
    new = output[0, prompt.shape[1] :].tolist()
    options = {"skip_special_tokens": True, "clean_up_tokenization_spaces": False}
    return {
        "ids": ids,
        "texts": [tokenizer.decode(row, **options) for row in ids],
        "newIds": new,
        "newText": tokenizer.decode(new, **options),
    }


if __name__ == "__main__":
    with open(sys.argv[1]) as file:
        jobs = json.load(file)
    results = [run(job) for job in jobs]
    with open(sys.argv[2], "w") as file:
        json.dump(results, file)
