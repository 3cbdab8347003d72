"""The registry as the engine's library."""

from __future__ import annotations

from foveate_server.engines.diffusion.library import Addition, Checkpoint, Files
from foveate_server.models.compatibility import fitting_families
from foveate_server.models.download_progress import DownloadProgress
from foveate_server.models.entry import ModelEntry
from foveate_server.models.registry import Registry
from foveate_shared.errors import ErrorCode, InputError
from foveate_shared.i18n.sentence import Sentence

_PROBLEMS = {
    "diffusion": "The model {name} is no checkpoint.",
    "lora": "The model {name} is no LoRA.",
    "embedding": "The model {name} is no embedding.",
    "vae": "The model {name} is no VAE.",
    "preview": "The model {name} is no small VAE.",
}


class RegisteredLibrary:
    """Implements library.Library over the models that the user added."""

    def __init__(self, registry: Registry) -> None:
        self._registry = registry

    def checkpoint(self, name: str | None) -> Checkpoint:
        """See library.Library."""
        entry = self._registry.default("diffusion") if name is None else self._entry(name, "diffusion")
        return Checkpoint(entry.name, entry.sha256, entry.family, entry.size, entry.facts)

    def files(self, name: str, progress: DownloadProgress) -> Files:
        """See library.Library."""
        entry = self._entry(name, "diffusion")
        if entry.is_folder:
            return Files(self._registry.folder(name, progress))
        path, config = self._registry.path(name, progress), self._registry.config_folder(name, progress)
        return Files(path, config, self._registry.part_folders(name, progress))

    def addition(self, name: str, kind: str, progress: DownloadProgress) -> Addition:
        """See library.Library."""
        entry = self._entry(name, kind)
        path = self._registry.folder(name, progress) if entry.is_folder else self._registry.path(name, progress)
        return Addition(entry.name, entry.sha256, fitting_families(entry), path, entry.facts)

    def previews(self, family: str) -> list[str]:
        """See library.Library."""
        found = [entry for entry in self._registry.entries() if entry.kind == "preview"]
        fitting = [entry for entry in found if family in fitting_families(entry) and self._registry.is_available(entry)]
        return [entry.name for entry in sorted(fitting, key=lambda entry: not entry.family)]

    def _entry(self, name: str, kind: str) -> ModelEntry:
        entry = self._registry.entry(name, wanted=kind)
        if entry.kind != kind:
            known = [other.name for other in self._registry.entries() if other.kind == kind]
            raise InputError(
                _PROBLEMS[kind],
                code=ErrorCode.UNKNOWN_MODEL,
                remedy=Sentence("Choose one of {names}.", names=", ".join(known))
                if known
                else "Bring one: foveate models add.",
                name=name,
            )
        return entry
