"""Tells whether a picture is indecent, with Open NSFW (Yahoo, 2016): for owners of servers that others use, too."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image as Pictures

from foveate_server.engines.detection.onnx_session import OnnxSession
from foveate_server.engines.values import Image

_PROBLEM = "The safety classifier in {path} cannot be loaded."
_RESIZED = 256  # pixels: the network was trained on pictures squeezed into this square, whatever their shape
_CROPPED = 224  # pixels of its middle that the network sees
_MEAN_BGR = np.array([104.0, 117.0, 123.0], np.float32)  # of the training pictures, in levels of 255
_COARSE = 12  # px: longest side of what is left of a concealed picture


class SafetyClassifier:
    """The classifier with its weights loaded. Not safe for use from several threads at once."""

    def __init__(self, path: Path, threads: int = 0) -> None:
        """Load the ONNX file at `path`; `threads` 0 leaves their number to onnxruntime.

        Raises ResourceError (MODEL_UNAVAILABLE) where the file cannot be read or is no such model.
        """
        self._session = OnnxSession(path, threads, problem=_PROBLEM, name="open-nsfw")

    def score(self, image: Image) -> float:
        """Return how indecent `image` is, 0 to 1: (height, width, 3), sRGB-encoded in 0..1, of any size."""
        [[_, indecent]] = self._session.run(prepared(image)[np.newaxis])[0]
        return float(indecent)


def prepared(image: Image) -> NDArray[np.float32]:
    """Return `image` as the network was trained to see pictures: (224, 224, 3) float32, BGR, without their mean.

    They were JPEG files, and their artefacts are part of what it knows: a trip through JPEG changes scores by percents.
    """
    levels = (np.clip(np.nan_to_num(image), 0.0, 1.0) * 255.0 + 0.5).astype(np.uint8)
    small = Pictures.fromarray(levels).resize((_RESIZED, _RESIZED), Pictures.Resampling.BILINEAR)
    file = io.BytesIO()
    small.save(file, "JPEG")
    with Pictures.open(file) as decoded:
        pixels = np.asarray(decoded.convert("RGB"), np.float32)
    edge = (_RESIZED - _CROPPED) // 2
    return np.ascontiguousarray(pixels[edge : edge + _CROPPED, edge : edge + _CROPPED, ::-1] - _MEAN_BGR)


def concealed(image: Image) -> Image:
    """Return what shows no more than the colours of `image`, of the same shape (height, width, 3), float32."""
    height, width = image.shape[:2]
    ratio = min(1.0, _COARSE / max(height, width))
    coarse = (max(1, round(width * ratio)), max(1, round(height * ratio)))
    planes = []
    for channel in range(image.shape[2]):
        plane = Pictures.fromarray(np.ascontiguousarray(image[:, :, channel], np.float32), mode="F")
        blurred = plane.resize(coarse, Pictures.Resampling.BOX).resize((width, height), Pictures.Resampling.BILINEAR)
        planes.append(np.asarray(blurred, np.float32))
    return np.stack(planes, axis=2)
