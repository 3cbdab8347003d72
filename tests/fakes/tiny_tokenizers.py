"""Tokenizers without a vocabulary to speak of: single bytes for CLIP, single letters for T5."""

from __future__ import annotations

import json
import tempfile
from pathlib import Path
from typing import Any


def clip_tokenizer(pad: str = "<|endoftext|>") -> tuple[Any, int]:
    """Return a tokenizer of CLIP that knows bytes and a few merges, and how many tokens there are."""
    from transformers import CLIPTokenizer

    letters = _letters_of_bytes()
    merges = [("a", "n</w>"), ("o", "n</w>"), ("f", "a"), ("fa", "c"), ("fac", "e</w>")]
    tokens = [*letters, *(letter + "</w>" for letter in letters), *("".join(pair) for pair in merges)]
    tokens += ["<|startoftext|>", "<|endoftext|>"]
    with tempfile.TemporaryDirectory() as folder:
        vocabulary, rules = Path(folder, "vocab.json"), Path(folder, "merges.txt")
        vocabulary.write_text(json.dumps({token: index for index, token in enumerate(tokens)}), encoding="utf-8")
        lines = ["#version: 0.2", *(" ".join(pair) for pair in merges), ""]
        rules.write_text("\n".join(lines), encoding="utf-8")
        return CLIPTokenizer(str(vocabulary), str(rules), model_max_length=77, pad_token=pad), len(tokens)


def t5_tokenizer() -> tuple[Any, int]:
    """Return a tokenizer of T5 that knows printable letters, and how many tokens there are."""
    from tokenizers import Tokenizer, models, pre_tokenizers, processors
    from transformers import T5TokenizerFast

    special = [("<pad>", 0.0), ("</s>", 0.0), ("<unk>", 0.0), ("▁", -1.0)]
    pieces = special + [(chr(code), -2.0) for code in range(33, 127)]
    tokenizer = Tokenizer(models.Unigram(pieces, unk_id=2, byte_fallback=False))
    tokenizer.pre_tokenizer = pre_tokenizers.Metaspace()
    tokenizer.post_processor = processors.TemplateProcessing(single="$A </s>", special_tokens=[("</s>", 1)])
    return T5TokenizerFast(tokenizer_object=tokenizer, extra_ids=0, model_max_length=512), len(pieces)


def _letters_of_bytes() -> list[str]:
    """Return a printable letter for each byte, as byte-level vocabularies write them."""
    printable = [*range(33, 127), *range(161, 173), *range(174, 256)]
    others = [byte for byte in range(256) if byte not in printable]
    return [chr(byte) for byte in printable] + [chr(256 + index) for index in range(len(others))]
