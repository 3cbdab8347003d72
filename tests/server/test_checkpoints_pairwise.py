"""Checkpoints of all families through a real server, worker, client and websocket, combined pairwise on one server."""

from __future__ import annotations

import json
import re
from itertools import combinations, product
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from skimage import data
from skimage.transform import resize

from fakes.checkpoint_studio import CHECKPOINTS, RESTORER, UNETS, Made, Studio
from fakes.pairs import Row, all_pairs, pairs_of
from foveate_server.cli.region import Region
from foveate_server.models.find_by_hash import pins_of
from foveate_server.picture_files.picture import DTYPES, Picture
from foveate_shared.errors import ErrorCode
from foveate_shared.geometry import Bounds
from foveate_shared.jobs.job_flow import JobProgress, JobState
from foveate_shared.jobs.run_blocking import run_to_end
from foveate_shared.pixels import Channels, SampleType
from foveate_shared.wire.protocol import Selection

pytestmark = pytest.mark.weights  # faces are found, and pictures enlarged, by the embedded models

WIDTH, HEIGHT = 88, 80
STEPS = 3
PARTS = 2  # items of an extension: what is there, and what is new; steps are a job's items where there are several
GROWTH = 16  # document pixels
FACTORS = {
    "operation": ("refocus", "faces", "fill", "extend", "upscale", "compare"),
    "model": CHECKPOINTS,
    "addition": ("nothing", "lora", "kohya", "embedding", "lora+embedding", "vae"),
    "selection": ("nothing", "rectangle", "mask", "border"),
    "dtype": tuple(SampleType),
    "channels": (Channels.RGB, Channels.RGBA, Channels.Y),
    "strength": (0, 0.4, 1),
}


def family_of(model: str) -> str:
    return model.partition("-")[0]


def is_possible(row: Row) -> bool:
    is_unet = family_of(row["model"]) in UNETS
    if row["operation"] == "upscale" and not is_unet:
        return False
    if row["operation"] == "extend" and row["selection"] != "nothing":
        return False
    return is_unet or not re.search("kohya|embedding", row["addition"])


ROWS = sorted(all_pairs(FACTORS, is_possible), key=lambda row: CHECKPOINTS.index(row["model"]))


def name_of(row: Row) -> str:
    return "-".join(str(getattr(value, "value", value)) for value in row.values())


def portrait(dtype: SampleType, channels: Channels) -> Picture:
    """A face, with a ramp from nothing to full as alpha."""
    rgb = resize(data.astronaut()[10:210, 120:340] / 255, (HEIGHT, WIDTH, 3), anti_aliasing=True)
    values = rgb.mean(axis=2, keepdims=True) if channels.is_gray else rgb
    if channels.has_alpha:
        alpha = np.clip(np.linspace(-0.2, 1.2, WIDTH), 0, 1)
        values = np.dstack([values, np.broadcast_to(alpha, (HEIGHT, WIDTH))])
    scaled = values if dtype.is_float else np.rint(values * np.iinfo(DTYPES[dtype]).max)
    return Picture(scaled.astype(DTYPES[dtype]), channels, space="gray-srgb" if channels.is_gray else "srgb")


def region_named(name: str) -> Region:
    if name == "nothing":
        return Region(None)
    if name == "border":
        return Region(Selection(Bounds(34, 24, WIDTH - 34, HEIGHT - 24)))
    bounds = Bounds(20, 8, 44, 56)
    if name == "rectangle":
        return Region(Selection(bounds))
    coverage = np.zeros((HEIGHT, WIDTH), np.uint8)
    rows, columns = np.mgrid[-1 : 1 : bounds.height * 1j, -1 : 1 : bounds.width * 1j]
    soft = np.clip(2.5 * (1 - np.hypot(rows, columns)), 0, 1)
    coverage[bounds.y : bounds.bottom, bounds.x : bounds.right] = np.rint(255 * soft)
    return Region(Selection(bounds, has_coverage=True), coverage)


def outside(region: Region) -> NDArray[np.bool_]:
    """Return where nothing is selected, (HEIGHT, WIDTH)."""
    if region.coverage is not None:
        return region.coverage == 0
    result = np.ones((HEIGHT, WIDTH), bool)
    bounds = region.selection.bounds if region.selection else Bounds(0, 0, WIDTH, HEIGHT)
    result[bounds.y : bounds.bottom, bounds.x : bounds.right] = False
    return result


