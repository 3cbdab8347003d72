"""The recipe of a finished job: what makes the same result again (PROTOCOL.md, "The recipe")."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from dataclasses import dataclass, replace

from foveate_server.spool.rows import WindowRow
from foveate_shared.codec import encode
from foveate_shared.protocol import Json, JsonObject, Profile, Submit


@dataclass(frozen=True)
class EngineUse:
    """What the newest item ran with, for the status page."""

    device: str = "not used yet"
    model: str | None = None

    def then(self, part: JsonObject) -> EngineUse:
        """Return what is known after an item whose part of the recipe is `part`."""
        device, model = part.get("device"), part.get("model")
        name = model.get("name") if isinstance(model, dict) else None
        return EngineUse(
            device if isinstance(device, str) else self.device, name if isinstance(name, str) else self.model
        )


def content_hash(submit: Submit) -> str:
    """Return the SHA-256 of what is submitted: equal for a repetition, whatever number its profile's blob has."""
    return hashlib.sha256(encode(_with_first_blob(submit)).encode()).hexdigest()


def merge(recipe: JsonObject, part: JsonObject) -> JsonObject:
    """Return what is known so far together with what another item tells."""
    return {**recipe, **part}


def complete(
    part: JsonObject, submit: Submit, parameters: JsonObject, windows: Iterable[WindowRow], version: str
) -> JsonObject:
    """Return the whole recipe. `part` is what the items told: model, device, and the values to pin."""
    fields = json.loads(encode(_with_first_blob(submit)))
    told = dict(part)
    pinned, used = told.pop("pinned", None), told.pop("sampling", None)
    if isinstance(used, dict):
        parameters = {**used, **parameters}
    return {
        "foveate": version,
        "operation": submit.operation,
        "parameters": {**parameters, "pinned": pinned} if pinned else parameters,
        "document": {**fields["document"], "profile": _profile(submit.document.profile)},
        "selection": fields["selection"],
        "inputs": [_input(window) for window in windows],
        **told,
    }


def _with_first_blob(submit: Submit) -> Submit:
    profile = submit.document.profile
    if profile.icc is None:
        return submit
    document = replace(submit.document, profile=Profile(icc=replace(profile.icc, id=1)))
    return replace(submit, document=document)


def _profile(profile: Profile) -> Json:
    if profile.icc is None:
        return {"space": profile.space}
    return {"icc": {"size": profile.icc.size, "sha256": profile.icc.sha256}}


def _input(window: WindowRow) -> Json:
    bounds, extent = window.bounds, window.extent
    return {
        "window": window.id,
        "bounds": [bounds.x, bounds.y, bounds.width, bounds.height],
        "extent": [extent.width, extent.height],
        "pixels": window.pixels_sha256,
        "coverage": window.coverage_sha256,
    }
