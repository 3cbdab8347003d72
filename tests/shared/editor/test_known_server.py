"""What the server told last, from one start of an editor to the next."""

import pytest

from fakes.models import FOR_PROMPTS
from fakes.scripted_client import real_welcome
from foveate_shared.editor.known_server import load, save


def test_it_is_there_again_as_it_was_told(tmp_path):
    path, operations, models = tmp_path / "known", real_welcome().operations, FOR_PROMPTS
    save(path, operations, models)
    assert load(path) == (operations, models)


@pytest.mark.parametrize("text", ["", "{}\n{}\n", "nonsense\n", "[]\n[]\n[]\n"])
def test_what_cannot_be_understood_is_nothing(tmp_path, text):
    path = tmp_path / "known"
    assert load(path) == ((), ())
    path.write_text(text)
    assert load(path) == ((), ())