def parameters_of(row: Row) -> dict[str, Any]:
    family, addition = family_of(row["model"]), row["addition"]
    parameters: dict[str, Any] = {
        "model": row["model"],
        "strength": row["strength"],
        "prompt": "a (face)1.2 of marble",
        "seed": 11,
        "num_inference_steps": STEPS,
    }
    if "lora" in addition or addition == "kohya":
        name = f"{family}-{'kohya' if addition == 'kohya' else 'lora'}"
        parameters["loras"] = [{"name": name, "weight": 0.7}]
    if "embedding" in addition:
        parameters["prompt"] += f", {family}-word"
    if addition == "vae":
        parameters["vae"] = f"{family}-vae"
    if row["operation"] == "extend":
        parameters["extend"] = {"right": GROWTH}
    if row["operation"] == "upscale":
        parameters |= {"scale": 2, "target": "new" if row["selection"] == "nothing" else "document"}
    if row["operation"] == "compare":
        parameters["variants"] = [{"label": "one"}, {"label": "two", "guidance_scale": 2.0}]
    return parameters


def run_row(studio: Studio, row: Row) -> tuple[Picture, Region, Made]:
    picture, region = portrait(row["dtype"], row["channels"]), region_named(row["selection"])
    operation = "fill" if row["operation"] == "extend" else row["operation"]
    return picture, region, studio.run(picture, region, operation, parameters_of(row))


def added_to(row: Row, studio: Studio) -> dict[str, Any]:
    """Return what the recipe must say of the additions of `row`."""
    parameters, told = parameters_of(row), {}
    for lora in parameters.get("loras", []):
        told["loras"] = [{**lora, "sha256": studio.entries[lora["name"]].sha256}]
    if "embedding" in row["addition"]:
        name = f"{family_of(row['model'])}-word"
        told["embeddings"] = [{"name": name, "sha256": studio.entries[name].sha256}]
    if "vae" in parameters:
        told["vae"] = {"name": parameters["vae"], "sha256": studio.entries[parameters["vae"]].sha256}
    return told


@pytest.mark.parametrize("row", ROWS, ids=name_of)
def test_every_pair(studio: Studio, row: Row):
    picture, region, made = run_row(studio, row)
    assert made.status.state is JobState.DONE, made.status.error
    check_pixels(row, picture, region, made)
    if row["strength"] == 0:  # then no checkpoint is asked
        return
    check_recipe(row, studio, made)
    assert any(re.search(r"[\d.]+ of [\d.]+ GB", note) for note in made.status.notes), made.status.notes
    if row["strength"] == 1:
        steps = PARTS if row["operation"] == "extend" else STEPS
        if steps not in made.steps:  # progress is thinned out: of a run of some milliseconds none may be left
            made = run_row(studio, row)[-1]
        assert steps in made.steps
        assert made.previews


def check_pixels(row: Row, picture: Picture, region: Region, made: Made) -> None:
    old, new = picture.samples, made.samples()
    assert new.dtype == old.dtype
    if row["operation"] == "extend":
        assert new.shape == (HEIGHT, WIDTH + GROWTH, old.shape[2])
        assert new[:, :WIDTH].tobytes() == old.tobytes()
    elif row["operation"] == "upscale" and row["selection"] == "nothing":
        assert new.shape == (2 * HEIGHT, 2 * WIDTH, old.shape[2])
        assert np.isfinite(new.astype(np.float64)).all()
    elif row["operation"] == "compare":
        assert new.shape[0] > HEIGHT / 2
        labels = [outcome.data.get("label") for outcome in made.result.outcomes]
        assert labels == [None, "one", "two"]
    else:
        check_document(row, old, new, region)


def check_document(row: Row, old: NDArray[Any], new: NDArray[Any], region: Region) -> None:
    assert new.shape == old.shape
    untouched = outside(region)
    assert new[untouched].tobytes() == old[untouched].tobytes()
    position = row["channels"].alpha_position
    if position is not None:
        assert new[..., position].tobytes() == old[..., position].tobytes()
    if row["operation"] == "upscale":
        assert new.tobytes() != old.tobytes()
    elif row["strength"] == 0:
        assert new.tobytes() == old.tobytes()
    elif row["operation"] != "faces":  # a face that a random network spoils is kept as it was
        assert new.tobytes() != old.tobytes()


