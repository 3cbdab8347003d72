from __future__ import annotations

from functools import cache

import pytest
import torch

from foveate_server.engines.diffusion.quiet_libraries import quiet
from foveate_server.engines.diffusion.text_reader import plain, readable
from foveate_server.engines.diffusion_request import DiffusionRequest, Prompt, Sampling
from foveate_server.engines.values import Pinned


@pytest.fixture(scope="module")
def denoiser(shared_engine, make_ticker, picture):
    """Return a function that loads a checkpoint, as a first picture does."""

    @cache
    def load(model: str):
        request = DiffusionRequest(picture, None, model, sampling=Sampling(1), pinned=Pinned("float32"))
        shared_engine.diffuse(request, ticker=make_ticker())
        return shared_engine.loaded[0]

    return load


def _theirs(pipe, model: str, text: str, negative: str):
    with quiet(), torch.inference_mode():
        if model == "flux1":
            return pipe.encode_prompt(text, None, device="cpu", max_sequence_length=512)[:2]
        options = {"negative_prompt": negative, "device": "cpu", "do_classifier_free_guidance": True}
        if model == "sd3":
            return pipe.encode_prompt(text, None, None, **options)
        return pipe.encode_prompt(text, num_images_per_prompt=1, **options)


@pytest.mark.parametrize("model", ["sd1", "sd2", "sdxl", "sd3", "flux1"])
def test_without_weights_a_text_reads_as_diffusers_reads_it(denoiser, model):
    ours = denoiser(model)
    text, negative = "a face of a person, in the rain", "fog on a hill"
    expected = _theirs(ours.pipe, model, text, negative)
    with torch.inference_mode():
        found = ours.encode_prompt(Prompt(text, negative))
    assert torch.equal(found.positive.hidden, expected[0])
    if model == "flux1":
        assert torch.equal(found.positive.pooled, expected[1])
        return
    assert torch.equal(found.negative.hidden, expected[1])
    if len(expected) == 4:
        assert torch.equal(found.positive.pooled, expected[2])
        assert torch.equal(found.negative.pooled, expected[3])


@pytest.mark.parametrize("model", ["sd1", "sdxl", "sd3", "flux1"])
def test_weights_change_what_is_read_and_both_spellings_agree(denoiser, model):
    ours = denoiser(model)
    with torch.inference_mode():
        bare, weighted, colon = (
            ours.encode_prompt(Prompt(text)).positive
            for text in ("a smiling face", "a (smiling)1.4 face", "a (smiling:1.4) face")
        )
    assert torch.equal(weighted.hidden, colon.hidden)
    assert not torch.equal(weighted.hidden, bare.hidden)
    if bare.pooled is not None:
        assert torch.equal(weighted.pooled, bare.pooled)  # its sum knows no weights, and no parentheses


@pytest.mark.parametrize("model", ["sd1", "sdxl"])
def test_a_long_text_is_read_to_its_end(denoiser, model):
    ours = denoiser(model)
    words = "face on a hill, " * 10
    with torch.inference_mode():
        first = ours.encode_prompt(Prompt(words + "fog"))
        second = ours.encode_prompt(Prompt(words + "sun"))
    assert first.positive.hidden.shape[1] % 77 == 0
    assert first.positive.hidden.shape[1] > 77
    assert first.negative.hidden.shape == first.positive.hidden.shape
    assert not torch.equal(first.positive.hidden, second.positive.hidden)


@pytest.mark.parametrize("model", ["sd3", "flux1"])
def test_a_text_beyond_what_a_family_reads_is_cut(denoiser, model):
    ours = denoiser(model)
    with torch.inference_mode():
        found = ours.encode_prompt(Prompt("face on a hill, " * (20 if model == "sd3" else 40)))
    assert found.positive.hidden.shape[1] == (77 + 256 if model == "sd3" else 512)


@pytest.mark.parametrize("text", ["a face (", "a ) b (( c", 'she said "', "(((", "", "  ", "a-b well-lit+ x--"])
def test_any_text_can_be_read(denoiser, text):
    with torch.inference_mode():
        found = denoiser("sd1").encode_prompt(Prompt(text, text))
    assert found.positive.hidden.shape == (1, 77, 768)
    assert torch.isfinite(found.positive.hidden).all()


@pytest.mark.parametrize(
    ("text", "read", "words"),
    [
        ("a (smiling)1.4 face, (bright:0.5)", "a (smiling)1.4 face, (bright)0.5", "a smiling face, bright"),
        ("a (soft (warm:1.2):.8) glow", "a (soft (warm)1.2).8 glow", "a soft warm glow"),
        ("at noon (12:30)", "at noon (12:30)", "at noon 12:30"),
    ],
)
def test_weights_in_both_spellings_are_read_and_what_is_none_stays(text, read, words):
    assert readable(text) == read
    assert plain(text) == words
