"""Opening an ONNX model on the CPU."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime
from numpy.typing import NDArray

from foveate_shared.errors import ErrorCode, ResourceError

_ERRORS_ONLY = 3  # onnxruntime's log level


class OnnxSession:
    """A model with its weights loaded and one input. Not safe for use from several threads at once."""

    def __init__(
        self,
        path: Path,
        threads: int,
        *,
        problem: str,
        name: str,
        prepare: Callable[[bytes], bytes] = lambda model: model,
    ) -> None:
        """Load the file at `path`, changed by `prepare`; `threads` 0 leaves their number to onnxruntime.

        `problem` is what to say, with {path}, where that fails; `name` is the registry's. Raises ResourceError
        (MODEL_UNAVAILABLE) where the file cannot be read or is no such model.
        """
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads
        options.log_severity_level = _ERRORS_ONLY
        try:
            model = prepare(path.read_bytes())
            self._session = onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])
        except Exception as error:  # onnxruntime raises classes of its own, all derived from Exception alone
            raise ResourceError(
                problem,
                code=ErrorCode.MODEL_UNAVAILABLE,
                remedy="Delete the file and let it be fetched again: foveate models pull {name}.",
                path=path.name,
                name=name,
            ) from error
        self._input = self._session.get_inputs()[0].name

    def run(self, values: NDArray[np.float32]) -> list[Any]:
        """Return the outputs for one input, a float32 array of the model's shape, in the model's order."""
        outputs: list[Any] = self._session.run(None, {self._input: values})
        return outputs
