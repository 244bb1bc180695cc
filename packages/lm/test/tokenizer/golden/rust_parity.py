"""Golden ids of the Rust tokenizers library, sentencepiece and tiktoken, as hashes.

    python rust_parity.py FOLDER [--sentencepiece NAME=FILE ...] [--tiktoken NAME=FILE ...]
        [--imdb train.jsonl.gz] > parity.json

FOLDER is what export.ts wrote. For every tokenizer: the ids of all strings without special tokens
around them, with special-token text read as tokens and as text; the text of these ids, and of their
first half without special tokens; and the ids with special tokens around them. Each as the SHA-256,
cut to 12 digits, of blocks of 300 rows, a row being ids joined by spaces (or the text) and a newline.
"""
import argparse
import base64
import gzip
import hashlib
import json
import pathlib
import re

import sentencepiece
import tiktoken
import tokenizers
from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers

BLOCK = 300


def digest(rows):
    blocks = [rows[i : i + BLOCK] for i in range(0, len(rows), BLOCK)]
    text = ["".join(row + "\n" for row in block) for block in blocks]
    return [hashlib.sha256(t.encode()).hexdigest()[:12] for t in text]


def joined(rows):
    return [" ".join(map(str, row)) for row in rows]


def of_rust(path, strings):
    tokenizer = Tokenizer.from_file(str(path))
    result = {"vocabSize": tokenizer.get_vocab_size()}
    for mode, as_text in (("token", False), ("text", True)):
        tokenizer.encode_special_tokens = as_text
        ids = [tokenizer.encode(s, add_special_tokens=False).ids for s in strings]
        result[mode] = digest(joined(ids))
        result[mode + " decoded"] = digest([tokenizer.decode(i, skip_special_tokens=False) for i in ids])
        cut = [tokenizer.decode(i[: len(i) // 2], skip_special_tokens=True) for i in ids]
        result[mode + " half decoded"] = digest(cut)
    result["tokens"] = sum(map(len, ids))
    framed = [tokenizer.encode(s, add_special_tokens=True).ids for s in strings]
    result["framed"] = digest(joined(framed))
    return result


def of_trainer(corpus):
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=corpus["trainer"]["vocabSize"],
        min_frequency=corpus["trainer"]["minFrequency"],
        special_tokens=["<|endoftext|>", "<|padding|>"],
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    tokenizer.train_from_iterator(corpus["texts"], trainer)
    model = json.loads(tokenizer.to_str())["model"]
    merges = [m if isinstance(m, str) else " ".join(m) for m in model["merges"]]
    rows = [f"{id} {token}" for token, id in sorted(model["vocab"].items(), key=lambda x: x[1])]
    return {
        "merges": len(merges),
        "mergesHash": digest(["\n".join(merges)])[0],
        "vocabHash": digest(["\n".join(rows)])[0],
    }


def of_sentencepiece(path, strings):
    processor = sentencepiece.SentencePieceProcessor(model_file=path)
    return digest(joined(processor.encode(strings)))


def of_tiktoken(path, strings):
    words = json.loads((folder / "tokenizer tiktoken.json").read_text())["pre_tokenizer"]
    lines = [line.split() for line in pathlib.Path(path).read_bytes().splitlines() if line]
    encoding = tiktoken.Encoding(
        name="golden",
        pat_str=words["pretokenizers"][0]["pattern"]["Regex"],
        mergeable_ranks={base64.b64decode(token): int(rank) for token, rank in lines},
        special_tokens={},
    )
    return digest(joined(encoding.encode(s, disallowed_special=()) for s in strings))


def named(arguments):
    return dict(argument.split("=", 1) for argument in arguments)


parser = argparse.ArgumentParser()
parser.add_argument("folder")
parser.add_argument("--sentencepiece", nargs="*", default=[])
parser.add_argument("--tiktoken", nargs="*", default=[])
parser.add_argument("--imdb")
args = parser.parse_args()
folder = pathlib.Path(args.folder)
strings = json.loads((folder / "strings.json").read_text())
imdb = []
if args.imdb:
    with gzip.open(args.imdb, "rt", encoding="utf-8") as lines:
        imdb = [json.loads(line)["text"] for line in lines]
golden = {
    "versions": {
        "tokenizers": tokenizers.__version__,
        "sentencepiece": sentencepiece.__version__,
        "tiktoken": tiktoken.__version__,
    },
    "strings": digest(strings),
    "trainer": of_trainer(json.loads((folder / "corpus.json").read_text())),
    "imdb": of_trainer({"texts": imdb, "trainer": {"vocabSize": 8000, "minFrequency": 2}}),
    "rust": {
        path.stem.removeprefix("tokenizer "): of_rust(path, strings)
        for path in sorted(folder.glob("tokenizer *.json"))
    },
    "sentencepiece": {
        name: of_sentencepiece(path, strings) for name, path in named(args.sentencepiece).items()
    },
    "tiktoken": {name: of_tiktoken(path, strings) for name, path in named(args.tiktoken).items()},
}
text = json.dumps(golden, indent=1, ensure_ascii=False)
# One line a list.
print(re.sub(r"\[[^\[\]]*\]", lambda match: re.sub(r"\s+", " ", match[0]), text))
