"""What other packages add to ours, by entry points: loaded so that a bad package costs nothing but itself."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from importlib.metadata import EntryPoint, entry_points
from typing import Generic, Protocol, TypeVar

from foveate_shared.errors import FoveateError

_LONGEST_REASON = 300  # characters
_UNKNOWN = "an unknown package"


class Named(Protocol):
    """What can be registered: its name is what jobs, settings and recipes call it."""

    @property
    def name(self) -> str:
        """Return the name, the only one of its group."""


T = TypeVar("T", bound=Named)


@dataclass(frozen=True)
class LeftOut:
    """An entry point that was not taken, and why."""

    package: str  # with its version, as pip lists it: "foveate-discs 1.0"
    group: str  # such as "foveate.detectors"
    name: str  # of the entry point
    reason: str  # half a sentence for a person: "it cannot be imported: No module named 'discs'"

    def __str__(self) -> str:
        """Return the whole sentence."""
        return f"{self.name} of {self.group} is left out: {self.reason}."


@dataclass(frozen=True)
class Registered(Generic[T]):
    """The values of a group, and what was not taken."""

    values: Mapping[str, T]  # by name: ours in their stated order, then those of packages, by package and name
    left_out: tuple[LeftOut, ...] = ()
    packages: Mapping[str, str] = field(default_factory=dict)  # by name of value: whose it is, where it is not ours


def load(
    group: str,
    own: Sequence[T],
    check: Callable[[object], T],
    found: Iterable[EntryPoint] | None = None,
    *,
    commands: Collection[str] = (),
) -> Registered[T]:
    """Return `own`, and after them what the entry points of `group` add.

    An entry point `NAME = package.module:VALUE` adds VALUE, whose name is NAME. `check` gives it back where it is what
    the group wants; it raises ValueError, TypeError or FoveateError, with the reason, where it is not. What cannot be
    imported, has a name that is taken, also one of our `commands`, or does not pass is left out. `found` replaces the
    installed entry points.

    Raises ValueError where two of our `own` have one name.
    """
    values: dict[str, T] = {}
    owners: dict[str, str] = {}  # by name of value: whose it is
    for value in own:
        if value.name in values:
            raise ValueError(f"two of {group} are called {value.name}")
        values[value.name], owners[value.name] = value, "Foveate itself"
    left_out, packages = [], {}
    for point in sorted(entry_points(group=group) if found is None else found, key=_rank):
        taken = "its name is a command of Foveate" if point.name in commands else _taken(point, check, owners)
        if isinstance(taken, str):
            left_out.append(LeftOut(_package(point), group, point.name, taken))
        else:
            values[taken.name] = taken
            owners[taken.name] = packages[taken.name] = _package(point)
    return Registered(values, tuple(left_out), packages)


def _taken(point: EntryPoint, check: Callable[[object], T], owners: Mapping[str, str]) -> T | str:
    """Return the value of `point`, or why it is left out."""
    if point.name in owners:
        return f"its name is taken by {owners[point.name]}"
    try:
        loaded = point.load()
    except (Exception, SystemExit) as error:  # a stranger's code may raise anything
        return _shortened(f"it cannot be imported: {_told(error)}")
    try:
        value = check(loaded)
    except Exception as error:  # likewise: it may lie in what is checked
        return _shortened(f"what it declares is wrong: {_told(error)}")
    return value if value.name == point.name else f"it calls itself {value.name}"


def _rank(point: EntryPoint) -> tuple[str, str]:
    return _package(point).lower(), point.name


def _package(point: EntryPoint) -> str:
    return f"{point.dist.name} {point.dist.version}" if point.dist is not None else _UNKNOWN


def _told(error: BaseException) -> str:
    """Return what `error` says, without the paths of this machine: reports are shown to others."""
    if isinstance(error, FoveateError):
        return error.info.message.rstrip(".")
    text = str(error)
    if isinstance(error, ImportError) and error.path:
        text = text.replace(f" ({error.path})", "")
    elif isinstance(error, OSError) and error.strerror:
        text = error.strerror
    return text if isinstance(error, (ImportError, ValueError)) and text else f"{type(error).__name__} {text}".strip()


def _shortened(reason: str) -> str:
    line = " ".join(reason.split()).rstrip(".")
    return line if len(line) <= _LONGEST_REASON else f"{line[:_LONGEST_REASON]}..."
