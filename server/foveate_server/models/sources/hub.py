"""Files from a model hub: at a pinned commit, resumed, and no byte of what is there already."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

import requests

from foveate_server.models.download_progress import DownloadProgress, Shifted, begin_file
from foveate_server.models.entry import ModelEntry
from foveate_server.models.family_configurations import COMPONENT
from foveate_server.models.hub_file_selection import INDEX, FileSelection, select
from foveate_server.models.sources.contract import unavailable
from foveate_server.models.sources.download import fetch
from foveate_server.models.sources.hub_client import HubClient, Repository
from foveate_server.models.sources.repository import RepositoryFolder
from foveate_shared.errors import ResourceError
from foveate_shared.i18n.sentence import Sentence


class HubSource:
    """Fetches files of one repository at a pinned revision.

    The library's own downloads keep nothing of one that broke off, and gigabytes are dear: it says where the bytes are
    and with what login, and we fetch them.
    """

    remote = True

    def __init__(self, client: HubClient | None = None) -> None:
        """`client` is how the hub is asked."""
        self._client = HubClient() if client is None else client

    def installed(self, entry: ModelEntry) -> Path | None:
        """Return None: the hub's own cache belongs to other programs."""
        return None

    def fetch(self, entry: ModelEntry, folder: Path, progress: DownloadProgress) -> None:
        """Download every file. Private and gated repositories need `hf auth login` beforehand."""
        options = entry.source.options
        done = 0
        with requests.Session() as session:
            for number, file in enumerate(entry.files, 1):
                begin_file(progress, number, len(entry.files))
                target = folder / file.name
                if not (target.is_file() and target.stat().st_size == file.size):
                    target.parent.mkdir(parents=True, exist_ok=True)
                    at = self._client.download_of(options["repository"], options["revision"], file.path, file.size)
                    fetch(session, replace(at, size=file.size), target, Shifted(progress, done, entry.size))
                done += file.size

    def resolved(self, entry: ModelEntry, folder: Path, progress: DownloadProgress) -> ModelEntry:
        """Return the entry of a configuration, or of a part, with its commit and files; the small ones lie in `folder`.

        Its source names a `repository`, with `otherwise` others for when that is gone, and with `component` a part.
        """
        if entry.files:
            return entry
        options = entry.source.options
        repository = self._first([options["repository"], *options.get("otherwise", "").split()])
        index = RepositoryFolder(self._client, repository)
        component = options.get(COMPONENT, "")
        chosen = _chosen(index, component)
        if not chosen.components or (component and not chosen.weights):
            what = Sentence("{repository} on the model hub", repository=repository.id)
            missing = component or Sentence("configuration")
            reason = Sentence("it has no {component}", component=missing)
            raise unavailable(what, reason, "Name a folder or model that has it with --config.")
        files = index.bring(chosen.paths, folder, progress)
        source = replace(entry.source, options={"repository": repository.id, "revision": repository.commit})
        return replace(entry, files=files, source=source, license=entry.license or repository.license)

    def _first(self, names: Iterable[str]) -> Repository:
        """Return the first repository of `names` that is there; raises what the first one raised."""
        problems = []
        for name in names:
            found = self._try(name)
            if isinstance(found, Repository):
                return found
            problems.append(found)
        raise problems[0]

    def _try(self, name: str) -> Repository | ResourceError:
        try:
            return self._client.look_up(name)
        except ResourceError as error:
            return error


def _chosen(index: RepositoryFolder, component: str) -> FileSelection:
    """Return a repository's configuration alone, or the weights and the configuration of one component."""
    if not component:
        return select(index.paths(), index.json(INDEX), checker=False, weights=False)
    paths = [path for path in index.paths() if path.startswith(f"{component}/")]
    return select(paths, index.json(INDEX), checker=False)
