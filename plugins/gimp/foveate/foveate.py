#!/usr/bin/env python3
"""The file that GIMP starts. It makes a package of its own folder, whatever that is called, and hands over to it."""

import importlib.util
import sys
from pathlib import Path

PACKAGE = "foveate_gimp"


def _load_package() -> None:
    here = Path(__file__).resolve().parent
    spec = importlib.util.spec_from_file_location(PACKAGE, here / "__init__.py", submodule_search_locations=[str(here)])
    package = importlib.util.module_from_spec(spec)
    sys.modules[PACKAGE] = package
    spec.loader.exec_module(package)


def main() -> None:
    """Answer GIMP: list the procedures, or run one. Our own second process starts here as well."""
    _load_package()
    try:
        if sys.argv[1:2] == ["--caretaker"]:
            sys.exit(importlib.import_module(f"{PACKAGE}.orphan_cleanup_process").main(*sys.argv[2:]))
        procedures = importlib.import_module(f"{PACKAGE}.procedures")
    except ImportError as error:
        sys.exit(f"Foveate cannot be loaded: {error}")
    procedures.serve(sys.argv)


if __name__ == "__main__":
    main()
