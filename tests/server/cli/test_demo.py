"""The demo, with the real server and the real weights, on a small photo."""

import numpy as np
import pytest

from foveate_server.cli import demo
from foveate_server.picture_files.picture import Picture
from foveate_server.picture_files.read import read_picture
from foveate_server.picture_files.write import save
from foveate_shared.pixels import Channels


@pytest.mark.weights
def test_the_demo_brings_a_real_face_into_focus(tmp_path, monkeypatch, capfd):
    from scipy import ndimage
    from skimage import data, transform

    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(demo, "REGION", 32)
    small = transform.resize(data.astronaut()[48:176, 160:288], (88, 88), anti_aliasing=True)
    sharp = np.rint(small * 255).astype(np.uint8)
    soft = ndimage.gaussian_filter(sharp.astype(float), (1.5, 1.5, 0))
    save(Picture(np.rint(soft).astype(np.uint8), Channels.RGB), tmp_path / "photo.png")
    assert demo.main(["photo.png"]) == 0
    names = ("before.png", "after-faces.png", "after-upscale.png")
    before, focused, enlarged = (read_picture(tmp_path / "demo" / name).samples for name in names)
    errors = [np.square(image - sharp.astype(float)).mean() for image in (before, focused)]
    assert errors[1] < errors[0], "the face is closer to the sharp original"
    assert (before[:8, :8] == focused[:8, :8]).all(), "far from the face nothing has changed"
    assert not np.array_equal(enlarged, focused)
    assert (tmp_path / "demo" / "side-by-side.png").exists()
    said = capfd.readouterr()
    assert "Brought 1 face into focus" in said.err


def test_a_photo_that_is_none_is_a_sentence(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "photo.png").write_text("nothing")
    assert demo.main(["photo.png"]) == 1
    assert "not a picture" in capsys.readouterr().err
