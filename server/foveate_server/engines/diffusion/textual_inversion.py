"""Textual inversions: words that a text encoder did not know, with the vectors that stand for them."""

from __future__ import annotations

import copy
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import safetensors
import torch
from safetensors.torch import load_file
from torch import Tensor, nn

from foveate_server.engines.diffusion.denoiser import PipelineDenoiser
from foveate_shared.errors import ErrorCode, InputError

# Where files keep the vectors: A1111's own key, that of a scheme of its older versions, SDXL's two encoders, and
# diffusers, whose key is the word itself.
_SECOND, _FIRST = "clip_g", "clip_l"
_A1111 = ("emb_params", "string_to_param.*", "*")
_WIDTHS: Mapping[int, str] = {768: "Stable Diffusion 1.x", 1024: "Stable Diffusion 2.x", 1280: "Stable Diffusion XL"}


@dataclass(frozen=True)
class Inversion:
    """The vectors (n, width) for the first text encoder, and for the second where there are some."""

    first: Tensor | None
    second: Tensor | None = None


def read_inversion(path: Path) -> Inversion:
    """Return the vectors in the .safetensors file at `path`. Raises InputError where it holds none."""
    try:
        state = load_file(path)
    except (OSError, safetensors.SafetensorError) as error:
        raise _unreadable(path) from error
    if _FIRST in state or _SECOND in state:
        return Inversion(_rows(state.get(_FIRST)), _rows(state.get(_SECOND)))
    for key in _A1111:
        if key in state:
            return Inversion(_rows(state[key]))
    if len(state) == 1:
        return Inversion(_rows(next(iter(state.values()))))
    raise _unreadable(path)


class Words:
    """Words taught to a checkpoint's CLIP text encoders until they are forgotten."""

    def __init__(self, denoiser: PipelineDenoiser) -> None:
        self._denoiser = denoiser
        self._encoders = _Encoder.all_of(denoiser.pipe)
        self._spellings: dict[str, str] = {}  # word, in lower case -> tokens that stand for its vectors

    def teach(self, word: str, inversion: Inversion) -> None:
        """Let `word` mean the vectors of `inversion`. Raises InputError where they are of another width."""
        vectors = [inversion.first, inversion.second]
        if inversion.second is not None and len(self._encoders) == 1:
            raise self._misfit(word, inversion.second)
        counts = {len(rows) for rows in vectors if rows is not None}
        if len(counts) != 1:
            raise InputError("The embedding {name} is damaged.", code=ErrorCode.INVALID_FILE, name=word)
        tokens = [f"foveateword{len(self._spellings)}x{index}" for index in range(counts.pop())]
        pairs = list(zip(self._encoders, vectors, strict=False))
        for encoder, rows in pairs:
            if rows is None or rows.shape[1] != encoder.width:
                raise self._misfit(word, next(some for some in (rows, *vectors) if some is not None))
        for encoder, rows in pairs:
            assert rows is not None  # noqa: S101 - seen above
            encoder.learn(tokens, rows)
        self._spellings[word.lower()] = " ".join(tokens)

    def spelled(self, text: str) -> str:
        """Return `text` with the taught words in the spelling that the tokenizers know."""
        for word, spelling in self._spellings.items():
            pattern = rf"(?<![A-Za-z0-9_])<?{re.escape(word)}>?(?![A-Za-z0-9_])"
            text = re.sub(pattern, spelling, text, flags=re.IGNORECASE)
        return text

    def forget(self) -> None:
        """Leave the text encoders as they were."""
        for encoder in self._encoders:
            encoder.restore()

    def _misfit(self, word: str, rows: Tensor) -> InputError:
        made_for = _WIDTHS.get(rows.shape[1], f"text encoders of width {rows.shape[1]}")
        title = self._denoiser.family.title
        return InputError(
            "The embedding {name} was made for {family}, and the checkpoint is of {other}.",
            code=ErrorCode.INVALID_PARAMETER,
            remedy="Choose a checkpoint of {family}, or an embedding for {other}.",
            name=word,
            family=made_for,
            other=title,
        )


class _Encoder:
    """A CLIP text encoder with its tokenizer, and what they were before anything was taught to them."""

    def __init__(self, pipe: Any, tokenizer: str, encoder: str) -> None:
        self._pipe = pipe
        self._name = tokenizer
        self._tokenizer = getattr(pipe, tokenizer)
        self._encoder = getattr(pipe, encoder)
        self._table: nn.Embedding = self._encoder.get_input_embeddings()
        self.width = self._table.embedding_dim

    @classmethod
    def all_of(cls, pipe: Any) -> list[_Encoder]:
        """Return the CLIP text encoders of `pipe`: T5 has no part in embeddings."""
        pairs = (("tokenizer", "text_encoder"), ("tokenizer_2", "text_encoder_2"))
        return [cls(pipe, *pair) for pair in pairs if "CLIP" in type(getattr(pipe, pair[1], None)).__name__]

    def learn(self, tokens: list[str], rows: Tensor) -> None:
        """Let `tokens` mean `rows`, in a longer copy of the table and a copy of the tokenizer."""
        tokenizer = copy.deepcopy(getattr(self._pipe, self._name))
        tokenizer.add_tokens(tokens)
        table = self._encoder.get_input_embeddings().weight
        longer = torch.zeros(max(len(tokenizer), len(table)), self.width, dtype=table.dtype, device=table.device)
        longer[: len(table)] = table
        longer[tokenizer.convert_tokens_to_ids(tokens)] = rows.to(table)
        embedding = nn.Embedding(longer.shape[0], longer.shape[1], _weight=longer, _freeze=True)
        self._encoder.set_input_embeddings(embedding)
        setattr(self._pipe, self._name, tokenizer)

    def restore(self) -> None:
        """Put the very table and tokenizer back."""
        self._encoder.set_input_embeddings(self._table)
        setattr(self._pipe, self._name, self._tokenizer)


def _rows(tensor: Tensor | None) -> Tensor | None:
    return None if tensor is None else tensor.reshape(-1, tensor.shape[-1]).float()


def _unreadable(path: Path) -> InputError:
    return InputError(
        "{name} cannot be read as an embedding: it is damaged, or no .safetensors file.",
        code=ErrorCode.INVALID_FILE,
        remedy="Remove it and add it again.",
        name=path.name,
    )
