"""Inspection by the keys and shapes of the published checkpoints, without their weights."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from fakes import headers as made
from foveate_server.models.inspect_model import inspect_path, recognize
from foveate_server.models.tensor_headers import MAX_TENSORS, merged, read_header
from foveate_shared.errors import ErrorCode, InputError


@pytest.mark.parametrize(
    ("shapes", "family", "facts"),
    [
        (made.sd1(), "sd1", {"base": "Stable Diffusion 1.x", "context_width": 768, "embedding_widths": [768]}),
        (made.sd1(9), "sd1", {"base": "Stable Diffusion 1.x inpainting", "inpainting": True, "in_channels": 9}),
        (made.sd2(), "sd2", {"context_width": 1024, "embedding_widths": [1024]}),
        (made.sd2(9), "sd2", {"inpainting": True}),
        (made.sdxl(), "sdxl", {"base": "SDXL", "context_width": 2048, "embedding_widths": [768, 1280]}),
        (made.sdxl(9), "sdxl", {"inpainting": True, "latent_channels": 4}),
        (
            {**made.sd3(), **made.sd3_texts(), **made.below("first_stage_model.", made.vae(16))},
            "sd3",
            {"base": "Stable Diffusion 3 Medium", "prediction": "flow", "latent_channels": 16, "missing": []},
        ),
        (made.sd3(dual=True, normed=True), "sd3", {"base": "Stable Diffusion 3.5 Medium"}),
        (made.sd3(2432, normed=True), "sd3", {"base": "Stable Diffusion 3.5 Large", "width": 2432}),
        (made.flux(), "flux1", {"base": "FLUX.1 dev", "guidance_embedded": True, "variant": "", "latent_channels": 16}),
        (made.flux(guided=False), "flux1", {"base": "FLUX.1 schnell", "variant": "schnell"}),
        (made.flux(384), "flux1", {"base": "FLUX.1 Fill", "inpainting": True}),
        (made.flux(), "flux1", {"missing": ["vae", "text_encoder", "text_encoder_2"]}),
    ],
)  # fmt: skip
def test_a_checkpoint_s_family_and_facts(shapes, family: str, facts: dict[str, object]) -> None:
    found = recognize(made.header(shapes), "model")
    assert found is not None
    assert (found.kind, found.family) == ("diffusion", family)
    assert {key: found.facts[key] for key in facts} == facts


def test_the_name_says_nothing_about_the_family(tmp_path: Path) -> None:
    found = inspect_path(made.write(tmp_path / "my_sdxl_flux_model.safetensors", made.sd1()))
    assert found.family == "sd1"
    assert found.title == "Stable Diffusion 1.x, float16"
    assert found.facts["components"]["text_encoder"] == {"parameters": 49408 * 768, "bytes": 2 * 49408 * 768}  # type: ignore[call-overload,index]


@pytest.mark.parametrize(
    ("name", "metadata", "variant", "steps"),
    [
        ("model", {}, "", 0),
        ("sdxl_lightning_4step", {}, "lightning", 4),
        ("turbovision", {}, "", 0),
        ("sd_xl_turbo_1.0", {}, "turbo", 0),
        ("model", {"modelspec.title": "Hyper-SDXL 8 steps"}, "hyper", 8),
    ],
)
def test_few_step_variants(name: str, metadata: dict[str, str], variant: str, steps: int) -> None:
    found = recognize(made.header(made.sdxl(), metadata=metadata), name)
    assert found is not None
    assert (found.facts["variant"], found.facts["steps"]) == (variant, steps)


def test_an_lcm_shows_in_its_keys() -> None:
    keys = {**made.sd1(), "model.diffusion_model.time_embed.cond_proj.weight": (320, 256)}
    found = recognize(made.header(keys), "dreamshaper")
    assert found is not None
    assert found.facts["variant"] == "lcm"


def test_the_prediction_is_told_by_metadata_or_a_marker() -> None:
    marked = recognize(made.header({**made.sdxl(), "v_pred": (1,)}), "m")
    told = recognize(made.header(made.sdxl(), metadata={"modelspec.prediction_type": "epsilon"}), "m")
    untold = recognize(made.header(made.sdxl()), "m")
    assert [found.facts["prediction"] for found in (marked, told, untold) if found] == ["v", "epsilon", ""]


VIDEO = {"blocks.0.self_attn.q.weight": (5120, 5120), "blocks.0.cross_attn.norm_k.weight": (5120,)}


@pytest.mark.parametrize(
    ("shapes", "what"),
    [
        (made.sdxl_refiner(), "the refiner of SDXL"),
        (made.below("", made.unet(1280, linear=True, labels=2560)), "the refiner of SDXL"),
        (made.sd1(8), "further inputs beside the picture"),
        (made.flux(128), "depth or edges"),
        ({**VIDEO, "time_projection.1.weight": (30720, 5120)}, "video model (Wan)"),
        ({"effnet_mapper.0.weight": (1, 1, 1, 1)}, "Stable Cascade"),
        ({"double_stream_modulation_img.lin.weight": (1, 1), **made.below("x.", made.flux())}, "FLUX.2"),
        ({"adaln_single.linear.weight": (1, 1), "transformer_blocks.0.norm.weight": (1,)}, "PixArt"),
        ({**made.sd1(), "model.diffusion_model.input_blocks.1.1.time_stack.0.x": (1,)}, "Stable Video Diffusion"),
        ({**made.unet(768), "down_blocks.0.motion_modules.0.norm.weight": (1,)}, "AnimateDiff"),
        ({**made.sd3(), "controlnet_blocks.0.weight": (1,)}, "ControlNet"),
        ({"pos_frequencies": (3, 24, 64), "transformer_blocks.0.x": (1,)}, "Mochi"),
        ({"time_embed.emb.timestep_embedder.x": (1,), "caption_projection.x": (1,)}, "LTX-Video"),
        ({"txt_norm.weight": (3584,), "transformer_blocks.0.img_mod.1.weight": (1, 1)}, "Qwen-Image"),
        ({"control_model.input_hint_block.0.weight": (16, 3, 3, 3)}, "ControlNet"),
        (made.CLIP_L | {"text_model.encoder.layers.0.mlp.fc1.bias": (3072,)}, "text encoder alone"),
        ({"lora_unet_down_blocks_0.hada_w1_a": (8, 8)}, "LoHa"),
        (made.below("model.diffusion_model.", {"strange.weight": (1, 1)}), "unknown family"),
        ({"encoder.conv_in.weight": (96, 3, 3, 3, 3), "decoder.conv_in.weight": (384, 16, 3, 3, 3)}, "a video model"),
    ],
)
def test_what_is_not_for_us_is_named(shapes, what: str) -> None:
    with pytest.raises(InputError) as caught:
        recognize(made.header(shapes), "model")
    assert what in caught.value.info.message
    assert caught.value.info.message.startswith("This is ")
    assert caught.value.info.code is ErrorCode.INVALID_FILE
    assert caught.value.info.remedy


@pytest.mark.parametrize("key", ["double_blocks.0.img_attn.qkv.weight.quant_state.bitsandbytes__nf4", "scaled_fp8"])
def test_quantized_weights_are_refused(key: str) -> None:
    keys = {**made.flux(), key: (1,)}
    with pytest.raises(InputError, match="quantized"):
        recognize(made.header(keys), "flux-nf4")


def test_what_nobody_knows_may_be_a_restorer() -> None:
    assert recognize(made.header({"conv_first.weight": (64, 3, 3, 3), "conv_last.weight": (3, 64, 3, 3)}), "x") is None


def kohya(
    stem: str, inputs: int, *, rank: int = 16, square: bool = False, outputs: int = 320
) -> dict[str, tuple[int, ...]]:
    end = (1, 1) if square else ()
    return {
        f"{stem}.lora_down.weight": (rank, inputs, *end),
        f"{stem}.lora_up.weight": (outputs, rank, *end),
        f"{stem}.alpha": (),
    }


def peft(stem: str, inputs: int, *, rank: int = 16) -> dict[str, tuple[int, ...]]:
    return {f"{stem}.lora_A.weight": (rank, inputs), f"{stem}.lora_B.weight": (320, rank)}


DOWN = "lora_unet_down_blocks_1_attentions_0_transformer_blocks_0_attn2_to_k"
PEFT = "unet.down_blocks.1.attentions.0.transformer_blocks.0.attn2.to_k"


@pytest.mark.parametrize(
    ("shapes", "family", "facts"),
    [
        (kohya(DOWN, 768), "sd1", {"format": "kohya", "rank": 16, "targets": ["unet"], "context_width": 768}),
        (kohya(DOWN, 1024), "sd2", {"context_width": 1024}),
        (kohya(DOWN, 2048), "sdxl", {"context_width": 2048}),
        (kohya("lora_unet_input_blocks_4_1_transformer_blocks_1_attn2_to_k", 2048), "sdxl", {}),
        (
            kohya(DOWN, 16) | kohya("lora_te2_text_model_encoder_layers_0_self_attn_q_proj", 16),
            "sdxl",
            {"targets": ["text_encoder_2", "unet"], "text_widths": {"text_encoder_2": 16}},
        ),
        (
            kohya(DOWN, 16) | kohya("lora_unet_down_blocks_1_attentions_0_proj_in", 320, square=True),
            "sd1",
            {"context_width": 16},
        ),
        (kohya(DOWN, 16), "", {}),
        (
            peft(PEFT, 768, rank=4),
            "sd1",
            {"format": "diffusers", "rank": 4, "context_width": 768},
        ),
        ({f"{PEFT}.lora.down.weight": (4, 2048), f"{PEFT}.lora.up.weight": (320, 4)}, "sdxl", {"format": "diffusers"}),
        (
            {
                f"{PEFT.replace('to_k', 'processor.to_k')}_lora.down.weight": (4, 1024),
                f"{PEFT.replace('to_k', 'processor.to_k')}_lora.up.weight": (320, 4),
            },
            "sd2",
            {"format": "diffusers", "context_width": 1024},
        ),
        (
            kohya("lora_te_text_model_encoder_layers_0_self_attn_k_proj", 768),
            "sd1",
            {"targets": ["text_encoder"], "text_widths": {"text_encoder": 768}},
        ),
        (kohya("lora_unet_double_blocks_0_img_attn_qkv", 3072), "flux1", {"targets": ["transformer"], "width": 3072}),
        (
            peft("transformer.single_transformer_blocks.0.attn.to_q", 3072),
            "flux1",
            {"format": "diffusers", "width": 3072},
        ),
        (kohya("lora_unet_joint_blocks_0_x_block_attn_qkv", 1536), "sd3", {"width": 1536}),
        (peft("transformer.transformer_blocks.0.attn.add_k_proj", 2432), "sd3", {"width": 2432}),
        (peft("transformer.transformer_blocks.18.attn.add_k_proj", 3072), "flux1", {"width": 3072}),
        (peft("transformer.transformer_blocks.0.attn.add_k_proj", 3072), "", {}),
        (kohya("lora_unet_double_blocks_0_img_mlp_0", 3072, outputs=4 * 3072), "flux1", {}),
        (kohya("lora_unet_single_blocks_37_linear1", 3072, outputs=7 * 3072), "flux1", {}),
        (kohya("clip_l.text_model.encoder.layers.0.mlp.fc1", 768), "", {"targets": ["text_encoder"]}),
    ],
)
def test_a_lora_s_family_and_facts(shapes, family: str, facts: dict[str, object]) -> None:
    found = recognize(made.header(shapes), "style")
    assert found is not None
    assert (found.kind, found.family) == ("lora", family)
    assert {key: found.facts[key] for key in facts} == facts


FLUX = kohya("lora_unet_double_blocks_0_img_attn_qkv", 3072)
CHROMA = "diffusion_model.distilled_guidance_layer.layers.0.in_layer"


@pytest.mark.parametrize(
    ("shapes", "metadata", "base"),
    [
        (kohya("lora_unet_single_blocks_0_linear1", 3072, outputs=9 * 3072), {}, "FLUX.2"),
        (kohya("lora_unet_single_blocks_0_linear2", 4 * 3072, outputs=3072), {}, "FLUX.2"),
        (kohya("lora_unet_double_blocks_0_img_mlp_0", 3072, outputs=6 * 3072), {}, "FLUX.2"),
        (kohya("lora_unet_single_blocks_47_linear3", 3072), {}, "FLUX.2"),
        (kohya("lora_unet_double_blocks_0_img_attn_qkv", 6144), {}, "FLUX.2"),
        (peft("transformer.single_transformer_blocks.0.attn.to_qkv_mlp_proj", 3072), {}, "FLUX.2"),
        (peft("transformer.transformer_blocks.0.ff.linear_in", 3072), {}, "FLUX.2"),
        (FLUX, {"modelspec.architecture": "flux-2-klein-4b/lora"}, "FLUX.2"),
        (peft("diffusion_model.double_blocks.0.img_attn.qkv", 3072) | peft(CHROMA, 5120), {}, "Chroma"),
        (FLUX, {"modelspec.architecture": "chroma/lora"}, "Chroma"),
        (FLUX, {"ss_base_model_version": "Chroma"}, "Chroma"),
        (FLUX, {"ss_sd_model_name": "chroma-unlocked-v37.safetensors"}, "Chroma"),
        (peft("diffusion_model.double_blocks.0.img_attn_q", 3584), {}, "HunyuanImage"),
        (kohya("lora_unet_double_blocks_0_img_attn_qkv", 3584), {}, "HunyuanImage"),
        (kohya("lora_unet_double_blocks_0_img_mlp_fc1", 3072), {}, "HunyuanVideo"),
        (kohya("lora_unet_double_blocks_19_img_attn_proj", 3072), {}, "not FLUX.1"),
        (peft("transformer.transformer_blocks.59.attn.add_k_proj", 3072), {}, "Qwen-Image"),
        (peft("transformer.transformer_blocks.0.attn.add_k_proj", 3072), {"ss_base_model_version": "qwen"}, "Qwen"),
        (kohya("lora_unet_down_blocks_0_motion_modules_0_temporal_transformer_proj_in", 320), {}, "AnimateDiff"),
        (kohya(DOWN, 1280), {}, "the refiner of SDXL"),
        (kohya(DOWN, 2048), {"modelspec.architecture": "kolors/lora"}, "Kolors"),
        (kohya(DOWN, 2048) | {"id_encoder.fuse_module.mlp1.fc1.weight": (8, 8)}, {}, "PhotoMaker"),
        (kohya(DOWN, 768) | {"ip_adapter.1.to_k_ip.weight": (8, 8)}, {}, "IP-Adapter"),
    ],
)
def test_a_lora_of_another_model_is_none_of_ours(shapes, metadata: dict[str, str], base: str) -> None:
    with pytest.raises(InputError) as caught:
        recognize(made.header(shapes, metadata=metadata), "style")
    assert base in caught.value.info.message
    assert caught.value.info.message.startswith("This is a")


def test_the_name_of_a_merge_says_nothing() -> None:
    found = recognize(made.header(kohya(DOWN, 2048), metadata={"ss_sd_model_name": "chromaXL.safetensors"}), "style")
    assert found is not None
    assert found.family == "sdxl"


@pytest.mark.parametrize(
    ("name", "metadata", "variant", "steps"),
    [
        ("lcm-lora-sdxl", {}, "lcm", 0),
        ("dmd2_sdxl_4step_lora", {}, "dmd2", 4),
        ("sdxl_lightning_4step_lora", {}, "lightning", 4),
        ("Hyper-SDXL-8steps-CFG-lora", {}, "hyper", 8),
        ("Hyper-FLUX.1-dev-8steps-lora", {}, "hyper", 8),
        ("FLUX.1-Turbo-Alpha", {}, "turbo", 0),
        ("SDXLturboLoRA", {}, "turbo", 0),
        ("lightningLoRA", {}, "lightning", 0),
        ("x", {"modelspec.title": "Hyper 8 steps"}, "hyper", 8),
        ("hyper-realistic", {}, "", 0),
        ("lightning_powers_xl", {}, "", 0),
        ("my-style", {"ss_sd_model_name": "sdxl_lightning_4step", "modelspec.usage_hint": "turbo, too"}, "", 0),
    ],
)
def test_loras_for_few_steps(name: str, metadata: dict[str, str], variant: str, steps: int) -> None:
    """A word that also is a subject counts only where it can mean nothing else; what it was taught on does not."""
    found = recognize(made.header(kohya(DOWN, 2048), metadata=metadata), name)
    assert found is not None
    assert (found.facts["variant"], found.facts["steps"]) == (variant, steps)


def test_a_lora_s_trigger_words() -> None:
    tags = {"10_sks": {"sks dog": 20, "grass": 4, "1dog": 19}, "3_more": {"grass": 2}}
    metadata = {"ss_tag_frequency": json.dumps(tags), "ss_base_model_version": "sd_v1"}
    found = recognize(made.header(kohya(DOWN, 768), metadata=metadata), "dog")
    assert found is not None
    assert found.facts["trigger_words"] == ["sks dog", "1dog"]
    assert found.facts["base"] == "sd_v1"
    named = {**metadata, "modelspec.trigger_phrase": "sks, a dog"}
    found = recognize(made.header(kohya(DOWN, 768), metadata=named), "dog")
    assert found is not None
    assert found.facts["trigger_words"] == ["sks", "a dog"]
    broken = recognize(made.header(kohya(DOWN, 768), metadata={"ss_tag_frequency": "[1"}), "dog")
    assert broken is not None
    assert broken.facts["trigger_words"] == []


@pytest.mark.parametrize(
    ("shapes", "family", "facts"),
    [
        ({"emb_params": (8, 768)}, "sd1", {"vectors": 8, "widths": {"clip_l": 768}}),
        ({"emb_params": (3, 1024)}, "sd2", {"format": "a1111"}),
        ({"clip_l": (2, 768), "clip_g": (2, 1280)}, "sdxl", {"widths": {"clip_l": 768, "clip_g": 1280}}),
        ({"<cat-toy>": (768,)}, "sd1", {"format": "diffusers", "vectors": 1, "token": "<cat-toy>"}),
        ({"<cat-toy>": (4, 48)}, "", {"widths": {"clip_l": 48}}),
    ],
)
def test_embeddings(shapes, family: str, facts: dict[str, object]) -> None:
    found = recognize(made.header(shapes), "toy")
    assert found is not None
    assert (found.kind, found.family) == ("embedding", family)
    assert {key: found.facts[key] for key in facts} == facts


def test_autoencoders() -> None:
    plain = recognize(made.header(made.vae(), "F32"), "vae")
    known = recognize(made.header(made.vae()), "vae", {"scaling_factor": 0.13025})
    wide = recognize(made.header(made.below("first_stage_model.", made.vae(16))), "vae")
    assert plain is not None
    assert known is not None
    assert wide is not None
    assert (plain.kind, plain.family, plain.facts["latent_channels"]) == ("vae", "", 4)
    assert known.family == "sdxl"
    assert wide.facts["latent_channels"] == 16


ENCODER = {"encoder.layers.0.weight": (64, 3, 3, 3)}


@pytest.mark.parametrize("channels", [4, 16])
@pytest.mark.parametrize(
    ("first", "below", "others"), [(0, "decoder.layers.", ENCODER), (0, "decoder.layers.", {}), (1, "", {})]
)
def test_small_autoencoders_are_for_previews_alone(channels: int, first: int, below: str, others) -> None:
    decoder = made.below(below, made.tiny_decoder(channels, first=first))
    found = recognize(made.header({**decoder, **others}), "flux-sdxl-taesd")
    assert found is not None
    assert (found.kind, found.family, found.facts["latent_channels"]) == ("preview", "", channels)


@pytest.mark.parametrize(
    ("shapes", "what"),
    [
        ({"0.weight": (64, 3, 3, 3), "1.conv.0.weight": (64, 64, 3, 3)}, "the encoder of a small VAE"),
        (made.below("decoder.layers.", made.tiny_decoder(32)), "latents of 32 channels"),
    ],
)
def test_small_autoencoders_that_show_nothing_of_ours(shapes, what: str) -> None:
    with pytest.raises(InputError, match=what):
        recognize(made.header(shapes), "taesd")


@pytest.mark.parametrize("gone", ["1.bias", "18.conv.4.weight", "19.weight"])
def test_a_small_decoder_is_one_to_the_last_tensor(gone: str) -> None:
    shapes = made.tiny_decoder(4, first=1)
    del shapes[gone]
    assert recognize(made.header(shapes), "taesd") is None


def test_a_key_without_end_is_damage(tmp_path: Path) -> None:
    """Each of its beginnings would be kept, which are as long as half of its length squared."""
    for key, is_taken in (("x" * 512, True), ("x" * 513, False), ("x." * 32, True), ("x." * 33, False)):
        path = made.write(tmp_path / "m.safetensors", {key: (1,)})
        if is_taken:
            assert read_header(path).tensors
        else:
            with pytest.raises(InputError, match="its header is not as the format wants it"):
                read_header(path)


def _header_of(shape: str, end: object) -> bytes:
    text = f'{{"a": {{"dtype": "F32", "shape": [{shape}], "data_offsets": [0, {end}]}}}}'.encode()
    return len(text).to_bytes(8, "little") + text + b"\0" * 8


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b"", "no safetensors"),
        (b"<html>Please log in</html>", "no safetensors"),
        ((1 << 40).to_bytes(8, "little") + b"{}", "no safetensors"),
        ((50).to_bytes(8, "little") + b"{}", "cut short"),
        ((2).to_bytes(8, "little") + b"{}", "no weights"),
        ((2).to_bytes(8, "little") + b"[]", "header"),
        ((12).to_bytes(8, "little") + b'{"a": {"b":1', "header"),
        *(
            (_header_of(*wrong), "header")
            for wrong in (
                ("1e999", 4),
                ("NaN", 4),
                ("-1, -1", 4),
                ("1.5", 4),
                ("true", 4),
                ("9" * 4000, 4),
                ("1e308", 4),
                ("1", 8),
                ("1", "1e999"),
                ("2", 4),
            )
        ),
    ],
)
def test_damaged_files(tmp_path: Path, content: bytes, why: str) -> None:
    (tmp_path / "m.safetensors").write_bytes(content)
    with pytest.raises(InputError, match=why) as caught:
        read_header(tmp_path / "m.safetensors")
    assert "m.safetensors" in caught.value.info.message


def test_more_tensors_than_any_model_has(tmp_path: Path) -> None:
    """They are counted before anything is looked up among them; escapes hide none."""
    allowed = made.write(tmp_path / "m.safetensors", {str(key): (1,) for key in range(MAX_TENSORS)})
    assert len(read_header(allowed).tensors) == MAX_TENSORS
    plain = made.write(tmp_path / "p.safetensors", {str(key): (1,) for key in range(MAX_TENSORS + 1)}).read_bytes()
    escaped = plain[8 : 8 + int.from_bytes(plain[:8], "little")].replace(b"data_offsets", b"data\\u005foffsets")
    for content in (plain, len(escaped).to_bytes(8, "little") + escaped + bytes(2 * MAX_TENSORS + 2)):
        (tmp_path / "m.safetensors").write_bytes(content)
        with pytest.raises(
            InputError, match=r"m\.safetensors cannot be read as a checkpoint: it lists more than 65,535"
        ):
            read_header(tmp_path / "m.safetensors")
    with pytest.raises(InputError, match="it lists more than 65,535"):
        merged([made.header({f"a{key}": (1,) for key in range(MAX_TENSORS)}), made.header({"b": (1,)})])


def test_a_download_that_broke_off(tmp_path: Path) -> None:
    path = made.write(tmp_path / "m.safetensors", made.sd1())
    with path.open("r+b") as file:
        file.truncate(path.stat().st_size - 1)
    with pytest.raises(InputError, match="cut short"):
        inspect_path(path)


def test_gguf(tmp_path: Path) -> None:
    (tmp_path / "flux.gguf").write_bytes(b"GGUF")
    with pytest.raises(InputError, match="GGUF"):
        inspect_path(tmp_path / "flux.gguf")
