"""Keeps libraries from talking: what matters to a person is said in our own words."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def quiet() -> Iterator[None]:
    """Keep diffusers and transformers from warning, and from drawing bars on the console."""
    import diffusers.utils.logging as diffusers_log  # noqa: PLC0415 - seconds to import
    import transformers.utils.logging as transformers_log  # noqa: PLC0415

    before = diffusers_log.get_verbosity(), transformers_log.get_verbosity()
    for log in (diffusers_log, transformers_log):
        log.set_verbosity(log.CRITICAL)
        log.disable_progress_bar()
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        diffusers_log.set_verbosity(before[0])
        transformers_log.set_verbosity(before[1])
