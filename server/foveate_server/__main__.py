"""`python -m foveate_server` is the command `foveate`, also where scripts are not on the path."""

import sys

from foveate_server.cli.main import main

if __name__ == "__main__":
    sys.exit(main())
