"""A procedure's arguments follow what the server told, and its parameters what the arguments say."""

import pytest
from foveate_gimp import arguments
from foveate_gimp.arguments import arguments_of
from foveate_gimp.first_operations import FIRST
from foveate_gimp.operation_procedures import operations_of, wants_image

from fakes.changed_server import SOFTEN, changed_operations
from foveate_server.operations.registry import operations
from foveate_shared.errors import InputError
from foveate_shared.i18n.translations import Texts
from foveate_shared.wire.protocol import ModelInfo, OperationInfo


def infos(of):
    return tuple(OperationInfo(each.name, each.title, each.parameters.schema) for each in of.values())


OURS, THEIRS = infos(operations()), infos(changed_operations())


class Config(dict):
    """The values of a procedure's arguments."""

    def get_property(self, name):
        return self[name]

    def find_property(self, name):
        return name if name in self else None


def procedure(name, of=OURS):
    return next(each for each in operations_of(of) if each.procedure == f"plug-in-foveate-{name}")


def said(name, registered=OURS, live=None, **values):
    """Return the parameters that a procedure's arguments say, those apart that are not named being as they are."""
    made = procedure(name, registered)
    config = Config({each.name: each.default for each in made.arguments})
    unknown = {each.replace("_", "-") for each in values} - config.keys()
    assert not unknown
    config |= {each.replace("_", "-"): value for each, value in values.items()}
    info = next(each for each in (live or registered) if each.name == made.name)
    return made.parameters(config, info, Texts())


def argument(name, of, operation):
    return next(each for each in procedure(operation, of).arguments if each.name == name)


# --- what GIMP is told -----------------------------------------------------------------------------------------------


def test_limits_defaults_and_choices_are_the_servers():
    assert (argument("left", OURS, "extend").low, argument("left", OURS, "extend").high) == (0, 16384)
    score = argument("min-score", OURS, "faces")
    assert (score.kind, score.low, score.high, score.default) == (arguments.NUMBER, 0.2, 1, 0.5)
    scale = argument("scale", OURS, "upscale")
    assert (scale.kind, scale.low, scale.high, scale.default) == (arguments.INTEGER, 2, 4, 4)
    target = argument("target", OURS, "upscale")
    assert (target.kind, [nick for nick, _ in target.choices], target.default) == (
        arguments.CHOICE,
        ["new-image", "in-place"],
        "new-image",
    )
    assert [nick for nick, _ in argument("start", OURS, "fill").choices] == ["fill", "original", "noise"]


def test_another_server_changes_all_of_them():
    assert argument("left", THEIRS, "extend").high == 20000
    score = argument("min-score", THEIRS, "faces")
    assert (score.low, score.default) == (0.3, 0.75)
    assert argument("scale", THEIRS, "upscale").high == 6
    assert [nick for nick, _ in argument("start", THEIRS, "fill").choices][-1] == "blur"
    assert argument("strength", THEIRS, "refocus").high == 0.9
    assert argument("strength", THEIRS, "refocus").title == "Force"
    assert procedure("refocus", THEIRS).title == "Bring into focus"


def test_an_operation_of_the_server_alone_becomes_a_procedure():
    soften = procedure("soften", THEIRS)
    assert (soften.title, soften.name, soften.is_whole, soften.has_output) == ("Soften", "soften", False, True)
    kinds = {each.name: (each.kind, each.default) for each in soften.arguments}
    assert kinds == {
        "radius": ("integer", 3),
        "shape": ("choice", "round"),
        "softness": ("number", -1),
        "edges": ("boolean", False),
        "levels": ("string", ""),
        "label": ("string", ""),
        "force": ("number", -1),
    }
    assert not soften.has_variations
    radius = soften.arguments[0]
    assert (radius.low, radius.high, radius.description) == (1, 9, SOFTEN["radius"]["description"])
    assert "detect" not in {each.name for each in operations_of(THEIRS)}


@pytest.mark.parametrize("of", [OURS, FIRST, THEIRS], ids=["ours", "first", "theirs"])
def test_what_says_nothing_lies_within_the_limits_that_gimp_is_told(of):
    for made in operations_of(of):
        names = [each.name for each in made.arguments]
        assert len(set(names)) == len(names)
        assert not {"image", "drawables", "run-mode", "output", "variations"} & set(names)
        for each in made.arguments:
            assert each.kind not in {"integer", "number"} or each.low <= each.default <= each.high, each
            assert each.kind != "choice" or each.default in dict(each.choices)


def test_scripts_find_the_same_defaults_whether_a_server_was_seen_or_not():
    """Where the default depends on the model, that is; what was said of it stays the same, too."""
    for made in operations_of(FIRST):
        known = {each.name: each for each in procedure(made.procedure.removeprefix("plug-in-foveate-")).arguments}
        for each in made.arguments:
            assert each.name in known
            if each.name in {"strength", "steps", "guidance", "left", "seed"}:
                assert each.default == known[each.name].default


def test_a_name_that_is_taken_or_none_for_gimp_is_another_one():
    schema = {"properties": {"image": {"type": "string"}, "2nd": {"type": "string"}, "a_b.C": {"type": "string"}}}
    names = [each.name for each in arguments_of(OperationInfo("x", "X", schema))]
    assert names == ["parameter-image", "parameter-2nd", "a-b-c"]


# --- what a job is told ----------------------------------------------------------------------------------------------


def test_what_is_left_as_it_is_says_nothing():
    for made in operations_of(OURS):
        if made.procedure.rpartition("-")[2] not in {"extend", "compare"}:
            assert said(made.procedure.removeprefix("plug-in-foveate-")) == {}


