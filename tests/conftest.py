"""What must hold before anything imports torch."""

from __future__ import annotations

import os

# Threads of OpenMP wait by spinning unless told otherwise; with several test processes on few cores, each then keeps
# the others from working, and networks run ten times slower.
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
