"""Finds faces with CenterFace (Xu et al. 2019) in photos of any size: search widely, then look at each find closely."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from foveate_server.engines.contract import Ticker
from foveate_server.engines.detection.decode import Maps, decode, is_plausible
from foveate_server.engines.detection.merge import is_near, merge
from foveate_server.engines.detection.onnx_session import OnnxSession
from foveate_server.engines.detection.onnx_shapes import free_shapes
from foveate_server.engines.detection.search import CLOSE_SIDE, DetectorView, close_view, searched_areas, turned, views
from foveate_server.engines.values import Face, Image
from foveate_shared.geometry import Extent, ceil_to_multiple

_PROBLEM = "The face detector in {path} cannot be loaded."
_STAGE = "Looking for faces"
_MULTIPLE = 32  # pixels: the network halves its input five times
_CANDIDATE_SCORE = 0.3  # in the search; a close look decides
_CLOSE_AREA = 4 * CLOSE_SIDE**2  # pixels of a close look that needs no others
_SURE_SCORE = 0.65  # a close look in the four straight directions that gives this much needs no others


@dataclass
class _Progress:
    """How far a detection is, by the pixels that the network sees; the more finds, the more close looks will follow."""

    ticker: Ticker
    total: int  # pixels of the search
    searched: int = 0  # pixels
    _shown: float = 0.0  # a find more makes what is left longer, and no progress runs backwards

    def report(self, candidates: int, looked: int = 0) -> None:
        """Tell that `looked` of the `candidates` known by now were looked at closely. Raises CancelledJobError."""
        self.ticker.give_way()
        fraction = (self.searched + looked * _CLOSE_AREA) / (self.total + candidates * _CLOSE_AREA)
        self._shown = max(self._shown, min(1.0, fraction))
        self.ticker.progress(_STAGE, self._shown)


class CenterFace:
    """The detector with its weights loaded. Not safe for use from several threads at once."""

    def __init__(self, path: Path, threads: int = 0) -> None:
        """Load the ONNX file at `path`; `threads` 0 leaves their number to onnxruntime.

        Raises ResourceError (MODEL_UNAVAILABLE) where the file cannot be read or is no such model.
        """
        self._session = OnnxSession(path, threads, problem=_PROBLEM, name="centerface", prepare=free_shapes)

    def detect(self, image: Image, min_score: float, ticker: Ticker) -> list[Face]:
        """Return the faces in `image`, (height, width, 3) sRGB-encoded in 0..1, best first, without duplicates.

        Found are faces from about 16 pixels up to one that fills the frame, upright, tilted, sideways and upside down.
        Boxes are upright rectangles and may reach out of the image. Of the eyes, and of the mouth's corners, that one
        comes first which is left when the face stands upright. Raises what the ticker raises.
        """
        progress = _Progress(ticker, sum(searched_areas(Extent(image.shape[1], image.shape[0]))))
        candidates = self._search(image, min(min_score, _CANDIDATE_SCORE), progress)
        confirmed = []
        for index, candidate in enumerate(candidates):
            progress.report(len(candidates), index)
            confirmed += self._look_closely(image, candidate, min_score)
        progress.report(len(candidates), len(candidates))
        return merge(confirmed)

    def _search(self, image: Image, min_score: float, progress: _Progress) -> list[Face]:
        found: list[Face] = []
        for view in views(image):
            progress.report(len(merge(found)))
            found += (view.placement.to_image(face) for face in decode(self._run(view.pixels), min_score))
            progress.searched += view.pixels.shape[0] * view.pixels.shape[1]
        return merge(found)

    def _look_closely(self, image: Image, candidate: Face, min_score: float) -> list[Face]:
        """Return the candidate as it is seen best, at its own scale and the right way up; empty where it is no face."""
        close = close_view(image, candidate)
        seen = self._look_around(close, candidate, diagonal=False)
        if not any(face.score >= _SURE_SCORE for face in seen):
            seen += self._look_around(close, candidate, diagonal=True)
        seen = [face for face in seen if face.score >= min_score]
        return [max(seen, key=lambda face: face.score)] if seen else []

    def _look_around(self, close: DetectorView, candidate: Face, *, diagonal: bool) -> list[Face]:
        found: list[Face] = []
        for view in turned(close, diagonal=diagonal):
            faces = (face for face in decode(self._run(view.pixels), _CANDIDATE_SCORE) if is_plausible(face))
            found += (close.placement.to_image(view.placement.to_image(face)) for face in faces)
        # In a group, a neighbour may be in view and score higher.
        return [face for face in found if is_near(face, candidate)]

    def _run(self, image: Image) -> Maps:
        height, width = image.shape[:2]
        shape = (ceil_to_multiple(height, _MULTIPLE), ceil_to_multiple(width, _MULTIPLE), 3)
        padded = np.zeros(shape, np.float32)  # black beyond the edges, as in the network's training
        padded[:height, :width] = np.clip(image, 0, 1) * np.float32(255)
        heat, log_size, offset, landmarks = self._session.run(padded.transpose(2, 0, 1)[None])
        return Maps(heat[0, 0], log_size[0], offset[0], landmarks[0])
