"""What a LoRA changes, compared with what is computed by hand from its file."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import save_file
from torch import Tensor

from fakes import ldm_keys, lora_kinds
from fakes.checkpoints import TinyCheckpoints
from foveate_server.engines.diffusion import loras
from foveate_server.engines.diffusion.adapters import adapter_of
from foveate_server.engines.diffusion.checkpoint_traits import traits_of
from foveate_server.engines.diffusion.denoiser import PipelineDenoiser
from foveate_server.engines.diffusion.library import Addition, Checkpoint, Files
from foveate_server.engines.diffusion.load_pipeline import load
from foveate_server.engines.diffusion.lora_file import read_lora
from foveate_server.engines.diffusion.lora_layer_names import LayerNames, Meant
from foveate_server.engines.diffusion.precision import ComputePlacement
from foveate_server.engines.diffusion.quiet_libraries import quiet
from foveate_server.families.registry import families
from foveate_server.models.inspect_model import recognize
from foveate_server.models.tensor_headers import read_header
from foveate_shared.errors import InputError

State = dict[str, Tensor]
FAMILIES = ("sd1", "sd2", "sdxl", "sd3", "flux1")
LAYER = f"unet.{lora_kinds.PATH}"
FIRST = "text_model.encoder.layers.0"
CONVOLUTION = f"unet.{lora_kinds.CONVOLUTION}"


@pytest.fixture(scope="module")
def bare(tiny: TinyCheckpoints) -> Callable[[str], PipelineDenoiser]:
    """Return the tiny checkpoint of a family, loaded; who puts a LoRA on takes it off."""

    @cache
    def loaded(name: str) -> PipelineDenoiser:
        family = families()[name]
        place = ComputePlacement(torch.device("cpu"), torch.float32, torch.float32)
        with quiet():
            files = Files(tiny.folder(name))
            return load(adapter_of(family), Checkpoint(name, name, name), files, traits_of(family, {}), place)

    return loaded


@pytest.fixture
def changes(bare: Callable[[str], PipelineDenoiser], tmp_path: Path) -> Iterator[Callable[..., State]]:
    """Return what LoRAs, each a state and a weight, add to the layers of a family's checkpoint."""
    worn: list[PipelineDenoiser] = []

    def put_on(
        family: str,
        *wanted: State,
        metadata: dict[str, str] | None = None,
        adapter: dict[str, Any] | None = None,
        weight: float = 1.0,
    ) -> State:
        denoiser = bare(family)
        worn.append(denoiser)
        paths = [tmp_path / f"{index}.safetensors" for index in range(len(wanted))]
        for path, state in zip(paths, wanted, strict=True):
            save_file({key: value.contiguous() for key, value in state.items()}, path, metadata)
        loras.remove(denoiser)
        facts = {"adapter": adapter or {}}
        loras.put_on(denoiser, [(Addition(path.stem, path.stem, (), path, facts), weight) for path in paths])
        return _added(denoiser)

    yield put_on
    for denoiser in worn:
        loras.remove(denoiser)
        assert not _added(denoiser)


@torch.no_grad()
def _added(denoiser: PipelineDenoiser) -> State:
    """Return what each changed layer's output for the unit inputs gains, as a weight."""
    found: State = {}
    for component, part in denoiser.modules().items():
        for path, layer in part.named_modules():
            if adapters := list(getattr(layer, "lora_A", ())):
                assert layer.active_adapters == adapters
                found[f"{component}.{path}"] = sum(layer.get_delta_weight(adapter) for adapter in adapters)
    return found


def _as_lora(name: str, weight: Tensor, down: str = "lora_A", up: str = "lora_B") -> State:
    """Return a LoRA whose change of the layer `name` is `weight`."""
    inputs = weight[0].numel()
    first = torch.eye(inputs).reshape(inputs, *weight.shape[1:])
    second = weight.float().reshape(len(weight), inputs, *[1] * (weight.ndim - 2))
    return {f"{name}.{down}.weight": first, f"{name}.{up}.weight": second}


