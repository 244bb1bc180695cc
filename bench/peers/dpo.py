"""Preference training as TRL's DPOTrainer does it. Prints one line of JSON, see ../dpo/run.ts.

Arguments: folder of the model, file of pairs, seconds, threads, fp32 or bf16 (autocast). Steps are
those of `train()`, with everything that the trainer does around them; it is left as it is but for
what has to be equal on both sides: the learning rate is constant, pairs come in order and as token
ids. Reference log-probabilities are computed beforehand, and no activation twice.
"""

import json
import os
import sys
import tempfile
import time

scratch = tempfile.TemporaryDirectory()
os.environ.update(HF_HUB_OFFLINE="1", HF_HOME=scratch.name, TQDM_DISABLE="1")
os.environ.update(TRANSFORMERS_VERBOSITY="error", TRL_EXPERIMENTAL_SILENCE="1")

import torch
from datasets import Dataset, disable_progress_bars
from tokenizers import Tokenizer
from tokenizers.models import WordLevel
from transformers import AutoModelForCausalLM, PreTrainedTokenizerFast, TrainerCallback
from trl import DPOConfig, DPOTrainer

from measure import WARM_UP, busy_seconds, peak_mib, report

FEWEST = 3

folder, pairs_file, seconds = sys.argv[1], sys.argv[2], float(sys.argv[3])
threads, precision = int(sys.argv[4]), sys.argv[5]
torch.set_num_threads(threads)
disable_progress_bars()
with open(pairs_file) as file:
    inputs = json.load(file)
losses = []


class Trainer(DPOTrainer):
    """Takes ids as they are, and keeps the losses of the first steps."""

    def _prepare_dataset(self, dataset, *args, **kwargs):
        return dataset

    def compute_loss(self, *args, **kwargs):
        loss = super().compute_loss(*args, **kwargs)
        if len(losses) < inputs["checkedSteps"]:
            losses.append(loss.item())
        return loss


class Clock(TrainerCallback):
    """Ends the training after the seconds; steps are measured from the end of the one before."""

    def __init__(self):
        self.times, self.taken, self.last = [], 0, None

    def on_step_end(self, args, state, control, **kwargs):
        now = time.perf_counter()
        if self.taken >= WARM_UP:
            self.times.append(1000 * (now - self.last))
        if self.taken < WARM_UP:
            self.start, self.busy, self.own = now, busy_seconds(), sum(os.times()[:2])
        self.taken, self.last = self.taken + 1, now
        enough = len(self.times) >= max(FEWEST, inputs["checkedSteps"] - WARM_UP)
        control.should_training_stop = enough and now - self.start >= seconds

    def measurement(self):
        elapsed = self.last - self.start
        own = sum(os.times()[:2]) - self.own
        busy = busy_seconds()
        times = sorted(self.times)
        return {
            "ms": times[len(times) // 2],
            "min": times[0],
            "steps": len(times),
            "foreign": None if busy is None else (busy - self.busy - own) / elapsed,
            "rssMiB": peak_mib(),
        }


words = WordLevel({"<pad>": 0, "<eos>": 1}, unk_token="<pad>")
tokenizer = PreTrainedTokenizerFast(
    tokenizer_object=Tokenizer(words), pad_token="<pad>", eos_token="<eos>"
)
names = {"promptIds": "prompt_ids", "chosenIds": "chosen_ids", "rejectedIds": "rejected_ids"}
config = DPOConfig(
    output_dir=scratch.name,
    per_device_train_batch_size=inputs["batchSize"],
    train_sampling_strategy="sequential",
    beta=inputs["beta"],
    learning_rate=inputs["learningRate"],
    lr_scheduler_type="constant",
    max_grad_norm=inputs["maxGradNorm"],
    num_train_epochs=1_000_000,
    precompute_ref_log_probs=True,
    gradient_checkpointing=False,
    use_cpu=True,
    bf16=precision == "bf16",
    max_length=None,
    save_strategy="no",
    report_to=[],
    disable_tqdm=True,
)
clock = Clock()
trainer = Trainer(
    model=AutoModelForCausalLM.from_pretrained(
        folder, dtype=torch.float32, attn_implementation="sdpa"
    ),
    args=config,
    train_dataset=Dataset.from_list(
        [{names[name]: ids for name, ids in pair.items()} for pair in inputs["pairs"]]
    ),
    processing_class=tokenizer,
    callbacks=[clock],
)
columns = [trainer.train_dataset[f"ref_{side}_logps"] for side in ("chosen", "rejected")]
reference = [logps for pair in zip(*columns) for logps in pair]
trainer.train()
report(clock.measurement(), reference=reference, losses=losses)
