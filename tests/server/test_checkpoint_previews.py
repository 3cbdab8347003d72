"""Previews by a small autoencoder, through a real server and worker: added while it runs, and taken by itself."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from safetensors.torch import load_file, save_file

from fakes.checkpoint_studio import Studio
from fakes.pictures import scene
from fakes.previews import faithful_vae
from foveate_server.cli.document import PictureDocument
from foveate_server.cli.region import Region
from foveate_server.families.registry import families
from foveate_server.models.adding.from_path import add_path
from foveate_server.models.adding.make_entry import AddOptions
from foveate_server.picture_files.picture import Picture
from foveate_shared.jobs.job_flow import JobState, Rerender
from foveate_shared.jobs.run_blocking import run_to_end
from foveate_shared.pixels import Channels, SampleType
from foveate_shared.wire.protocol import Preview

FAMILY = families()["sd1"]
WEIGHTS = "diffusion_pytorch_model.safetensors"
ASKED = {"model": "sd1", "prompt": "a door", "strength": 0.5, "seed": 3, "num_inference_steps": 4}


def rendered(studio: Studio) -> tuple[bytes, NDArray[np.uint8]]:
    """Return the picture that a job makes, and the first preview of it."""
    shown: list[NDArray[np.uint8]] = []

    def on_preview(event: Preview, pixels: bytes) -> None:
        extent = event.pixels.extent
        shown.append(np.frombuffer(pixels, np.uint8).reshape(extent.height, extent.width, 3))

    kept: list[Picture] = []
    document = PictureDocument(scene(SampleType.U8, Channels.RGB), Region(None), lambda made, _: kept.append(made))
    flow = Rerender(studio.client, document, "refocus", ASKED, on_preview=on_preview)
    flow.start()
    status = run_to_end(studio.client, flow)
    assert status.state is JobState.DONE, status.error
    return kept[0].samples.tobytes(), shown[0]


def test_a_small_autoencoder_is_taken_by_itself_and_changes_no_result(studio: Studio, tmp_path: Path):
    made, rough = rendered(studio)
    faithful_vae(FAMILY.latent_colors, FAMILY.latent_bias).save_pretrained(tmp_path / "mine")
    entry = add_path(studio.registry, tmp_path / "mine")
    assert (entry.kind, entry.family) == ("preview", "")
    again, fine = rendered(studio)
    assert again == made
    assert fine.shape == (rough.shape[0] * 8, rough.shape[1] * 8, 3)
    assert rough.std() > 10
    # Each latent's place is painted in its colour, by a decoder with an edge of two pixels around it.
    centres = fine.reshape(rough.shape[0], 8, rough.shape[1], 8, 3)[:, 4, :, 4]
    assert np.abs(centres.astype(int) - rough).max() <= 1
    studio.registry.remove(entry.name)


def test_a_broken_one_leaves_a_word_in_the_log_and_the_job_alone(studio: Studio, tmp_path: Path):
    faithful_vae(FAMILY.latent_colors).save_pretrained(tmp_path)
    state = load_file(tmp_path / WEIGHTS)
    save_file({key: value * float("nan") for key, value in state.items()}, tmp_path / WEIGHTS)
    entry = add_path(studio.registry, tmp_path, AddOptions(name="broken", family="sd1"))
    _, rough = rendered(studio)
    assert max(rough.shape) < 64
    log = "".join(path.read_text() for path in (studio.workplace.folder / "home" / "log").iterdir())
    assert "the small VAE broken does not work, previews are rougher" in log
    studio.registry.remove(entry.name)


def test_it_is_no_vae_to_render_with(studio: Studio, tmp_path: Path):
    faithful_vae(FAMILY.latent_colors).save_pretrained(tmp_path)
    entry = add_path(studio.registry, tmp_path, AddOptions(name="small", family="sd1"))
    document = PictureDocument(scene(SampleType.U8, Channels.RGB), Region(None), lambda *_: None)
    flow = Rerender(studio.client, document, "refocus", {**ASKED, "vae": "small"})
    flow.start()
    status = run_to_end(studio.client, flow)
    assert status.state is JobState.FAILED
    assert status.error is not None
    assert "small" in status.error.message
    studio.registry.remove(entry.name)
