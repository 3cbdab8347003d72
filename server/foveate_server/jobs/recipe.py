"""The recipe of a finished job: what makes the same result again (PROTOCOL.md, "The recipe")."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import cast

from foveate_server.operations.parameters.roles import EMBEDDINGS, LORAS, MODEL, PINNED, VAE, VARIANTS, Roles
from foveate_server.spool.database_rows import WindowRow
from foveate_shared.wire.codec import blobs_of, encode, with_blobs
from foveate_shared.wire.protocol import DOCUMENT, Document, Json, JsonObject, NamedPicture, Profile, Submit, as_object

_NAMING = (MODEL, LORAS, EMBEDDINGS, VAE)  # roles of parameters that name models
_VARIANTS = "variants"  # in what items tell: by number


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
    """Return the SHA-256 of what is submitted: equal for a repetition, whatever numbers its profiles' blobs have."""
    return hashlib.sha256(encode(_counted(submit)).encode()).hexdigest()


def merge(recipe: JsonObject, part: JsonObject) -> JsonObject:
    """Return what is known so far together with what another item tells; each variant of a compare tells its own."""
    variants = {**as_object(recipe.get(_VARIANTS)), **as_object(part.get(_VARIANTS))}
    return {**recipe, **part, **({_VARIANTS: variants} if variants else {})}


def complete(
    part: JsonObject,
    submit: Submit,
    parameters: JsonObject,
    windows: Iterable[WindowRow],
    version: str,
    *,
    roles: Roles,
) -> JsonObject:
    """Return the whole recipe. `part` is what the items told: model, device, and the values to pin.

    `roles` are those of the operation's parameters; of one that is gone, none.
    """
    fields = json.loads(encode(_counted(submit)))
    told = dict(part)
    variants = as_object(told.pop(_VARIANTS, None))
    if variants:
        parameters = _with_variants(parameters, variants, roles)
        told[_VARIANTS] = _told_of(len(roles.items(parameters, VARIANTS)), variants)
    pinned = told.pop("pinned", None)
    parameters = {**as_object(told.pop("sampling", None)), **parameters}
    return {
        "foveate": version,
        "operation": submit.operation,
        "parameters": {**parameters, roles.by_role.get(PINNED, PINNED): pinned} if pinned else parameters,
        "document": _with_profile(submit.document, fields["document"]) if submit.document else None,
        **_pictures(submit, fields),
        "selection": fields["selection"],
        "inputs": [_input(window) for window in windows],
        **told,
    }


def _with_variants(parameters: JsonObject, variants: JsonObject, roles: Roles) -> JsonObject:
    """Return the parameters of a compare, each variant with the values that it used; `variants` by number, from 1.

    Where each names its model itself, with all that is added to it, those of the job need not be there for a replay.
    """
    own, found = Roles.of(roles.variant), []
    for number, variant in enumerate(roles.items(parameters, VARIANTS), 1):
        part = as_object(variants.get(str(number)))
        pinned: JsonObject = {own.by_role.get(PINNED, PINNED): part["pinned"]} if part.get("pinned") else {}
        found.append({**as_object(part.get("sampling")), **variant, **pinned})
    naming = roles.names(*_NAMING) if all(own.told(variant, MODEL) for variant in found) else set()
    kept = {name: value for name, value in parameters.items() if name not in naming}
    return {**kept, roles.by_role.get(VARIANTS, VARIANTS): list(found)}


def _told_of(count: int, variants: JsonObject) -> list[Json]:
    """Return what each variant was made with, in their order; an empty object of one that failed."""
    parts = [as_object(variants.get(str(number + 1))) for number in range(count)]
    return [{name: part[name] for name in ("label", "model", "additions") if name in part} for part in parts]


def _listed(value: Json) -> list[Json]:
    return value if isinstance(value, list) else []


def _counted(submit: Submit) -> Submit:
    return with_blobs(submit, (replace(blob, id=number) for number, blob in enumerate(blobs_of(submit), 1)))


def _pictures(submit: Submit, fields: JsonObject) -> JsonObject:
    written = _listed(fields.get("pictures"))
    pictures = [_with_profile(*pair) for pair in zip(submit.pictures, map(as_object, written), strict=bool(written))]
    return {"pictures": cast("Json", pictures)} if pictures else {}


def _with_profile(source: Document | NamedPicture, fields: JsonObject) -> JsonObject:
    return {**fields, "profile": _profile(source.profile)}


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
        **({"source": window.source} if window.source != DOCUMENT else {}),
    }
