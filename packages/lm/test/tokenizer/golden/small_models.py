"""Trains the small SentencePiece models of the fixtures on the corpus that export.ts wrote.

    python small_models.py FOLDER/corpus.json FIXTURES
"""
import io
import json
import pathlib
import sys

import sentencepiece

corpus, out = sys.argv[1:]
texts = json.loads(pathlib.Path(corpus).read_text())["texts"]
common = dict(
    model_type="bpe",
    normalization_rule_name="identity",
    remove_extra_whitespaces=False,
    num_threads=1,
    minloglevel=2,
    input_sentence_size=0,
    hard_vocab_limit=False,
)
kinds = {
    "bytes": dict(
        vocab_size=1000,
        byte_fallback=True,
        character_coverage=0.98,
        user_defined_symbols=["<sep>", "<a▁b>"],
        control_symbols=["<ctl>"],
        pad_id=3,
    ),
    "plain": dict(
        vocab_size=700,
        byte_fallback=False,
        character_coverage=0.98,
        add_dummy_prefix=False,
        bos_id=-1,
    ),
    "unigram": dict(vocab_size=400, model_type="unigram", character_coverage=0.99),
}
for name, options in kinds.items():
    model = io.BytesIO()
    sentencepiece.SentencePieceTrainer.train(
        sentence_iterator=iter(texts), model_writer=model, **{**common, **options}
    )
    (pathlib.Path(out) / f"{name}.model").write_bytes(model.getvalue())
