"""How blurred a crop is: estimated from its pixels alone, as the standard deviation of a Gaussian in pixels.

The energy of gradients, measured at scale s (derivatives of a Gaussian of sigma s), falls as (s^2 + sigma^2)^-p where
sigma is the blur already in the picture; p is 1/2 for lone edges and 1 for the average spectrum of natural images
(energy ~ 1/f^2). The ratio of two scales therefore gives sigma. Averages over the busy part of the crop make it
robust, and the noise's share, known from the finest diagonal differences, is taken off. See benchmarks/blur.py for
its errors.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import scipy

from foveate_server.imaging.color import luma
from foveate_server.imaging.samples import FloatArray

SHARPEST = 0.5  # pixels: what is read from pictures that are as sharp as their sampling
BLURRIEST = 12.0  # pixels: beyond the reach of the scales below

_SCALES = (0.6, 0.85, 1.2, 1.7, 2.4, 3.4, 4.8, 6.8, 9.6)  # pixels
_STEP = 3  # a scale is compared with the third one after it, nearly three times as wide
_BUSY_SHARE = 0.4  # of the pixels, by the gradient at the wider scale
_EXPONENT = 0.75  # p, between lone edges and the average spectrum
_SIGNAL_TO_NOISE = 3.0  # in energy: the finest scale that has it is trusted
_ROUNDING = 0.3 / 255  # noise that any 8-bit picture has
_LARGEST_SIDE = 1024  # pixels: of larger crops, the middle is looked at
_GAIN, _POWER = 1.03, 1.08  # fitted to synthetic blur of real photos (benchmarks/blur.py)


def estimate_blur(image: FloatArray) -> float:
    """Return the blur of `image`: the sigma of the Gaussian that would make it from a sharp one.

    Parameters
    ----------
    image : (height, width, 3) float32
        sRGB-encoded, nominally 0..1. Of sides above 1024 pixels, the middle is looked at.

    Returns
    -------
    sigma : float
        In pixels of `image`, within `SHARPEST` (0.5) to `BLURRIEST` (12).

    Notes
    -----
    A picture without any structure, or less than 8 pixels wide or high, reads as sharp, because nothing speaks for
    blur. The ratio of gradients at two scales gives the blur, as in [1]_, which blurs the picture once more; here the
    ratio is of mean energies over the busy part of the crop, with an exponent between that of lone edges and that of
    the average spectrum of natural images [2]_. Gain and power of the last step were fitted with ``python -m
    benchmarks.blur``, which tells the errors.

    References
    ----------
    .. [1] S. Zhuo and T. Sim, "Defocus map estimation from a single image", Pattern Recognition, 2011.
           :DOI:`10.1016/j.patcog.2011.03.009`
    .. [2] D. J. Field, "Relations between the statistics of natural images and the response properties of cortical
           cells", Journal of the Optical Society of America A 4(12), 2379-2394, 1987. :DOI:`10.1364/JOSAA.4.002379`
    """
    plane = luma(_middle(image))
    if min(plane.shape) < 8:
        return SHARPEST
    noise = float(np.hypot(noise_level(plane), _ROUNDING))
    energies: dict[int, FloatArray] = {}

    def energy(index: int) -> FloatArray:
        if index not in energies:
            energies[index] = _gradient_energy(plane, _SCALES[index])
        return energies[index]

    usable = max(_STEP + 1, sum(scale <= min(plane.shape) / 8 for scale in _SCALES))
    sigma = _first_trusted(energy, usable, noise)
    return float(np.clip(_GAIN * sigma**_POWER, SHARPEST, BLURRIEST))


def noise_level(plane: FloatArray) -> float:
    """Return the standard deviation of the noise in a plane.

    Parameters
    ----------
    plane : (height, width) float
        In any unit; at least 2 pixels wide and high. An odd last row or column is left out.

    Returns
    -------
    sigma : float
        In the unit of `plane`.

    Notes
    -----
    It is the median magnitude of the finest diagonal Haar coefficients over 0.6745 [1]_, where pictures have the least
    of their own. `skimage.restoration.estimate_sigma` does much the same with a longer wavelet.

    References
    ----------
    .. [1] D. L. Donoho and I. M. Johnstone, "Ideal spatial adaptation by wavelet shrinkage", Biometrika 81(3), 425-455,
           1994. :DOI:`10.1093/biomet/81.3.425`
    """
    height, width = (side // 2 * 2 for side in plane.shape)
    even = plane[:height, :width]
    diagonal = (even[::2, ::2] - even[1::2, ::2] - even[::2, 1::2] + even[1::2, 1::2]) / 2
    return float(np.median(np.abs(diagonal))) / 0.6745


def _first_trusted(energy: Callable[[int], FloatArray], usable: int, noise: float) -> float:
    """Return the raw sigma from the finest pair of scales that stands out of the noise and is wide enough for it."""
    sigma = 0.0
    for index in range(usable - _STEP):
        fine, wide = _SCALES[index], _SCALES[index + _STEP]
        busy = energy(index + _STEP)
        chosen = busy >= np.quantile(busy, 1 - _BUSY_SHARE)
        noise_energy = _noise_gain(fine) * noise**2
        fine_energy = float(energy(index)[chosen].mean()) - noise_energy
        wide_energy = float(busy[chosen].mean()) - _noise_gain(wide) * noise**2
        is_last = index == usable - _STEP - 1
        if fine_energy < _SIGNAL_TO_NOISE * noise_energy and not is_last:
            continue
        if wide_energy <= 0 or fine_energy <= 0:
            break
        sigma = _sigma_from_ratio(fine_energy / wide_energy, fine, wide)
        if sigma <= wide:
            break
    return sigma


def _sigma_from_ratio(ratio: float, fine: float, wide: float) -> float:
    """Return the sigma at which the energies of two scales are in this ratio; 0 where they differ by more."""
    slope = max(ratio, 1 + 1e-6) ** (1 / _EXPONENT)
    variance = (wide**2 - slope * fine**2) / (slope - 1)
    return float(np.sqrt(np.clip(variance, 0, BLURRIEST**2)))


def _gradient_energy(plane: FloatArray, scale: float) -> FloatArray:
    along_x = scipy.ndimage.gaussian_filter(plane, scale, order=(0, 1), mode="reflect", truncate=3.5)
    along_y = scipy.ndimage.gaussian_filter(plane, scale, order=(1, 0), mode="reflect", truncate=3.5)
    energy: FloatArray = along_x**2 + along_y**2
    return energy


def _noise_gain(scale: float) -> float:
    """Return the gradient energy of white noise of variance 1."""
    impulse = np.zeros((97, 97), np.float32)
    impulse[48, 48] = 1
    return float(_gradient_energy(impulse, scale).sum())


def _middle(image: FloatArray) -> FloatArray:
    top, left = (max(0, (side - _LARGEST_SIDE) // 2) for side in image.shape[:2])
    return image[top : top + _LARGEST_SIDE, left : left + _LARGEST_SIDE]