def check_recipe(row: Row, studio: Studio, made: Made) -> None:
    model = {
        "name": row["model"],
        "sha256": studio.entries[row["model"]].sha256,
        "family": family_of(row["model"]),
    }
    recipes = [made.recipe]
    if row["operation"] == "compare":
        recipes = [outcome.data["recipe"] for outcome in made.result.outcomes[1:]]
    for recipe in recipes:
        assert recipe["model"] == model
        assert recipe["additions"] == added_to(row, studio)


def test_the_rows_hold_every_pair():
    met = set().union(*map(pairs_of, ROWS))
    pairs = {
        ((first, one), (second, other))
        for first, second in combinations(FACTORS, 2)
        for one, other in product(FACTORS[first], FACTORS[second])
    }
    never = [dict(pair) for pair in pairs - met]
    assert never
    for pair in never:
        free = {name: [pair[name]] if name in pair else values for name, values in FACTORS.items()}
        assert not any(is_possible(dict(zip(free, values, strict=True))) for values in product(*free.values())), pair


REPLAYED = [
    next(row for row in ROWS if row["model"] == model and row["operation"] == operation and row["strength"])
    for model, operation in (("sd1", "fill"), ("sdxl", "refocus"), ("sd2", "upscale"))
]


@pytest.mark.parametrize("row", REPLAYED, ids=name_of)
def test_a_recipe_gives_the_same_bytes_again_whatever_its_models_are_called(studio: Studio, row: Row):
    picture, region, made = run_row(studio, row)
    hashes = {pin.name: pin.sha256 for pin in pins_of(made.recipe)}
    recorded = made.recipe["parameters"]
    again = {**recorded, "pinned": {**recorded["pinned"], "models": hashes}}
    assert studio.run(picture, region, row["operation"], again).samples().tobytes() == made.samples().tobytes()
    names = "|".join(sorted(hashes, key=len, reverse=True))
    renamed = json.loads(re.sub(rf"\b({names})\b", r"their-\1", json.dumps(again)))
    assert renamed["model"] == f"their-{row['model']}"
    assert studio.run(picture, region, row["operation"], renamed).samples().tobytes() == made.samples().tobytes()


def replayed(made: Made, **changed: Any) -> dict[str, Any]:
    """Return the parameters of a replay of what was made, as the command line asks for it."""
    hashes = {pin.name: pin.sha256 for pin in pins_of(made.recipe)}
    recorded = made.recipe["parameters"]
    return {**recorded, "pinned": {**recorded.get("pinned", {}), "models": hashes}, **changed}


VARIANTS = [
    {"label": "worn", "model": "sd1", "loras": [{"name": "sd1-lora", "weight": 0.7}], "vae": "sd1-vae"},
    {"label": "other", "model": "sdxl", "loras": [], "prompt": "a face, sdxl-word", "strength": 0.7},
    {"label": "bare", "model": "sd1", "loras": []},
]


def test_a_comparison_pins_the_models_of_each_variant(studio: Studio):
    picture, region = portrait(SampleType.U8, Channels.RGB), region_named("rectangle")
    asked = {**PLAIN, "model": "sd1", "loras": [{"name": "sd1-kohya"}], "variants": VARIANTS}
    made = studio.run(picture, region, "compare", asked)
    assert made.status.state is JobState.DONE, made.status.error
    used = {"sd1", "sdxl", "sd1-lora", "sd1-vae", "sdxl-word"}
    told = made.recipe["variants"]
    assert [variant["label"] for variant in told] == ["worn", "other", "bare"]
    assert [variant["model"]["name"] for variant in told] == ["sd1", "sdxl", "sd1"]
    assert told[2]["additions"] == {}
    again = replayed(made)
    assert again["pinned"]["models"] == {name: studio.entries[name].sha256 for name in used}
    assert all(variant["pinned"]["threads"] for variant in again["variants"])
    assert studio.run(picture, region, "compare", again).samples().tobytes() == made.samples().tobytes()
    names = "|".join(sorted(used, key=len, reverse=True))
    renamed = json.loads(re.sub(rf"\b({names})\b", r"their-\1", json.dumps(again)))
    assert studio.run(picture, region, "compare", renamed).samples().tobytes() == made.samples().tobytes()
    gone = {**again["pinned"]["models"], "sdxl": "a" * 64, "sd1-vae": "b" * 64}
    refused = studio.run(picture, region, "compare", {**again, "pinned": {"models": gone}})
    assert_refused(refused.status, r"The recipe needs what is not here: the VAE sd1-vae .*, the model sdxl \(SHA-256 a")


