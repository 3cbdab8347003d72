"""Faces, found by CenterFace."""

from __future__ import annotations

from foveate_server.engines.contract import Detector, Find, ModelFiles
from foveate_server.engines.values import Face


def _create(files: ModelFiles) -> Find[Face]:
    from foveate_server.engines.detection.centerface import CenterFace  # noqa: PLC0415 - onnxruntime only where it is needed

    return CenterFace(files.default_path("centerface"), files.threads).detect


FACES = Detector(
    name="faces",
    title="Faces",
    summary="Find the faces.",
    looking="Looking for faces",
    looking_part="Looking for faces, {index} of {count}",
    found="{count} faces were found.",
    found_one="1 face was found.",
    none="No face was found. A lower certainty may find faces that are small, turned or covered.",
    finding=Face,
    create=_create,
)
