"""Text encoders, read through compel: weights within prompts, and texts of any length where a family allows them."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from torch import Tensor

# "(smiling:1.2)" as other programs write it; compel writes "(smiling)1.2". A time such as 10:30 is no weight.
_COLON_WEIGHT = re.compile(r"(?<!\d)\s*:\s*(\d(?:\.\d+)?|\.\d+)\s*\)")
_SYNTAX = re.compile(r'([()"])')


@dataclass(frozen=True)
class TextReader:
    """A text encoder with its tokenizer, and what a family takes from it."""

    tokenizer: Any
    encoder: Any
    penultimate: bool = False  # the last layer but one, unnormalized, in place of the last
    length: int | None = None  # tokens, where a text is cut there; None: as many chunks as it takes

    def hidden(self, texts: Sequence[str]) -> list[Tensor]:
        """Return (1, tokens, width) per text, all of one length: the shorter ones go on as an empty text would."""
        compel = self._compel()
        encoded = [compel.build_conditioning_tensor(readable(text)) for text in texts]
        padded: list[Tensor] = compel.pad_conditioning_tensors_to_same_length(encoded)
        return padded

    def pooled(self, text: str) -> Tensor:
        """Return (1, width): the sum of the text, which knows no weights."""
        compel = self._compel()
        pooled: Tensor = compel.conditioning_provider.get_pooled_embeddings([plain(text)])
        return pooled

    def _compel(self) -> Any:
        from compel import Compel, ReturnedEmbeddingsType  # noqa: PLC0415 - seconds to import

        layer = (
            ReturnedEmbeddingsType.PENULTIMATE_HIDDEN_STATES_NON_NORMALIZED
            if self.penultimate
            else ReturnedEmbeddingsType.LAST_HIDDEN_STATES_NORMALIZED
        )
        return Compel(
            tokenizer=self.tokenizer,
            text_encoder=self.encoder,
            returned_embeddings_type=layer,
            truncate_long_prompts=self.length is not None,
            model_max_length=self.length,
        )


def readable(text: str) -> str:
    """Return `text` as compel reads it; what it cannot parse, such as a lone parenthesis, stands for itself."""
    text = _with_compel_weights(text)
    return text if _parsed(text) is not None else _SYNTAX.sub(r"\\\1", text)


def plain(text: str) -> str:
    """Return the words of `text` without their weights."""
    conjunction = _parsed(_with_compel_weights(text))
    if conjunction is None:
        return text.strip()
    parts = [part for prompt in conjunction.prompts for part in getattr(prompt, "prompts", [prompt])]
    words = [getattr(child, "text", "") for part in parts for child in part.children]
    return " ".join(word.strip() for word in words if word.strip())


@lru_cache(maxsize=64)
def _parsed(text: str) -> Any:
    """Return what compel understands of `text`, or None. Kept, for it takes as long as a small network's step."""
    from compel import Compel  # noqa: PLC0415 - seconds to import
    from compel.prompt_parser import PromptParser  # noqa: PLC0415
    from pyparsing import ParseBaseException  # noqa: PLC0415

    try:
        return Compel.parse_prompt_string(text)
    except (ParseBaseException, PromptParser.ParsingException, ValueError):
        return None


def _with_compel_weights(text: str) -> str:
    return _COLON_WEIGHT.sub(r")\1", text).strip()