def test_an_upscale_pins_the_restorer_that_worked_first(studio: Studio):
    picture, region = portrait(SampleType.U8, Channels.RGB), Region(None)
    made = studio.run(picture, region, "upscale", {**PLAIN, "model": "sd1", "scale": 2})
    assert made.status.state is JobState.DONE, made.status.error
    assert made.recipe["restorer"]["name"] == made.recipe["parameters"]["restorer"] == RESTORER
    again = replayed(made, restorer="theirs")
    assert again["pinned"]["restorer"]["dtype"]
    again["pinned"]["models"]["theirs"] = again["pinned"]["models"].pop(RESTORER)
    assert studio.run(picture, region, "upscale", again).samples().tobytes() == made.samples().tobytes()
    again["pinned"]["models"]["theirs"] = "c" * 64
    refused = studio.run(picture, region, "upscale", again)
    assert_refused(refused.status, r"The recipe needs what is not here: the restorer theirs \(SHA-256 c")


def test_a_replay_names_all_that_is_not_here(studio: Studio):
    models = {"gone": "a" * 64, "sd1-lora": "b" * 64}
    asked = {**PLAIN, "model": "gone", "loras": [{"name": "sd1-lora"}], "pinned": {"models": models}}
    made = studio.run(portrait(SampleType.U8, Channels.RGB), Region(None), "refocus", asked)
    wanted = (
        r"The recipe needs what is not here: the model gone \(SHA-256 a{12}\), the LoRA sd1-lora \(SHA-256 b{12}\)\."
        r" Here, sd1-lora is another file"
    )
    assert_refused(made.status, wanted)


PLAIN = {"prompt": "a face", "strength": 1, "seed": 3, "num_inference_steps": 2}


def test_cancelling_shows_at_once_and_the_next_job_runs(studio: Studio):
    picture = portrait(SampleType.U8, Channels.RGB)
    flow, kept = studio.flow(picture, Region(None), "refocus", {**PLAIN, "model": "sd1", "num_inference_steps": 150})
    flow.start()
    steps = [0]

    def runs() -> bool:
        steps.append(flow.status.step)
        return steps[-1] > 0

    run_to_end(studio.client, flow, should_cancel=runs)
    assert flow.status.state is JobState.CANCELLED
    assert max(steps) < 150
    assert not kept
    made = studio.run(picture, Region(None), "refocus", {**PLAIN, "model": "sd1"})
    assert made.status.state is JobState.DONE


@pytest.mark.parametrize("model", ["sd3", "flux1"])
def test_a_transformer_is_not_asked_to_upscale(studio: Studio, model: str):
    made = studio.run(portrait(SampleType.U8, Channels.RGB), Region(None), "upscale", {**PLAIN, "model": model})
    assert_refused(made.status, rf"There is no model named '{model}' for upscale\.")


@pytest.mark.parametrize(
    ("model", "parameters", "sentence"),
    [
        ("sd1", {"loras": [{"name": "sdxl-lora"}]}, "The LoRA sdxl-lora is for Stable Diffusion XL, and sd1 is"),
        ("sdxl", {"loras": [{"name": "sd2-kohya"}]}, "The LoRA sd2-kohya is for Stable Diffusion 2.x, and sdxl is"),
        ("flux1", {"loras": [{"name": "sd3-lora"}]}, "The LoRA sd3-lora is for Stable Diffusion 3, and flux1 is"),
        ("sd2", {"embeddings": ["sd1-word"]}, "The embedding sd1-word is for Stable Diffusion 1.x, and sd2 is"),
        ("sd1", {"vae": "sdxl-vae"}, "The VAE sdxl-vae is for Stable Diffusion XL, and sd1 is"),
    ],
)
def test_what_was_made_for_others_is_one_sentence(studio: Studio, model: str, parameters: dict, sentence: str):
    asked = {**PLAIN, "model": model, **parameters}
    made = studio.run(portrait(SampleType.U8, Channels.RGB), Region(None), "refocus", asked)
    assert_refused(made.status, re.escape(sentence))


def assert_refused(status: JobProgress, pattern: str) -> None:
    assert status.state is JobState.FAILED
    assert status.error is not None
    assert status.error.code in (ErrorCode.INVALID_PARAMETER, ErrorCode.UNKNOWN_MODEL)
    assert re.match(pattern, status.error.message)
    assert status.error.remedy
