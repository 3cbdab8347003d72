from __future__ import annotations

import subprocess
import sys


def test_the_server_can_name_engines_and_list_models_without_torch() -> None:
    code = (
        "import sys; from foveate_server.config import ServerConfig\n"
        "from foveate_server.engines.catalog import restoration_spec\n"
        "assert restoration_spec(ServerConfig()).models()\n"
        "assert 'torch' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True, timeout=60)
