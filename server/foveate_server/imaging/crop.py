"""Which part of the document an operation looks at: the selection with context around it."""

from __future__ import annotations

from foveate_shared.errors import ErrorCode, InputError
from foveate_shared.geometry import Bounds, Extent

#: The short side of a crop is at least this share of its long side: models know few pictures longer than 2 to 1.
_LEAST_ASPECT = 0.5


def require_region(region: Bounds, document: Extent) -> None:
    """Raise unless `region` holds pixels and lies within the document.

    Parameters
    ----------
    region : Bounds
        In document pixels.
    document : Extent
        In pixels.

    Raises
    ------
    InputError
        INVALID_REGION.
    """
    if region.is_empty:
        raise InputError(
            "The selected region holds no pixel.",
            code=ErrorCode.INVALID_REGION,
            remedy="Select a region that is at least 1 pixel wide and high.",
        )
    if not document.bounds.contains(region):
        raise InputError(
            "The region {width} x {height} at ({x}, {y}) reaches out of the document, which is {full_width} x "
            "{full_height}.",
            code=ErrorCode.INVALID_REGION,
            remedy="Select a region within the document.",
            width=region.width,
            height=region.height,
            x=region.x,
            y=region.y,
            full_width=document.width,
            full_height=document.height,
        )


def context_margin(region: Bounds) -> int:
    """Return how many pixels of surroundings a model should see on each side of `region`.

    Parameters
    ----------
    region : Bounds
        In document pixels.

    Returns
    -------
    margin : int
        In document pixels, 1 at least: the larger of a sixteenth of the longer side and half of the mean side.

    Notes
    -----
    About three quarters of the crop of a compact selection are surroundings then. The rule is that of
    krita-ai-diffusion [1]_.

    References
    ----------
    .. [1] https://github.com/Acly/krita-ai-diffusion
    """
    longest = max(region.width, region.height)
    mean_side = (region.width + region.height) / 2
    return max(1, round(max(longest / 16, mean_side / 2)))


def context_window(region: Bounds, document: Extent, *, minimum: int = 0) -> Bounds:
    """Return the window that shows `region` with context.

    Parameters
    ----------
    region : Bounds
        In document pixels.
    document : Extent
        In pixels.
    minimum : int, optional
        Pixels that each side of the window has at least, where the document allows: a model's native size.

    Returns
    -------
    window : Bounds
        In document pixels, within the document. Its short side is at least half of its long one where the document
        allows. At a border of the document it shifts inwards rather than shrinks.

    Raises
    ------
    InputError
        INVALID_REGION where `region` is empty or reaches out of the document.
    """
    require_region(region, document)
    padded = region.pad(context_margin(region)).extent
    least = max(minimum, round(max(padded.width, padded.height) * _LEAST_ASPECT))
    wanted = Extent(max(padded.width, least), max(padded.height, least))
    return region.resized_within(wanted, document)
