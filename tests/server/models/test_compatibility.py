from __future__ import annotations

import pytest

from foveate_server.models.compatibility import check_fit, fitting_families, misfit
from foveate_server.models.entry import ModelEntry, ModelFile, SourceSpec
from foveate_shared.errors import InputError


def entry(kind: str, family: str, name: str = "it", **facts) -> ModelEntry:
    file = ModelFile("/a", "0" * 64, 1)
    source = SourceSpec("file", {})
    return ModelEntry(name, "", kind, family, 1, "", None, source, (file,), family=family, facts=facts)


SD1 = entry("diffusion", "sd1", "base", context_width=768, embedding_widths=[768], latent_channels=4)
SDXL = entry("diffusion", "sdxl", "xl", context_width=2048, embedding_widths=[768, 1280], latent_channels=4)
SMALL = entry("diffusion", "sd1", "small", context_width=16, embedding_widths=[16], latent_channels=4)
FLUX = entry("diffusion", "flux1", "flux", width=3072, embedding_widths=[768], latent_channels=16)
SD35 = entry("diffusion", "sd3", "large", width=2432, embedding_widths=[768, 1280], latent_channels=16)


@pytest.mark.parametrize(
    ("addition", "checkpoint", "words"),
    [
        (entry("lora", "sd1", context_width=768), SD1, ""),
        (
            entry("lora", "sdxl", context_width=2048),
            SD1,
            "is for Stable Diffusion XL, and base is Stable Diffusion 1.x",
        ),
        (entry("lora", "sd1", context_width=768), SMALL, "layers read text of width 768, not 16"),
        (entry("lora", "", context_width=16), SMALL, ""),
        (entry("lora", "", text_widths={"text_encoder": 768}), SMALL, "a text encoder of width 768, not 16"),
        (entry("lora", "sd3", width=1536), SD35, "features of width 1536, not 2432"),
        (entry("lora", "flux1", width=3072), FLUX, ""),
        (entry("embedding", "sd1", widths={"clip_l": 768}), SD1, ""),
        (entry("embedding", "", widths={"clip_l": 48}), SMALL, "vectors have 48 numbers"),
        (entry("embedding", "sdxl", widths={"clip_l": 768, "clip_g": 1280}), SDXL, ""),
        (entry("embedding", "", widths={"clip_l": 768, "clip_g": 1280}), SD1, "vectors have 1280 numbers"),
        (entry("vae", "", latent_channels=4), SDXL, ""),
        (entry("vae", "sdxl", latent_channels=4), SD1, "is for Stable Diffusion XL"),
        (entry("vae", "", latent_channels=16), SD1, "latents have 16 channels, not 4"),
        (entry("preview", "", latent_channels=4), SDXL, ""),
        (entry("preview", "sdxl", latent_channels=4), SD1, "The small VAE it is for Stable Diffusion XL"),
        (entry("preview", "flux1", latent_channels=4), FLUX, "latents have 4 channels, not 16"),
        (SD1, SDXL, "not an addition"),
    ],
)
def test_one_sentence_where_it_does_not_fit(addition: ModelEntry, checkpoint: ModelEntry, words: str) -> None:
    told = misfit(addition, checkpoint)
    assert words in told
    assert bool(told) is bool(words)
    assert told.count(".") <= 2
    if words:
        with pytest.raises(InputError) as caught:
            check_fit(addition, checkpoint)
        assert caught.value.info.message == told
    else:
        check_fit(addition, checkpoint)


def test_families() -> None:
    assert fitting_families(entry("lora", "sdxl")) == ("sdxl",)
    assert fitting_families(entry("vae", "", latent_channels=4)) == ("sd1", "sd2", "sdxl")
    assert fitting_families(entry("vae", "", latent_channels=16)) == ("sd3", "flux1")
    assert fitting_families(entry("vae", "sd1", latent_channels=4)) == ("sd1", "sd2")
    assert "flux1" in fitting_families(entry("lora", ""))
