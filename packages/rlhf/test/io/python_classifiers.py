"""Loads folders with transformers' AutoModelForSequenceClassification and scores texts with it; makes
folders of its own as well. Arguments: a JSON list of jobs, and where to write the results."""
import json
import sys

import torch
from transformers import AutoConfig, AutoModelForSequenceClassification


def score(model, texts, pad):
    width = max(len(text) for text in texts)
    ids = torch.tensor([text + [pad] * (width - len(text)) for text in texts])
    mask = torch.tensor([[1] * len(text) + [0] * (width - len(text)) for text in texts])
    with torch.no_grad():
        return model(input_ids=ids, attention_mask=mask).logits.tolist()


jobs = json.load(open(sys.argv[1]))
results = []
for job in jobs:
    if "save" in job:
        torch.manual_seed(0)
        config = AutoConfig.from_pretrained(job["folder"], num_labels=job["labels"])
        model = AutoModelForSequenceClassification.from_config(config)
        with torch.no_grad():
            for parameter in model.parameters():
                parameter.add_(0.3 * torch.randn_like(parameter))
        model.save_pretrained(job["save"])
    folder = job.get("save", job["folder"])
    model, info = AutoModelForSequenceClassification.from_pretrained(
        folder, output_loading_info=True, dtype=torch.float32
    )
    model.eval()
    problems = {key: sorted(map(str, value)) for key, value in info.items() if value}
    scores = score(model, job["texts"], job["pad"])
    results.append({"class": type(model).__name__, "problems": problems, "scores": scores})
json.dump(results, open(sys.argv[2], "w"))
