"""What PEFT makes of an adapter folder: logits, and another adapter for the way back.

Usage: peft_logits.py BASE ADAPTER IDS_JSON OUT. Writes OUT/logits.json and OUT/adapter, of which the
logits are in OUT/adapter_logits.json.
"""

import json
import os
import sys

import torch
from peft import PeftModel
from transformers import AutoModelForCausalLM

base, adapter, ids, out = sys.argv[1:]
model = AutoModelForCausalLM.from_pretrained(base, dtype=torch.float32)
model = PeftModel.from_pretrained(model, adapter, is_trainable=True).eval()
ids = torch.tensor(json.loads(ids))


def save_logits(name):
    with torch.no_grad():
        logits = model(input_ids=ids).logits
    with open(os.path.join(out, name), "w") as file:
        json.dump(logits.flatten().tolist(), file)


save_logits("logits.json")
generator = torch.Generator().manual_seed(0)
with torch.no_grad():
    for name, parameter in model.named_parameters():
        if "lora_" in name:
            parameter.copy_(0.2 * torch.randn(parameter.shape, generator=generator))
save_logits("adapter_logits.json")
model.save_pretrained(os.path.join(out, "adapter"))
