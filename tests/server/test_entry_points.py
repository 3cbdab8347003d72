"""A bad package costs nothing but itself, and is named with the reason."""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from fakes.packages import points_in, put_package
from foveate_server.entry_points import load

GROUP = "foveate.tools"


@dataclass(frozen=True)
class Tool:
    name: str


OWN = (Tool("saw"), Tool("axe"))


def check(value):
    if not hasattr(value, "name"):
        raise ValueError("it has no name")
    return value


@pytest.fixture
def site(tmp_path, monkeypatch):
    """A folder that Python looks in; module names are the tests' own, for what is imported stays."""
    monkeypatch.syspath_prepend(tmp_path)
    return tmp_path


def loaded(site, own=OWN):
    return load(GROUP, own, check, points_in(site, GROUP))


def named(name, variable="tool"):
    return f"from types import SimpleNamespace\n{variable} = SimpleNamespace(name={name!r})\n"


def test_ours_come_first_then_packages_by_name(site):
    put_package(site, "zeta-tools", GROUP, {"awl": "tool"}, named("awl"))
    put_package(site, "Alpha-tools", GROUP, {"rasp": "b", "file": "a"}, named("rasp", "b") + named("file", "a"))
    registered = loaded(site)
    assert list(registered.values) == ["saw", "axe", "file", "rasp", "awl"]
    assert registered.left_out == ()


@pytest.mark.parametrize(
    ("name", "source", "reason"),
    [
        ("needy", "import no_such_module", "it cannot be imported: No module named 'no_such_module'"),
        ("dated", "from foveate_server import Plane", "it cannot be imported: cannot import name 'Plane' from"),
        ("empty", "", "it cannot be imported: AttributeError module 'empty' has no attribute 'tool'"),
        ("broken", "1 / 0", "it cannot be imported: ZeroDivisionError division by zero"),
        ("leaving", "raise SystemExit(3)", "it cannot be imported: SystemExit 3"),
        ("lost", "open('/no/such/file')", "it cannot be imported: FileNotFoundError No such file or directory"),
        ("garbled", "def", "it cannot be imported: SyntaxError"),
        ("wordy", "raise ValueError('so ' * 1000)", "it cannot be imported: so so so"),
        ("wrong", "tool = 3", "what it declares is wrong: it has no name"),
        ("liar", named("saw"), "it calls itself saw"),
    ],
)
def test_what_does_not_work_is_left_out_with_the_reason(site, name, source, reason):
    put_package(site, name, GROUP, {"plane": "tool"}, source)
    put_package(site, f"{name}-neighbour", GROUP, {"awl": "tool"}, named("awl"))
    registered = loaded(site)
    assert list(registered.values) == ["saw", "axe", "awl"]
    (left_out,) = registered.left_out
    assert (left_out.package, left_out.group, left_out.name) == (f"{name} 1.0", GROUP, "plane")
    assert left_out.reason.startswith(reason)
    assert len(left_out.reason) < 320
    assert "/" not in left_out.reason
    assert str(left_out).startswith("plane of foveate.tools is left out: it ") or "wrong" in reason


def test_a_name_belongs_to_who_had_it_first(site):
    put_package(site, "second-hand", GROUP, {"saw": "tool", "awl": "tool"}, "raise RuntimeError('never imported')")
    put_package(site, "a-first", GROUP, {"awl": "tool"}, named("awl"))
    registered = loaded(site)
    assert list(registered.values) == ["saw", "axe", "awl"]
    assert [(point.package, point.reason) for point in registered.left_out] == [
        ("second-hand 1.0", "its name is taken by a-first 1.0"),
        ("second-hand 1.0", "its name is taken by Foveate itself"),
    ]


def test_two_of_ours_with_one_name_are_our_bug(site):
    with pytest.raises(ValueError, match=r"two of foveate\.tools are called saw"):
        loaded(site, (*OWN, Tool("saw")))
