"""Headers of safetensors files: names, dtypes and shapes of tensors, and metadata, without one byte of the weights."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

from foveate_shared.errors import ErrorCode, InputError
from foveate_shared.i18n.sentence import Sentence

_LENGTH_BYTES = 8  # at the start of a file: how long its header is, little-endian
_MAX_HEADER_BYTES = 100_000_000  # as the format allows
MAX_TENSORS = 65_535  # ten times as many as any model has; telling what a model is looks through them again and again
_MAX_KEY = 512  # characters, three times as many as any model has: each is looked at part by part
_MAX_DEPTH = 32  # dots in one, likewise: each of its beginnings is kept
_MAX_NUMBER = (1 << 63) - 1  # of a shape or an offset
_BITS: Mapping[str, int] = {
    "BOOL": 8, "U8": 8, "I8": 8, "F8_E4M3": 8, "F8_E5M2": 8, "F8_E8M0": 8, "F4": 4, "F6_E2M3": 6, "F6_E3M2": 6,
    "I16": 16, "U16": 16, "F16": 16, "BF16": 16, "I32": 32, "U32": 32, "F32": 32,
    "I64": 64, "U64": 64, "F64": 64, "C64": 64,
}  # fmt: skip

Fetch = Callable[[int, int], bytes]  # (start, length) -> those bytes of a file


@dataclass(frozen=True)
class Tensor:
    """A tensor by its description."""

    dtype: str  # as the format writes it: "F16", "BF16", "F8_E4M3", ...
    shape: tuple[int, ...]

    @property
    def elements(self) -> int:
        """Return how many numbers it holds."""
        return math.prod(self.shape)

    @property
    def size(self) -> int:
        """Return its bytes."""
        return (self.elements * _BITS.get(self.dtype, 8) + 7) // 8


@dataclass(frozen=True)
class Header:
    """What the header of a file, or of several that belong together, tells."""

    tensors: Mapping[str, Tensor]
    metadata: Mapping[str, str] = field(default_factory=dict)

    @cached_property
    def _prefixes(self) -> frozenset[str]:
        """Return every beginning of a key that ends with a dot."""
        found = set()
        for key in self.tensors:
            at = key.find(".")
            while at >= 0:
                found.add(key[: at + 1])
                at = key.find(".", at + 1)
        return frozenset(found)

    def has(self, key: str) -> bool:
        """Tell whether there is a tensor `key`, or one below it where `key` ends with a dot."""
        return key in self._prefixes if key.endswith(".") else key in self.tensors

    def has_part(self, *parts: str) -> bool:
        """Tell whether any key contains one of `parts`."""
        return any(part in key for key in self.tensors for part in parts)

    def shape(self, key: str) -> tuple[int, ...]:
        """Return the shape of the tensor `key`, or () where there is none."""
        tensor = self.tensors.get(key)
        return () if tensor is None else tensor.shape

    def shapes_ending(self, *suffixes: str) -> Iterator[tuple[int, ...]]:
        """Return the shapes of the tensors whose keys end with one of `suffixes`, in the file's order."""
        return (tensor.shape for key, tensor in self.tensors.items() if key.endswith(suffixes))

    def below(self, *prefixes: str) -> Header:
        """Return the tensors below the prefixes, their keys freed of them."""
        return Header(
            {
                key.removeprefix(prefix): tensor
                for key, tensor in self.tensors.items()
                for prefix in prefixes
                if key.startswith(prefix)
            },
            self.metadata,
        )

    @property
    def parameters(self) -> int:
        """Return how many numbers all tensors hold."""
        return sum(tensor.elements for tensor in self.tensors.values())

    @property
    def size(self) -> int:
        """Return the bytes of all tensors."""
        return sum(tensor.size for tensor in self.tensors.values())

    @property
    def dtype(self) -> str:
        """Return the dtype that most of the bytes are in, or an empty text where there are no tensors."""
        sizes: dict[str, int] = {}
        for tensor in self.tensors.values():
            sizes[tensor.dtype] = sizes.get(tensor.dtype, 0) + tensor.size
        return max(sizes, key=lambda dtype: sizes[dtype], default="")


def read_header(path: Path) -> Header:
    """Return the header of the safetensors file at `path`. Raises InputError where it is none, or is cut short."""

    def fetch(start: int, length: int) -> bytes:
        reader.seek(start)
        return reader.read(length)

    with path.open("rb") as reader:
        return parse_header(fetch, path.stat().st_size, path.name)


def parse_header(fetch: Fetch, size: int, name: str) -> Header:
    """Return the header of a safetensors file of `size` bytes that `fetch` reads; raises as :func:`read_header` does.

    Whatever `fetch` raises passes through.
    """
    length = int.from_bytes(fetch(0, _LENGTH_BYTES), "little") if size > _LENGTH_BYTES else 0
    if not 2 <= length <= _MAX_HEADER_BYTES:
        raise damaged(name, "it is no safetensors file")
    if _LENGTH_BYTES + length > size:
        raise damaged(name, "it is cut short")
    text = fetch(_LENGTH_BYTES, length)
    _check_count(name, text.count(b'"data_offsets"'))  # before any of it is read; escapes could hide some
    try:
        document = json.loads(text)
        metadata = {str(key): str(value) for key, value in document.pop("__metadata__", {}).items()}
        _check_count(name, len(document))
        tensors, end = {}, 0
        for key, value in document.items():
            tensors[_short(str(key))], last = _tensor(value)
            end = max(end, last)
    except (ValueError, TypeError, KeyError, AttributeError, IndexError, RecursionError) as error:
        raise damaged(name, "its header is not as the format wants it") from error
    if not tensors:
        raise damaged(name, "it holds no weights")
    if _LENGTH_BYTES + length + end > size:
        raise damaged(name, "it is cut short")
    return Header(tensors, metadata)


def merged(headers: Iterable[Header]) -> Header:
    """Return the header of a model that lies in several files. Raises InputError where they are too many tensors."""
    tensors: dict[str, Tensor] = {}
    metadata: dict[str, str] = {}
    for header in headers:
        tensors.update(header.tensors)
        metadata.update(header.metadata)
        _check_count("The model", len(tensors))
    return Header(tensors, metadata)


def _tensor(value: Mapping[str, Any]) -> tuple[Tensor, int]:
    """Return a tensor, and where its bytes end; raises ValueError where they are not as many as its shape says."""
    tensor = Tensor(str(value["dtype"]), tuple(_number(side) for side in value["shape"]))
    start, end = (_number(offset) for offset in value["data_offsets"])
    if tensor.dtype in _BITS and tensor.size != end - start:
        raise ValueError("shape and offsets contradict each other")
    return tensor, end


def _short(key: str) -> str:
    if len(key) > _MAX_KEY or key.count(".") > _MAX_DEPTH:
        raise ValueError("a key without end")
    return key


def _number(value: object) -> int:
    if type(value) is not int or not 0 <= value <= _MAX_NUMBER:  # neither true nor 1.5 nor infinity
        raise ValueError("no whole number")
    return value


def _check_count(name: str, tensors: int) -> None:
    if tensors > MAX_TENSORS:
        raise damaged(name, Sentence("it lists more than {most:,} tensors", most=MAX_TENSORS))


def damaged(name: str, reason: str) -> InputError:
    """Return the error for a file that cannot be read as what it should be."""
    return InputError(
        "{name} cannot be read as a checkpoint: {reason}.",
        code=ErrorCode.INVALID_FILE,
        remedy="Download it again, or choose another file.",
        name=name,
        reason=Sentence(reason),
    )