def test_parameters_of_each_operation():
    assert said("refocus", strength=0.5, model=" x4 ") == {"strength": 0.5, "model": "x4"}
    assert said("refocus", strength=0.0) == {"strength": 0.0}
    assert said("faces", only="2, 4-5", min_score=0.4) == {"only": [2, 4, 5], "min_score": 0.4}
    assert said("upscale", scale=3, target="in-place", model=None) == {"scale": 3, "target": "document"}
    assert said("fill", start="noise") == {"start": "noise"}
    assert said("extend", top=8, right=16) == {"extend": {"top": 8, "right": 16}}
    with pytest.raises(InputError, match="grows on no side"):
        said("extend")


def test_what_is_compared():
    with pytest.raises(InputError, match="nothing to compare"):
        said("compare", strength=0.4)
    told = said("compare", compared_seed="1, 2", compared_loras="film:0.5, none", strength=0.4, prompt="a door")
    assert told == {
        "variants": [
            {"seed": seed, "loras": loras} for seed in (1, 2) for loras in ([{"name": "film", "weight": 0.5}], [])
        ],
        "strength": 0.4,
        "prompt": "a door",
    }


def test_models_may_be_compared_by_their_titles():
    models = (ModelInfo("real-vis", "Real Vis 5", ("compare",), 1, True, kind="diffusion", family="sdxl"),)
    made = procedure("compare")
    config = Config({each.name: each.default for each in made.arguments} | {"compared-model": "Real Vis 5, tune"})
    info = next(each for each in OURS if each.name == made.name)
    told = made.parameters(config, info, Texts(), models)
    assert told == {"variants": [{"model": "real-vis"}, {"model": "tune"}]}


def test_what_a_checkpoint_is_told():
    told = said(
        "refocus", model="photo", prompt=" a door ", negative_prompt="text", preset="film", scheduler="euler",
        seed="4294967295", loras="film:0.8, grain", steps=12, guidance=0.0,
    )  # fmt: skip
    assert told == {
        "model": "photo",
        "prompt": "a door",
        "negative_prompt": "text",
        "preset": "film",
        "scheduler": "euler",
        "seed": 4294967295,
        "loras": [{"name": "film", "weight": 0.8}, {"name": "grain", "weight": 1.0}],
        "num_inference_steps": 12,
        "guidance_scale": 0.0,
    }


def test_what_the_servers_own_operation_is_told():
    told = said("soften", THEIRS, radius=5, shape="square", edges=True, levels="1, 3-5", softness=0.5)
    assert told == {"radius": 5, "shape": "square", "edges": True, "levels": [1, 3, 4, 5], "softness": 0.5}


REFUSED = {
    "a face": (("faces", {"only": "left"}), "Only these faces: “left” is no number. Write numbers such as 1, 3-5."),
    "no face": (("faces", {"only": "0"}), "Only these faces must be at least 1."),
    "a seed": (("refocus", {"seed": "one"}), "Seed must be a whole number, not “one”."),
    "a large seed": (("refocus", {"seed": "4294967296"}), "Seed must be at most 4294967295."),
    "a LoRA": (("refocus", {"loras": "film:much"}), "is no LoRA"),
    "a scale": (("upscale", {"scale": 5}), "Scale must be one of 2, 3, 4."),
    "seeds": (("compare", {"compared_seed": "-1"}), "“-1” is no seed"),
    "strengths": (("compare", {"compared_strength": "2"}), "Strengths must be at most 1."),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_makes_no_sense_is_said(case):
    (operation, values), sentence = REFUSED[case]
    with pytest.raises(InputError) as caught:
        said(operation, **values)
    assert sentence in str(caught.value)


def test_the_limits_of_the_server_that_is_there_count_not_those_that_gimp_was_told():
    assert said("extend", THEIRS, OURS, bottom=16384) == {"extend": {"bottom": 16384}}
    with pytest.raises(InputError, match="Left must be at most 16384"):
        said("extend", THEIRS, OURS, left=20000)
    with pytest.raises(InputError, match=r"Strength must be at most 0\.9"):
        said("refocus", OURS, THEIRS, strength=0.95)
    with pytest.raises(InputError, match="Start from must be one of fill, original, noise"):
        said("fill", THEIRS, OURS, start="blur")
    assert said("refocus", FIRST, THEIRS, strength=0.25) == {"strength": 0.25}
    with pytest.raises(InputError, match="Scale must be one of 2, 3, 4, 6"):
        said("upscale", FIRST, THEIRS, scale=5)
    with pytest.raises(InputError, match="Target must be one of new, document"):
        said("upscale", FIRST, OURS, target="elsewhere")


def test_before_a_server_was_seen_scripts_say_the_same():
    assert said("upscale", FIRST, OURS, target="in-place", scale=2) == {"target": "document", "scale": 2}
    assert said("faces", FIRST, OURS, only="1", min_score=0.3) == {"only": [1], "min_score": 0.3}


def test_only_some_operations_ask_where_the_result_goes():
    assert wants_image(Config(output="image"))
    assert not wants_image(Config(output="layer"))
    assert not wants_image(Config())
    whole = {each.procedure.rpartition("-")[2] for each in operations_of(THEIRS) if not each.has_output}
    assert whole == {"upscale", "extend", "compare"}


def test_every_text_of_the_menu_is_in_german():
    say = Texts("de")
    for operation in operations_of(OURS):
        for text in (operation.title, operation.blurb):
            assert say(text) != text