def _layers(tiny: TinyCheckpoints, family: str, component: str, *, original: bool) -> dict[str, Tensor]:
    """Return the weights of a part's linear layers and convolutions, by their names."""
    folder = tiny.folder(family)
    state: Any = ldm_keys.weights(folder / component)
    if original:
        start = "model.diffusion_model."
        every = ldm_keys.original_state(folder, family)
        state = {key.removeprefix(start): value for key, value in every.items() if key.startswith(start)}
    return {
        key.removesuffix(".weight"): value
        for key, value in state.items()
        if key.endswith(".weight") and value.ndim > 1 and "embedding.weight" not in key
    }


def _flat(name: str) -> str:
    return name.replace(".", "_")


@pytest.mark.parametrize("family", FAMILIES)
def test_a_lora_that_says_a_network_s_weights_again_doubles_them(tiny, changes, bare, family: str) -> None:
    """In the original's names, where one layer is several of diffusers', and the rows of some are in another order."""
    network = families()[family].network
    state: State = {}
    for name, weight in _layers(tiny, family, network, original=True).items():
        state |= _as_lora(f"lora_unet_{_flat(name)}", weight, "lora_down", "lora_up")
    added = changes(family, state)
    own = {
        f"{network}.{name.removesuffix('.weight').replace('.base_layer', '')}": value
        for name, value in getattr(bare(family).pipe, network).state_dict().items()
    }
    told = _layers(tiny, family, network, original=False)
    assert set(added) == {f"{network}.{name}" for name in told}
    for path, change in added.items():
        torch.testing.assert_close(change, own[path], atol=1e-6, rtol=0, msg=path)


@pytest.mark.parametrize("family", FAMILIES)
def test_a_layer_is_found_by_whatever_name_it_has(tiny, bare, family: str) -> None:
    network = families()[family].network
    names = LayerNames(families()[family], {network: getattr(bare(family).pipe, network)})
    for path in _layers(tiny, family, network, original=False):
        flat = _flat(path)
        told = (
            *(f"{network}.{path}", path, f"lora_unet_{flat}", f"lora_transformer_{flat}", f"lycoris_{flat}"),
            *((path.removesuffix(".0"),) if path.endswith("to_out.0") else ()),
        )
        for name in told:
            assert names.meant_by(name) == (network, Meant((path,))), name
    for name in _layers(tiny, family, network, original=True):
        told = (name, f"diffusion_model.{name}", f"model.diffusion_model.{name}", f"lora_unet_{_flat(name)}")
        [meant] = {names.meant_by(each) for each in told}
        assert meant[1].paths, name
    assert names.meant_by(f"lora_unet_{_flat('down_blocks.9.nothing')}") == (network, Meant())


@pytest.mark.parametrize(
    ("family", "name", "layer"),
    [
        ("sd1", f"lora_te_{_flat(FIRST)}_self_attn_q_proj", "text_encoder.self_attn.q_proj"),
        ("sd1", f"lora_te1_{_flat(FIRST)}_mlp_fc1", "text_encoder.mlp.fc1"),
        ("sd1", f"text_encoder.{FIRST}.self_attn.to_out", "text_encoder.self_attn.out_proj"),
        ("sdxl", f"lora_te2_{_flat(FIRST)}_mlp_fc2", "text_encoder_2.mlp.fc2"),
        ("sdxl", f"text_encoder_2.{FIRST}.self_attn.k_proj", "text_encoder_2.self_attn.k_proj"),
        ("flux1", f"text_encoders.clip_l.transformer.{FIRST}.mlp.fc1", "text_encoder.mlp.fc1"),
        ("sd3", f"clip_g.{FIRST}.mlp.fc1", "text_encoder_2.mlp.fc1"),
    ],
)
def test_a_text_encoder_alone_may_be_changed(changes, bare, family: str, name: str, layer: str) -> None:
    component, _, path = layer.partition(".")
    encoder = getattr(bare(family).pipe, component)
    [(found, weight)] = [(each, w) for each, w in encoder.named_parameters() if f"layers.0.{path}.weight" in each]
    added = changes(family, _as_lora(name, weight.detach()))
    assert list(added) == [f"{component}.{found.removesuffix('.weight')}"]
    torch.testing.assert_close(next(iter(added.values())), weight, atol=1e-6, rtol=0)


