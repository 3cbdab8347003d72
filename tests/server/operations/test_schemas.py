"""What the server says of its operations' parameters is what clients, recipes and presets were made for.

A wanted change is written down, a file for each operation, with:  python tests/server/operations/test_schemas.py
"""

import json
from pathlib import Path

import pytest

from foveate_server.engines.detection.registry import detectors
from foveate_server.operations.registry import operations

SNAPSHOTS = Path(__file__).with_name("schemas")


def told(operation):
    parameters = operation.parameters.schema
    if operation.name == "detect":  # which detectors there are is said in the registry of theirs alone
        properties = parameters["properties"]
        detector = {word: said for word, said in properties["detector"].items() if word != "enum"}
        parameters = {**parameters, "properties": {**properties, "detector": detector}}
    return {"title": operation.title, "parameters": parameters}


def orders(schema):
    """Return the names of a schema's properties in the order in which forms show them."""
    if not isinstance(schema, dict):
        return []
    own = [list(schema["properties"])] if isinstance(schema.get("properties"), dict) else []
    return own + [order for name in sorted(schema) for order in orders(schema[name])]


@pytest.mark.parametrize("operation", operations().values(), ids=operations())
def test_the_schema_is_the_one_that_was_written_down(operation):
    kept = json.loads((SNAPSHOTS / f"{operation.name}.json").read_text("utf-8"))
    # As text: 1 and 1.0 are equal, but not the same in a recipe.
    assert json.dumps(told(operation), sort_keys=True, indent=1) == json.dumps(kept, sort_keys=True, indent=1)
    assert orders(told(operation)) == orders(kept)


def test_whatever_detectors_there_are_can_be_named():
    assert operations()["detect"].parameters.schema["properties"]["detector"]["enum"] == list(detectors())


def test_every_one_that_was_written_down_is_offered():
    assert {path.stem for path in SNAPSHOTS.iterdir()} == set(operations())


if __name__ == "__main__":
    for each in operations().values():
        (SNAPSHOTS / f"{each.name}.json").write_text(json.dumps(told(each), indent=1) + "\n", "utf-8")
