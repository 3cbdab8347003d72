"""Adding from a hub of our own, through the real client library: what is chosen, refused, pinned and fetched."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from fakes import headers as made
from fakes.hub import FakeHub, serving
from foveate_server.models.adding.from_hub import HubName, add_from_hub, parse_hub_name
from foveate_server.models.adding.make_entry import AddOptions
from foveate_server.models.entry import ModelEntry, SourceSpec
from foveate_server.models.registry import Registry
from foveate_server.models.sources.hub import HubSource
from foveate_server.models.sources.hub_client import HubClient
from foveate_shared.errors import ErrorCode, InputError, ResourceError

UNET = {
    "conv_in.weight": (8, 4, 3, 3), "conv_out.weight": (4, 8, 3, 3), "up_blocks.0.x": (1,),
    "down_blocks.0.attentions.0.proj_in.weight": (8, 8, 1, 1),
    "down_blocks.0.attentions.0.transformer_blocks.0.attn2.to_k.weight": (8, 16),
}  # fmt: skip
INDEX = {
    "_class_name": "StableDiffusionPipeline", "unet": ["diffusers", "UNet2DConditionModel"],
    "vae": ["diffusers", "AutoencoderKL"], "text_encoder": ["transformers", "CLIPTextModel"],
    "tokenizer": ["transformers", "CLIPTokenizer"], "scheduler": ["diffusers", "PNDMScheduler"],
    "safety_checker": ["stable_diffusion", "StableDiffusionSafetyChecker"],
}  # fmt: skip
NARROW = {
    **made.below("model.diffusion_model.", made.unet(16)),
    **made.below("first_stage_model.", made.vae()),
    **made.below("cond_stage_model.transformer.", {"text_model.embeddings.token_embedding.weight": (60, 16)}),
}
WANTED = [
    "model_index.json",
    "scheduler/scheduler_config.json",
    "text_encoder/config.json",
    "text_encoder/model.fp16.safetensors",
    "tokenizer/merges.txt",
    "tokenizer/vocab.json",
    "unet/config.json",
    "unet/diffusion_pytorch_model.fp16.safetensors",
    "vae/config.json",
    "vae/diffusion_pytorch_model.safetensors",
]


@pytest.fixture
def tensors(tmp_path: Path) -> Callable[..., bytes]:
    def make(shapes, dtype: str = "F16") -> bytes:
        return made.write(tmp_path / "made.safetensors", shapes, dtype).read_bytes()

    return make


@pytest.fixture
def hub(monkeypatch: pytest.MonkeyPatch) -> Iterator[FakeHub]:
    monkeypatch.delenv("HF_TOKEN", raising=False)
    with serving() as hub:
        yield hub


@pytest.fixture
def pipeline(hub: FakeHub, tensors: Callable[..., bytes]) -> dict[str, bytes]:
    """A repository with everything twice and more, as many are."""
    text = {"text_model.embeddings.token_embedding.weight": (60, 16)}
    files = {
        "model_index.json": json.dumps(INDEX).encode(),
        "unet/config.json": b'{"sample_size": 64}',
        "vae/config.json": b'{"scaling_factor": 0.18215}',
        "text_encoder/config.json": b"{}",
        "scheduler/scheduler_config.json": b'{"_class_name": "PNDMScheduler", "prediction_type": "epsilon"}',
        "tokenizer/vocab.json": b'{"a": 1}',
        "tokenizer/merges.txt": b"#version: 0.2\n",
        "unet/diffusion_pytorch_model.safetensors": tensors(UNET, "F32"),
        "unet/diffusion_pytorch_model.fp16.safetensors": tensors(UNET),
        "unet/diffusion_pytorch_model.non_ema.safetensors": tensors(UNET),
        "vae/diffusion_pytorch_model.safetensors": tensors({"decoder.conv_in.weight": (8, 4, 3, 3)}, "F32"),
        "text_encoder/model.safetensors": tensors(text, "F32"),
        "text_encoder/model.fp16.safetensors": tensors(text),
        "safety_checker/model.safetensors": tensors({"a": (4,)}),
        "whole.safetensors": tensors(NARROW),
    }
    for path in (
        "unet/diffusion_pytorch_model.bin",
        "model.ckpt",
        "unet/model.onnx",
        "flax_model.msgpack",
        "README.md",
    ):
        files[path] = b"x"
    hub.add("org/tiny-sd", files, license="creativeml-openrail-m")
    return files


@pytest.fixture
def registry(cache_dir: Path, hub: FakeHub) -> Registry:
    return registry_of(cache_dir, hub)


def registry_of(cache_dir: Path, hub: FakeHub, *, offline: bool = False) -> Registry:
    config = ModelEntry(
        "config-sd1", "C", "config", "sd1", 1, "", None,
        SourceSpec("hub", {"repository": "org/gone", "otherwise": "org/tiny-sd"}), (), family="sd1",
    )  # fmt: skip
    from foveate_server.models.registry import default_sources

    sources = {**default_sources(), "hub": HubSource(HubClient(hub.url))}
    return Registry(cache_dir, offline=offline, entries=[config], sources=sources)


def add(registry: Registry, hub: FakeHub, text: str, **options) -> ModelEntry:
    wanted = parse_hub_name(text)
    assert wanted is not None
    return add_from_hub(registry, wanted, AddOptions(**options), client=HubClient(hub.url))


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("org/name", HubName("org/name")),
        ("org/na.me-1@v2.0", HubName("org/na.me-1", "v2.0")),
        ("org/name@refs/pr/3", HubName("org/name", "refs/pr/3")),
        ("org/name:sub/lora.safetensors", HubName("org/name", None, "sub/lora.safetensors")),
        ("org/name@main:a.safetensors", HubName("org/name", "main", "a.safetensors")),
        ("name", None),
        ("/org/name", None),
        ("a/b/c", None),
        ("c:\\models\\x", None),
    ],
)
def test_names(text: str, parts: HubName | None) -> None:
    assert parse_hub_name(text) == parts


def test_a_pipeline_comes_in_half_precision_and_nothing_twice(registry: Registry, hub: FakeHub, pipeline) -> None:
    entry = add(registry, hub, "org/tiny-sd")
    assert (entry.name, entry.kind, entry.family) == ("tiny-sd", "diffusion", "sd1")
    assert sorted(file.name for file in entry.files) == WANTED
    assert entry.license == "creativeml-openrail-m"
    assert entry.source.options == {"repository": "org/tiny-sd", "revision": "c0ffee" + "0" * 34}
    folder = registry.folder(entry.name)
    for path in WANTED:
        assert (folder / path).read_bytes() == pipeline[path]
    weights = [path for path in pipeline if path.endswith((".safetensors", ".bin", ".ckpt", ".onnx", ".msgpack"))]
    fetched = {path.removeprefix("org/tiny-sd/") for path in hub.sent} & set(weights)
    assert fetched == {path for path in WANTED if path.endswith(".safetensors")}


def test_afterwards_no_network_is_needed(registry: Registry, hub: FakeHub, pipeline, cache_dir: Path) -> None:
    entry = add(registry, hub, "org/tiny-sd@main", name="mine")
    hub.repositories.clear()
    offline = registry_of(cache_dir, hub, offline=True)
    assert offline.entry("mine") == entry
    assert offline.is_available(entry)
    assert (offline.folder("mine") / "unet" / "config.json").is_file()
    with pytest.raises(ResourceError, match="stay offline") as caught:
        add(offline, hub, "org/other")
    assert caught.value.info.code is ErrorCode.OFFLINE


def test_later_only_notes_what_it_is(registry: Registry, hub: FakeHub, pipeline) -> None:
    entry = add(registry, hub, "org/tiny-sd", later=True)
    assert (entry.family, entry.facts["components"]["unet"]["variant"]) == ("sd1", "fp16")  # type: ignore[call-overload,index]
    assert not registry.is_available(entry)
    assert not (registry.cache_dir / entry.name / "unet").exists()
    hub.repositories["org/tiny-sd"].revisions = ()  # the pinned commit is what counts
    assert (registry.folder(entry.name) / "unet" / "diffusion_pytorch_model.fp16.safetensors").is_file()
    assert registry.is_available(entry)


def test_a_refusal_costs_no_download(registry: Registry, hub: FakeHub, pipeline, tensors) -> None:
    weights = tensors({"patch_embed.text_proj.weight": (1024, 1024)})
    pipeline["unet/diffusion_pytorch_model.fp16.safetensors"] = weights
    hub.add("org/tiny-sd", pipeline)
    with pytest.raises(InputError, match="a CogVideoX or CogView checkpoint, which Foveate cannot use"):
        add(registry, hub, "org/tiny-sd")
    assert hub.sent["org/tiny-sd/unet/diffusion_pytorch_model.fp16.safetensors"] < len(weights)
    assert {entry.kind for entry in registry.entries()} == {"config"}


def test_one_file_and_the_configuration_beside_it(registry: Registry, hub: FakeHub, pipeline) -> None:
    entry = add(registry, hub, "org/tiny-sd:whole.safetensors")
    assert (entry.name, entry.family, entry.reference) == ("whole", "sd1", "")
    assert entry.files[0].name == "whole.safetensors"
    config = registry.config_folder("whole")
    assert config is not None
    assert (config / "tokenizer" / "vocab.json").read_bytes() == pipeline["tokenizer/vocab.json"]
    assert not list(config.rglob("*.safetensors"))


def test_the_configuration_of_a_family_is_fetched_once(
    registry: Registry, hub: FakeHub, pipeline, tensors, cache_dir: Path
) -> None:
    hub.add("org/tune", {"tune.safetensors": tensors(NARROW)})
    entry = add(registry, hub, "org/tune")
    assert (entry.name, entry.reference) == ("tune", "config-sd1")
    config = registry.config_folder("tune")
    assert config is not None
    assert sorted(path.relative_to(config).as_posix() for path in config.rglob("*") if path.is_file()) == [
        "entry.json", "model_index.json", "scheduler/scheduler_config.json", "text_encoder/config.json",
        "tokenizer/merges.txt", "tokenizer/vocab.json", "unet/config.json", "vae/config.json",
    ]  # fmt: skip
    pinned = registry.entry("config-sd1")
    assert pinned.source.options == {"repository": "org/tiny-sd", "revision": "c0ffee" + "0" * 34}
    hub.repositories.clear()
    offline = registry_of(cache_dir, hub, offline=True)
    assert offline.config_folder("tune") == config
    assert [model.name for model in offline.catalog().listing] == ["tune"]


def test_a_configuration_that_is_not_here_and_cannot_be_fetched(hub: FakeHub, cache_dir: Path) -> None:
    with pytest.raises(ResourceError, match="stay offline") as caught:
        registry_of(cache_dir, hub, offline=True).folder("config-sd1")
    assert "foveate models pull config-sd1" in caught.value.info.remedy
    with pytest.raises(ResourceError, match="org/gone on the model hub"):
        registry_of(cache_dir, hub).folder("config-sd1")


def test_a_broken_download_goes_on_when_it_is_added_again(registry: Registry, hub: FakeHub, tensors) -> None:
    data = tensors({"emb_params": (200, 768)}, "F32")
    hub.add("org/toy", {"toy.safetensors": data})
    hub.break_after = [200_000, 100_000, 100_000]
    with pytest.raises(ResourceError) as caught:
        add(registry, hub, "org/toy")
    assert caught.value.info.code is ErrorCode.OFFLINE
    entry = add(registry, hub, "org/toy")
    assert registry.path(entry.name).read_bytes() == data
    assert hub.ranges[-1].startswith("bytes=3")


def test_bytes_that_were_changed_on_the_way_are_not_kept(registry: Registry, hub: FakeHub, tensors) -> None:
    hub.add("org/toy", {"toy.safetensors": tensors({"emb_params": (2, 768)})})
    hub.corrupt = {"toy.safetensors"}
    with pytest.raises(ResourceError, match="SHA-256 differs"):
        add(registry, hub, "org/toy")
    assert not (registry.cache_dir / "toy").exists()
    assert not (registry.cache_dir / ".partial" / "toy").exists()


def test_gated_and_private_ones(registry: Registry, hub: FakeHub, tensors, monkeypatch: pytest.MonkeyPatch) -> None:
    files = {"toy.safetensors": tensors({"emb_params": (2, 768)})}
    hub.add("org/gated", files, gated=True, readers=("hf_me",))
    hub.add("org/private", files, private=True, readers=("hf_me",))
    with pytest.raises(ResourceError, match="agree to their terms") as caught:
        add(registry, hub, "org/gated")
    assert f"{hub.url}/org/gated" in caught.value.info.remedy
    with pytest.raises(ResourceError, match="or it is private"):
        add(registry, hub, "org/private")
    monkeypatch.setenv("HF_TOKEN", "hf_me")
    assert add(registry, hub, "org/gated", name="a").kind == "embedding"
    assert add(registry, hub, "org/private", name="b").kind == "embedding"


def test_several_files_are_listed_and_pickles_are_not_taken(registry: Registry, hub: FakeHub, tensors) -> None:
    toy = tensors({"emb_params": (2, 768)})
    hub.add("org/toys", {"a.safetensors": toy, "b.safetensors": toy, "old.ckpt": b"x"})
    with pytest.raises(InputError, match=r"several checkpoints: a\.safetensors, b\.safetensors") as caught:
        add(registry, hub, "org/toys")
    assert "org/toys:a.safetensors" in caught.value.info.remedy
    with pytest.raises(InputError, match="no safetensors file"):
        add(registry, hub, "org/toys:old.ckpt")
    with pytest.raises(ResourceError, match=r"no file c\.safetensors"):
        add(registry, hub, "org/toys:c.safetensors")
    hub.add("org/old", {"model.ckpt": b"x"})
    with pytest.raises(InputError, match="only pickles"):
        add(registry, hub, "org/old")


def test_a_whole_file_stands_in_for_a_pipeline_of_pickles(registry: Registry, hub: FakeHub, pipeline) -> None:
    kept = {path: data for path, data in pipeline.items() if not path.startswith("text_encoder/model")}
    hub.add("org/tiny-sd", {**kept, "text_encoder/pytorch_model.bin": b"x"})
    entry = add(registry, hub, "org/tiny-sd")
    assert entry.files[0].name == "whole.safetensors"
    del kept["whole.safetensors"]
    hub.add("org/pickles", {**kept, "text_encoder/pytorch_model.bin": b"x"})
    with pytest.raises(InputError, match="text_encoder has its weights only as pickles"):
        add(registry, hub, "org/pickles")


def test_the_repository_s_name_speaks_for_a_file_without_one(registry: Registry, hub: FakeHub, tensors) -> None:
    layer = "unet.down_blocks.1.attentions.0.transformer_blocks.0.attn2.to_k"
    lora = {f"{layer}.lora_A.weight": (4, 768), f"{layer}.lora_B.weight": (320, 4)}
    config = b'{"r": 4, "lora_alpha": 8}'
    hub.add(
        "org/lcm-lora-sdv1-5",
        {"pytorch_lora_weights.safetensors": tensors(lora), "adapter_config.json": config},
    )
    entry = add(registry, hub, "org/lcm-lora-sdv1-5")
    assert entry.facts["adapter"] == {"lora_alpha": 8}
    assert (entry.name, entry.kind, entry.facts["variant"]) == ("lcm-lora-sdv1-5", "lora", "lcm")


def test_of_a_small_vae_s_repository_one_file_is_taken(registry: Registry, hub: FakeHub, tensors) -> None:
    files = {
        "config.json": b'{"_class_name": "AutoencoderTiny"}',
        "diffusion_pytorch_model.safetensors": tensors(made.below("decoder.layers.", made.tiny_decoder(width=2))),
        "taesd_decoder.safetensors": tensors(made.tiny_decoder(width=2, first=1)),
        "taesd_encoder.safetensors": tensors({"0.weight": (2, 3, 3, 3), "1.conv.0.weight": (2, 2, 3, 3)}),
    }
    hub.add("org/taesd", files)
    entry = add(registry, hub, "org/taesd")
    assert (entry.name, entry.kind, entry.family) == ("taesd", "preview", "")
    assert [file.name for file in entry.files] == ["diffusion_pytorch_model.safetensors", "config.json"]
    assert add(registry, hub, "org/taesd:taesd_decoder.safetensors", name="theirs").kind == "preview"
    with pytest.raises(InputError, match="the encoder of a small VAE"):
        add(registry, hub, "org/taesd:taesd_encoder.safetensors")
