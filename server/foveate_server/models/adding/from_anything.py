"""Adding whatever a person names: a file, a folder, a name on the model hub, or an address."""

from __future__ import annotations

from foveate_server.models.adding.from_hub import add_from_hub, parse_hub_name
from foveate_server.models.adding.from_path import add_path
from foveate_server.models.adding.from_url import add_from_url
from foveate_server.models.adding.make_entry import PLAIN, AddOptions
from foveate_server.models.download_progress import DownloadProgress, silent
from foveate_server.models.entry import ModelEntry
from foveate_server.models.inspect_model import typed_path
from foveate_server.models.registry import Registry
from foveate_shared.errors import ErrorCode, InputError
from foveate_shared.forms.pasted_path import as_typed


def add(registry: Registry, what: str, options: AddOptions = PLAIN, progress: DownloadProgress = silent) -> ModelEntry:
    """Add what `what` names and return its entry; what exists on this machine comes first.

    Raises InputError and ResourceError as the ways of adding do.
    """
    what = as_typed(what)
    path = typed_path(what)
    if path.exists():
        return add_path(registry, path, options, progress)
    if "://" in what:
        return add_from_url(registry, what, options, progress)
    name = parse_hub_name(what)
    if name is not None:
        return add_from_hub(registry, name, options, progress)
    raise InputError(
        "There is no file or folder {what}.",
        code=ErrorCode.INVALID_FILE,
        remedy="Check the path; names on the model hub are written as organisation/name.",
        what=what,
    )