def test_t5_is_never_changed(changes) -> None:
    with pytest.raises(InputError, match="has nothing for checkpoints of"):
        changes("flux1", lora_kinds.peft("lora_te3_encoder_block_0_layer_0_SelfAttention_q"))


def _product(state: State, down: str = "lora_down", up: str = "lora_up") -> Tensor:
    first, second = (next(value for key, value in state.items() if half in key) for half in (down, up))
    return torch.einsum("or,ri...->oi...", second.flatten(1), first)


def test_alpha_over_rank_scales_a_lora(changes) -> None:
    state = lora_kinds.kohya(alpha=2.0)
    added = changes("sd1", state)
    torch.testing.assert_close(added, {LAYER: 2 / 4 * _product(state)})
    lone = {key: value for key, value in state.items() if "alpha" not in key}
    torch.testing.assert_close(changes("sd1", lone, weight=0.5), {LAYER: 0.5 * _product(state)})


@pytest.mark.parametrize(
    ("told", "scale"),
    [
        ({"unet.r": 4, "unet.lora_alpha": 8}, 2.0),
        ({"r": 4, "lora_alpha": 8}, 2.0),
        ({"unet.r": 9, "unet.lora_alpha": 8, "unet.rank_pattern": {"to_v": 4}}, 2.0),
        ({"unet.lora_alpha": 8, "unet.alpha_pattern": {"attn1.to_v": 3, "attn2.to_v": 6}}, 1.5),
        ({"unet.lora_alpha": 8, "unet.alpha_pattern": {f"^{lora_kinds.PATH}": 2, "to_v": 6}}, 0.5),
        ({"unet.lora_alpha": 8, "unet.use_rslora": True}, 4.0),
        ({"text_encoder.lora_alpha": 8}, 1.0),
        ({"unet.lora_alpha": "8"}, 1.0),
        ([8], 1.0),
    ],
)
def test_what_newer_trainers_write_of_alpha_counts(changes, told: object, scale: float) -> None:
    state = lora_kinds.peft()
    added = changes("sd1", state, metadata={"lora_adapter_metadata": json.dumps(told)})
    torch.testing.assert_close(added, {LAYER: scale * _product(state, "lora_A", "lora_B")})
    own = state | {f"{LAYER}.alpha": torch.tensor(1.0)}
    added = changes("sd1", own, metadata={"lora_adapter_metadata": json.dumps(told)})
    torch.testing.assert_close(added, {LAYER: 1 / 4 * _product(state, "lora_A", "lora_B")})


def test_what_peft_writes_of_alpha_beside_the_file_counts_where_the_file_says_nothing(changes) -> None:
    state = lora_kinds.peft(f"base_model.model.{lora_kinds.PATH}")
    product = _product(state, "lora_A", "lora_B")
    torch.testing.assert_close(changes("sd1", state, adapter={"lora_alpha": 8}), {LAYER: 2 * product})
    torch.testing.assert_close(
        changes("sd1", state, adapter={"lora_alpha": 8, "alpha_pattern": {"to_v": 2}}), {LAYER: 0.5 * product}
    )
    told = {"lora_adapter_metadata": json.dumps({"lora_alpha": 4})}
    torch.testing.assert_close(changes("sd1", state, adapter={"lora_alpha": 8}, metadata=told), {LAYER: product})


