"""What apply_chat_template of transformers makes of conversations.

    python chat_golden.py FOLDER > golden.json

FOLDER is what export-chats.ts wrote. The ids are those in which messages never become special
tokens: special tokens get names that no message has, in the tokenizer and in the template, and their
ids are mapped back. Where no message spells a special token, they must be transformers' own.
"""
import json
import pathlib
import sys
import tempfile

import jinja2
import tokenizers
import transformers
from transformers import PreTrainedTokenizerFast

folder = pathlib.Path(sys.argv[1])
chats = json.loads((folder / "chats.json").read_text())


def renamed(path):
    """The tokenizer of a folder with other names for special tokens, and who had which."""
    model = json.loads((path / "tokenizer.json").read_text())
    config = (path / "tokenizer_config.json").read_text()
    special = [token for token in model["added_tokens"] if token["special"]]
    names = {token["content"]: chr(0xE000 + i) for i, token in enumerate(special)}
    ids = {token["content"]: token["id"] for token in special}
    for token in special:
        token["content"] = names[token["content"]]
    model["post_processor"] = None
    # In the template they are within JSON text, and none has a character that JSON escapes.
    for old, new in sorted(names.items(), key=lambda pair: -len(pair[0])):
        config = config.replace(old, new)
    with tempfile.TemporaryDirectory() as copy:
        (pathlib.Path(copy) / "tokenizer.json").write_text(json.dumps(model))
        (pathlib.Path(copy) / "tokenizer_config.json").write_text(config)
        tokenizer = PreTrainedTokenizerFast.from_pretrained(copy)
    return tokenizer, {tokenizer.convert_tokens_to_ids(names[old]): ids[old] for old in names}, names


def rendered(tokenizer, other, messages, prompt):
    options = dict(add_generation_prompt=prompt, **chats["variables"])
    try:
        text = tokenizer.apply_chat_template(messages, tokenize=False, **options)
    except jinja2.exceptions.TemplateError:
        return {"text": None, "ids": None}
    literal, back, names = other
    ids = literal.apply_chat_template(messages, return_dict=False, **options)
    ids = [back.get(i, i) for i in ids]
    if not any(name in message["content"] for name in names for message in messages):
        assert ids == tokenizer.apply_chat_template(messages, return_dict=False, **options)
    return {"text": text, "ids": ids}


result = {}
for path in sorted(folder.iterdir()):
    if not path.is_dir():
        continue
    tokenizer = PreTrainedTokenizerFast.from_pretrained(path)
    other = renamed(path)
    result[path.name] = {
        name: [rendered(tokenizer, other, messages, prompt) for prompt in (False, True)]
        for name, messages in chats["conversations"].items()
    }
versions = {
    "transformers": transformers.__version__,
    "tokenizers": tokenizers.__version__,
    "jinja2": jinja2.__version__,
}
json.dump({"versions": versions, "rendered": result}, sys.stdout)
