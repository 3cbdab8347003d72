"""Files from a model hub, through huggingface_hub: its resumption, its mirrors (HF_ENDPOINT) and its login."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from foveate_server.models.entry import ModelEntry
from foveate_server.models.progress import Progress
from foveate_server.models.sources.base import unavailable, unreachable
from foveate_shared.errors import ErrorCode, ResourceError


class HubSource:
    """Fetches files of one repository at a pinned revision."""

    remote = True

    def installed(self, entry: ModelEntry) -> Path | None:
        """Return None: the hub's own cache belongs to other programs."""
        return None

    def fetch(self, entry: ModelEntry, folder: Path, progress: Progress) -> None:
        """Download every file. Private and gated repositories need `hf auth login` beforehand."""
        hub, errors = _import_hub()
        options = entry.source.options
        what = f"{options['repository']} on the model hub"
        for file in entry.files:
            try:
                path = hub.hf_hub_download(
                    options["repository"],
                    file.path,
                    revision=options["revision"],
                    local_dir=folder / "hub",
                    tqdm_class=_reporter(progress, file.size),
                )
            except (errors.GatedRepoError, errors.RepositoryNotFoundError) as error:
                remedy = "Accept its terms on the hub's page if it has any, run `hf auth login`, and try again."
                raise unavailable(what, "it does not exist, or needs a login", remedy) from error
            except (errors.RevisionNotFoundError, errors.RemoteEntryNotFoundError) as error:
                remedy = "Look on the hub whether the file has moved, and correct the model's description."
                raise unavailable(what, f"{file.path} is not in revision {options['revision']}", remedy) from error
            except (errors.LocalEntryNotFoundError, errors.OfflineModeIsEnabled, OSError) as error:
                if isinstance(error, OSError) and error.errno is not None:
                    raise  # of the disk, not of the network
                raise unreachable(what, "no answer") from error
            Path(path).replace(folder / file.name)


def _import_hub() -> tuple[Any, Any]:
    try:
        import huggingface_hub  # noqa: PLC0415 - optional, and slow to import
        from huggingface_hub import errors  # noqa: PLC0415
    except ImportError as error:
        raise ResourceError(
            "Models from the hub need the package huggingface_hub, which is not installed.",
            code=ErrorCode.MODEL_UNAVAILABLE,
            remedy='Install it with: pip install "foveate[server]"',
        ) from error
    return huggingface_hub, errors


def _reporter(progress: Progress, size: int) -> Any:
    """Return a progress bar class, as the hub wants one, that tells `progress` and draws nothing."""
    from tqdm.auto import tqdm  # noqa: PLC0415 - comes with huggingface_hub

    class Reporter(tqdm):  # type: ignore[misc]  # untyped
        def __init__(self, *args: Any, **kwargs: Any) -> None:
            kwargs.pop("name", None)
            self.done = kwargs.get("initial") or 0
            super().__init__(*args, **{**kwargs, "disable": True})

        def update(self, n: float | None = 1) -> bool | None:
            self.done += int(n or 0)
            progress(self.done, size)
            return None

    return Reporter
