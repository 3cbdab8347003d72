"""Where a new image goes: into the editor that asked, optionally in the place of the old one; and one undo step."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import bpy

from . import buffers
from .kept_view import show_same_part

_ANY = -1


@dataclass
class Swap:
    """Editors that show a new image instead of an old one. Undo does not know of editors, so we do."""

    old: int | str
    new: int | str
    areas: tuple[int, ...]  # pointers, to compare with only
    as_large: bool  # as the old one is the new one: what was seen of it stays so
    undone: bool = False


@dataclass(frozen=True)
class ResultPlacement:
    """Shows a result."""

    title: str  # of the undo step
    image: int | str  # the old image, a :func:`buffers.reference`
    area: int  # pointer of the editor that asked, 0: none, _ANY: those that show the old image
    replace_users: bool  # materials, brushes, all of them
    swaps: list[Swap]  # is added to

    def __call__(self, new: bpy.types.Image) -> None:
        """Show `new` and push one undo step."""
        old = buffers.find(self.image)
        as_large = old is not None and tuple(old.size) == tuple(new.size)
        editors = [(window, area) for window, area in image_editors() if self._is_meant(area, old)]
        for window, area in editors:
            _show(window, area, new, as_large and area.spaces.active.image is not None)
        remaps = self.replace_users and old is not None and old.source not in {"VIEWER", "TILED"}
        if remaps:
            old.user_remap(new)  # with the fake user
        if editors or remaps:
            _keep(old)
        pointers = tuple(area.as_pointer() for _, area in editors)
        self.swaps.append(Swap(self.image, buffers.reference(new), pointers, as_large))
        if not bpy.app.background:
            if not as_large:
                show_all([area for _, area in editors])
            bpy.ops.ed.undo_push(message=self.title)

    def instead_of(self, old: bpy.types.Image | None) -> ResultPlacement:
        """Return where the result goes now that the image is `old`: another datablock, or gone.

        Where its file was opened again, editors are others too: those that show it are meant. Where it is gone, that in
        which a person pressed a button just now.
        """
        if old is None:
            here = bpy.context.area
            is_pressed = here is not None and here.type == "IMAGE_EDITOR"
            return placement_here(self.title, self.swaps) if is_pressed else self
        if buffers.reference(old) == self.image:
            return self
        return replace(self, image=buffers.reference(old), area=self.area and _ANY)

    def _is_meant(self, area: bpy.types.Area, old: bpy.types.Image | None) -> bool:
        if self.area == _ANY:
            return area.spaces.active.image == old
        if self.replace_users and old is not None and area.spaces.active.image == old:
            return True
        return area.as_pointer() == self.area and area.spaces.active.image in {old, None}


def _keep(image: bpy.types.Image | None) -> None:
    """Give an image whose place was taken a fake user: Blender does not save, and so forgets, what nothing uses."""
    if image is not None and image.source != "VIEWER" and image.library is None:  # a library keeps its own
        image.use_fake_user = True


def placement_here(title: str, swaps: list[Swap]) -> ResultPlacement:
    """Return the placement in the editor in which a button was pressed, instead of what that shows."""
    area = bpy.context.area
    if area is None or area.type != "IMAGE_EDITOR":
        return ResultPlacement(title, "", 0, False, swaps)
    shown = area.spaces.active.image
    return ResultPlacement(title, buffers.reference(shown) if shown else "", area.as_pointer(), False, swaps)


def image_editors() -> Iterator[tuple[bpy.types.Window, bpy.types.Area]]:
    """Return all open image editors, with their windows."""
    for window in bpy.context.window_manager.windows:
        yield from ((window, area) for area in window.screen.areas if area.type == "IMAGE_EDITOR")


def main_region(area: bpy.types.Area) -> bpy.types.Region:
    """Return the region of an image editor that shows the image."""
    return next(region for region in area.regions if region.type == "WINDOW")


def show_all(areas: Sequence[bpy.types.Area]) -> None:
    """Let image editors show all of their image: it has another size than the one before."""
    for window, area in image_editors():
        if area in areas:
            with bpy.context.temp_override(window=window, area=area, region=main_region(area)):
                bpy.ops.image.view_all(fit_view=True)


def redraw_editors(*kinds: str) -> None:
    """Let panels show what is new: those of image editors, and of other `kinds` of editors."""
    for window in bpy.context.window_manager.windows:
        for area in window.screen.areas:
            if area.type in {"IMAGE_EDITOR", *kinds}:
                area.tag_redraw()


def after_undo(swaps: list[Swap]) -> None:
    """Show the old image again where undo took the new one away, and the new one where redo brought it back."""
    for swap in swaps:
        old, new = buffers.find(swap.old), buffers.find(swap.new)
        if new is None and not swap.undone:
            swap.undone = True
            _exchange(swap, None, old)
        elif new is not None and swap.undone:
            swap.undone = False
            _exchange(swap, old, new)


def _exchange(swap: Swap, shown: bpy.types.Image | None, instead: bpy.types.Image | None) -> None:
    for window, area in image_editors():
        if area.as_pointer() in swap.areas and area.spaces.active.image == shown:
            _show(window, area, instead, swap.as_large)


def _show(window: bpy.types.Window, area: bpy.types.Area, image: bpy.types.Image | None, as_large: bool) -> None:
    if image is not None and as_large and not bpy.app.background:
        show_same_part(window, area, main_region(area), image)
    else:
        area.spaces.active.image = image
