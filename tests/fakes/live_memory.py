"""Counts the bytes that torch's tensors hold, at each operation: peaks that do not depend on time or the system."""

from __future__ import annotations

import weakref
from typing import Any

import torch
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves


class LiveMemory(TorchDispatchMode):
    """While it is active, sees every tensor that an operation returns; those from before do not count."""

    def __init__(self, *ignored: torch.Tensor) -> None:
        """`ignored` are tensors whose storage does not count, views of it included."""
        super().__init__()
        self.peak = 0  # bytes
        self._live = 0
        self._seen = {tensor.untyped_storage()._cdata for tensor in ignored}

    def ignore(self, tensor: torch.Tensor) -> torch.Tensor:
        """Leave `tensor`'s storage out from now on; return it."""
        self._seen.add(tensor.untyped_storage()._cdata)
        return tensor

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        """See TorchDispatchMode."""
        known = {leaf.untyped_storage()._cdata for leaf in tree_leaves((args, kwargs)) if _is_plain(leaf)}
        result = func(*args, **(kwargs or {}))
        for leaf in tree_leaves(result):
            if _is_plain(leaf):
                self._count(leaf.untyped_storage(), known)
        return result

    def _count(self, storage: torch.UntypedStorage, known: set[int]) -> None:
        key = storage._cdata
        if key in self._seen or key in known:
            return
        size = storage.nbytes()
        self._seen.add(key)
        self._live += size
        self.peak = max(self.peak, self._live)
        weakref.finalize(storage, self._forget, key, size)

    def _forget(self, key: int, size: int) -> None:
        self._seen.discard(key)
        self._live -= size


def _is_plain(leaf: object) -> bool:
    return isinstance(leaf, torch.Tensor) and leaf.layout is torch.strided