def test_metadata_that_is_no_json_says_nothing(changes) -> None:
    state = lora_kinds.peft()
    added = changes("sd1", state, metadata={"lora_adapter_metadata": "{"})
    torch.testing.assert_close(added, {LAYER: _product(state, "lora_A", "lora_B")})


def test_convolutions_of_two_and_of_three_factors_are_exact(changes) -> None:
    state = lora_kinds.locon()
    torch.testing.assert_close(changes("sd1", state), {CONVOLUTION: 2 / 4 * _product(state)})
    state = lora_kinds.locon_in_three()
    down, mid, up, _ = state.values()
    whole = torch.einsum("op,pqhw,qi->oihw", up.flatten(1), mid, down.flatten(1))
    torch.testing.assert_close(changes("sd1", state), {CONVOLUTION: 2 / 4 * whole})


def test_a_bundled_embedding_is_left_out(changes) -> None:
    torch.testing.assert_close(changes("sd1", lora_kinds.bundled()), changes("sd1", lora_kinds.kohya()))


def test_a_layer_that_is_told_twice_is_changed_by_both(changes) -> None:
    state = lora_kinds.kohya(alpha=4.0)
    once = changes("sd1", state)
    twice = changes("sd1", state | lora_kinds.peft())
    torch.testing.assert_close(twice, {LAYER: 2 * once[LAYER]})


def test_a_lora_of_two_sizes_is_all_or_nothing(changes) -> None:
    other = lora_kinds.peft(LAYER.replace("to_v", "to_k"), inputs=1024)
    with pytest.raises(InputError, match=r"1 of its 2 layers are not there, or of another size, such as .*to_k"):
        changes("sd1", lora_kinds.peft() | other)


def test_a_last_factor_that_sees_neighbours_does_not_fit(changes) -> None:
    name = "unet.down_blocks.1.resnets.0.conv1"
    for path in (name, "unet.down_blocks.0.attentions.0.proj_in", LAYER):
        state = {f"{path}.lora_A.weight": torch.ones(4, 16, 1, 1), f"{path}.lora_B.weight": torch.ones(16, 4, 3, 3)}
        with pytest.raises(InputError, match="The LoRA 0 does not fit"):
            changes("sd1", state)


@pytest.mark.parametrize("dtype", [torch.float8_e4m3fn, torch.float16, torch.float64])
def test_a_lora_may_be_in_any_precision(changes, dtype: torch.dtype) -> None:
    state = {key: value.to(dtype) for key, value in lora_kinds.peft().items()}
    exact = {key: value.float() for key, value in state.items()}
    torch.testing.assert_close(changes("sd1", state), {LAYER: _product(exact, "lora_A", "lora_B")})


@pytest.mark.parametrize(
    ("kind", "state"), [(kind, state) for kind, all_ in lora_kinds.OTHERS.items() for state in all_]
)
def test_other_kinds_are_refused_when_added_and_when_used_with_one_reason(tmp_path, kind: str, state: State) -> None:
    path = tmp_path / "style.safetensors"
    save_file(state, path)
    with pytest.raises(InputError) as added:
        recognize(read_header(path), "style")
    with pytest.raises(InputError) as used:
        read_lora(Addition("style", "", (), path))
    assert kind in added.value.info.message
    assert added.value.info.message.startswith("This is ")
    assert added.value.info.message.replace("This", "style", 1) == used.value.info.message
    remedy = "Fetch it again, or ask its maker." if kind == "damaged" else "Look for a plain LoRA of the same."
    assert added.value.info.remedy == used.value.info.remedy == remedy


@pytest.mark.parametrize("content", [b"", b"no weights"])
def test_a_damaged_file_is_a_sentence(tmp_path, content: bytes) -> None:
    path = tmp_path / "style.safetensors"
    path.write_bytes(content)
    with pytest.raises(InputError, match="The LoRA style cannot be read: it is damaged"):
        read_lora(Addition("style", "", (), path))
