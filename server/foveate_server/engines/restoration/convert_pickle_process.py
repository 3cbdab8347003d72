"""Writes the weights in a pickle as safetensors: `python -m` this module `FILE TARGET`.

Weights alone are read: a pickle that names anything else is refused, never run. Answers in JSON, as the inspector does.
"""

from __future__ import annotations

import json
import pickle
import sys
import warnings
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from foveate_server import json_records
from foveate_server.lasting_imports import lasting_imports
from foveate_shared.errors import ErrorCode, FoveateError, InputError
from foveate_shared.i18n.sentence import Sentence

with lasting_imports():
    import torch
    from safetensors.torch import save_file
    from torch import Tensor

_WRAPPERS = ("state_dict", "model", "module", "string_to_param")
_EMBEDDING = "string_to_param"  # of a textual inversion: {"*": vectors}


def convert(path: Path, target: Path) -> None:
    """Write the tensors in the pickle at `path` to `target`. Raises InputError where there is anything else to run."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of old formats, which load all the same or are refused below
            data = torch.load(path, map_location="cpu", weights_only=True)
    except pickle.UnpicklingError as error:
        raise _unusable(path, "it holds more than weights, and running code from a file is not safe") from error
    except (OSError, RuntimeError, EOFError, ValueError, KeyError) as error:
        raise _unusable(path, "it is damaged, or not a checkpoint at all") from error
    tensors = _tensors(data)
    if not tensors:
        raise _unusable(path, "it holds no weights")
    save_file(tensors, target, metadata={"format": "pt"})


def _tensors(data: Any) -> dict[str, Tensor]:
    """Return the tensors in what was saved, each with memory of its own, as safetensors want them."""
    if not isinstance(data, Mapping):
        return {}
    for wrapper in _WRAPPERS:
        if isinstance(data.get(wrapper), Mapping):
            inner = _tensors(data[wrapper])
            return {"emb_params": next(iter(inner.values()))} if wrapper == _EMBEDDING and inner else inner
    return {str(key): value.detach().clone().contiguous() for key, value in data.items() if isinstance(value, Tensor)}


def _unusable(path: Path, reason: str) -> InputError:
    return InputError(
        "The file {name} cannot be used: {reason}.",
        code=ErrorCode.INVALID_FILE,
        remedy="Look for the same as .safetensors.",
        name=path.name,
        reason=Sentence(reason),
    )


def main(path: Path, target: Path) -> dict[str, Any]:
    """Return an empty object, or the error under "error"."""
    try:
        convert(path, target)
    except FoveateError as error:
        return {"error": json_records.to_json(error.info)}
    return {}


if __name__ == "__main__":
    sys.stdout.write(json.dumps(main(Path(sys.argv[1]), Path(sys.argv[2]))))
