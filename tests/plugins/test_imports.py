"""No circles of imports within a plugin: whether they do harm depends on what is imported first."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from graphlib import TopologicalSorter
from pathlib import Path

import pytest

PLUGINS = Path(__file__).parents[2] / "plugins"


def siblings(path: Path) -> Iterator[str]:
    """Yield the modules beside `path` that it imports as it is imported itself."""
    for node in ast.parse(path.read_text("utf-8")).body:
        if isinstance(node, ast.ImportFrom) and node.level == 1:
            yield from [node.module] if node.module else [alias.name for alias in node.names]


@pytest.mark.parametrize("plugin", ["blender", "gimp", "krita"])
def test_a_plugin_has_no_circle_of_imports(plugin: str):
    modules = {path.stem: path for path in (PLUGINS / plugin / "foveate").glob("*.py") if path.stem != "__init__"}
    assert len(modules) > 20
    graph = {name: set(siblings(path)) & modules.keys() for name, path in modules.items()}
    assert any(graph.values())
    TopologicalSorter(graph).prepare()  # raises CycleError, with the modules of the circle
