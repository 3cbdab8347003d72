"""What the server says of its operations' parameters is what clients, recipes and presets were made for.

A wanted change is written down with:  python tests/server/operations/test_schemas.py
"""

import json
from pathlib import Path

from foveate_server.operations.registry import operations

SNAPSHOT = Path(__file__).with_name("schemas.json")


def schemas():
    return {name: {"title": each.title, "parameters": each.parameters.schema} for name, each in operations().items()}


def orders(schema):
    """Return the names of a schema's properties in the order in which forms show them."""
    if not isinstance(schema, dict):
        return []
    own = [list(schema["properties"])] if isinstance(schema.get("properties"), dict) else []
    return own + [order for name in sorted(schema) for order in orders(schema[name])]


def test_the_schemas_are_those_that_were_written_down():
    kept = json.loads(SNAPSHOT.read_text("utf-8"))
    assert list(kept) == list(operations())
    # As text: 1 and 1.0 are equal, but not the same in a recipe.
    assert json.dumps(schemas(), sort_keys=True, indent=1) == json.dumps(kept, sort_keys=True, indent=1)
    assert orders(schemas()) == orders(kept)


if __name__ == "__main__":
    SNAPSHOT.write_text(json.dumps(schemas(), indent=1) + "\n", "utf-8")
