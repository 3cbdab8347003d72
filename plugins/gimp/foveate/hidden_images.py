"""Hidden images of our own, on which frozen pixels lie; those that a killed plug-in left behind are removed."""

from __future__ import annotations

import os

from gi.repository import Gimp

from . import processes

_OWNER = "foveate-shelf"  # the parasite with the process that made it


def make(image: Gimp.Image) -> Gimp.Image:
    """Return an empty image without a window that holds pixels as `image` does."""
    _sweep()
    shelf = Gimp.Image.new_with_precision(
        image.get_width(), image.get_height(), image.get_base_type(), image.get_precision()
    )
    shelf.undo_disable()
    shelf.attach_parasite(Gimp.Parasite.new(_OWNER, 0, list(str(os.getpid()).encode())))
    profile = image.get_color_profile()
    if profile is not None:
        shelf.set_color_profile(profile)
    return shelf


def is_ours(image: Gimp.Image) -> bool:
    """Tell whether an image is one of these."""
    return image.get_parasite(_OWNER) is not None


def _sweep() -> None:
    """Delete the shelves of plug-ins that were killed: GIMP's Cancel gives them no time to do it themselves."""
    if not processes.CAN_TELL:
        return
    for image in Gimp.get_images():
        owner = image.get_parasite(_OWNER)
        if owner is not None and not processes.is_alive(int(bytes(owner.get_data()))):
            image.delete()
