"""All that this extension uses of `foveate_shared`: the copy in its bundle, else the one that is installed."""

import importlib.util

if importlib.util.find_spec(f"{__package__}.foveate_shared"):
    from .foveate_shared.editor.for_plugins import *  # noqa: F403
elif importlib.util.find_spec("foveate_shared"):
    from foveate_shared.editor.for_plugins import *  # noqa: F403
else:
    raise ImportError(
        "Foveate's shared part is missing. Install the extension again, from the complete foveate zip file or with "
        "`foveate plugins install blender`"
    )
