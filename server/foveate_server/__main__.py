"""The command `foveate`, also as `python -m foveate_server` where scripts are not on the path."""

import sys


def main() -> int:
    """Run the command line and return its exit status, also where Ctrl+C comes before all of it is there."""
    try:
        from foveate_server.cli.main import main as run  # noqa: PLC0415 - takes a moment
    except KeyboardInterrupt:
        sys.stderr.write("Cancelled.\n")
        return 130
    return run()


if __name__ == "__main__":
    sys.exit(main())
