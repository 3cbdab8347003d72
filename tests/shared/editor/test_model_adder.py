"""One program at a time adds a model; a script waits for it."""

import json
import sys

import pytest

from foveate_shared.connection.settings import Settings
from foveate_shared.editor.model_adder import ModelAdder
from foveate_shared.errors import InputError
from foveate_shared.i18n.translations import Texts


def added_by(program):
    adder = ModelAdder()
    adder.start(Settings("me", server_command=(sys.executable, "-c", program, "serve")), "tune.safetensors")
    return adder


def test_a_script_waits_until_the_model_is_there():
    adder = added_by(f"print({json.dumps(json.dumps({'name': 'tune', 'title': 'Tune', 'kind': 'diffusion'}))})")
    adder.wait()
    assert not adder.is_running
    assert adder.text(Texts()) == "Tune was added."


def test_a_script_is_told_why_it_is_not():
    adder = added_by("raise SystemExit('no such model')")
    with pytest.raises(InputError):
        adder.wait()
    assert adder.status.error
