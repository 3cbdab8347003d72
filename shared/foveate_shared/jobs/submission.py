"""What submits a job: the message, made out of the frozen document and pictures, and the bytes of their profiles."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from ..wire.protocol import DOCUMENT, Blob, Document, JsonObject, Profile, Submit
from .host import Snapshot
from .named_pictures import FrozenPicture
from .window_answers import FlowClient


@dataclass(frozen=True)
class JobSubmission:
    """A job as it is submitted, as often as that is needed."""

    job: str
    operation: str
    parameters: JsonObject
    priority: int
    snapshot: Snapshot | None  # None where the operation takes no document
    pictures: Mapping[str, FrozenPicture]  # by name

    def send(self, connection: FlowClient) -> None:
        """Submit it over `connection`."""
        profiles = {name: picture.icc for name, picture in self.pictures.items() if picture.icc}
        if self.snapshot and self.snapshot.icc:
            profiles = {DOCUMENT: self.snapshot.icc, **profiles}  # the order in which the message declares them
        if profiles:
            connection.send(
                lambda *blobs: self._message(dict(zip(profiles, blobs, strict=True))),
                tuple(profiles.values()),
                job=self.job,
            )
        else:
            connection.post(self._message({}))

    def _message(self, profiles: Mapping[str, Blob]) -> Submit:
        """Return the message; `profiles` declares ICC profiles by source."""
        document, selection = None, None
        if self.snapshot:
            icc, snapshot = profiles.get(DOCUMENT), self.snapshot
            profile = Profile(icc=icc) if icc else Profile(space=snapshot.space or "srgb")
            document, selection = Document(snapshot.extent, snapshot.format, profile), snapshot.selection
        pictures = tuple(picture.described(name, profiles.get(name)) for name, picture in self.pictures.items())
        return Submit(self.job, self.operation, document, selection, self.parameters, self.priority, pictures)
