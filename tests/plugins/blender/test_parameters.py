"""The panel repeats no fact of a schema: its properties are made of what the server says, or adds."""

from types import SimpleNamespace

import pytest

from fakes import blender
from fakes.models import FOR_PROMPTS
from fakes.scripted_client import ScriptedClient, real_welcome, with_operation, with_parameter
from foveate_server.engines.deterministic import tints
from foveate_shared.editor import kept_parameters
from foveate_shared.editor.controller import Controller
from foveate_shared.errors import InputError
from foveate_shared.wire.protocol import ModelInfo, Models, OperationInfo

PHOTO = ModelInfo("photo", "Photo", ("refocus", "faces", "upscale"), 4, True)
CHECKPOINT = tints.MODEL
SHARPEN = OperationInfo(
    "sharpen",
    "Sharpen edges",
    {
        "description": "Edges, by a filter",
        "properties": {
            "amount": {
                "type": "number",
                "title": "Amount",
                "minimum": 0,
                "maximum": 9,
                "default": 2,
                "x-level": "basic",
            },
            "mode": {"type": "string", "title": "Mode", "enum": ["soft", "hard"], "default": "hard"},
            "twice": {"type": "boolean", "title": "Twice", "default": False},
        },
    },
)


@pytest.fixture
def parameters(module, monkeypatch):
    """Return the extension's module, in a Blender that there is none of."""
    blender.install(monkeypatch)
    return module("parameters")


@pytest.fixture
def panel(parameters, module, tmp_path, monkeypatch):
    """Return what lets a server tell something, and gives the panel's properties."""
    client = ScriptedClient()
    rt = Controller(tmp_path / "settings.json", lambda _: client, system_language=lambda: "en")
    rt.choices = rt.kept = lambda items: items
    rt.fields = {}
    monkeypatch.setattr(module("controller"), "get", lambda: rt)
    rt.wake()

    def tell(change=lambda infos: infos):
        client.tell(real_welcome(change=change), Models(1, (PHOTO, *FOR_PROMPTS)))
        rt.poll()
        group = type("Group", (), {})
        parameters.define(group)
        return group

    tell.rt = rt
    return tell


@pytest.fixture
def own():
    """Return the panel's own choices."""
    return SimpleNamespace(draw_seed=False, only="")


def test_limits_titles_and_defaults_are_the_schemas(panel):
    group = panel(with_parameter("faces", "min_score", minimum=0.35, default=0.65, title="Sureness"))
    made = group.faces_min_score
    assert (made.kind, made.min, made.max, made.name, made.subtype) == ("Float", 0.35, 1, "Sureness", "FACTOR")
    assert made.read() == 0.65
    group = panel(with_parameter("refocus", "num_inference_steps", maximum=77))
    assert (group.refocus_num_inference_steps.max, group.refocus_num_inference_steps.read()) == (77, 1)


def test_a_number_that_is_no_share_any_more(panel):
    made = panel(with_parameter("refocus", "strength", maximum=3, default=2)).refocus_strength
    assert (made.max, made.subtype, made.read()) == (3, "NONE", 2)


def test_another_choice_and_another_default(panel):
    made = panel(with_parameter("upscale", "scale", enum=[2, 4, 6], default=6)).upscale_scale
    assert made.identifiers() == ["2", "4", "6"]
    assert made.read() == 2  # Blender numbers them
    made.write(1)
    assert made.read() == 1


def test_limits_of_an_extension_and_of_weights(panel):
    side = {"type": "integer", "minimum": 0, "maximum": 77, "title": "Port"}
    group = panel(with_parameter("fill", "extend", properties={"left": side}))
    assert (group.fill_extend_left.max, group.fill_extend_left.name) == (77, "Port")
    assert not hasattr(group, "fill_extend_right")
    assert (group.refocus_loras_1_weight.min, group.refocus_loras_1_weight.max) == (-4, 4)


def test_an_operation_of_somebody_else_is_offered_with_its_parameters(parameters, panel, own):
    group = panel(with_operation(SHARPEN))
    assert kept_parameters.offered(panel.rt) == ["refocus", "faces", "upscale", "fill", "compare", "sharpen", "extend"]
    assert (group.sharpen_amount.max, group.sharpen_amount.read()) == (9, 2)
    assert group.sharpen_mode.identifiers() == ["soft", "hard"]
    assert parameters.panel_parameters("sharpen", own) == {}
    group.sharpen_amount.write(3.5000001)
    group.sharpen_mode.write(0)
    group.sharpen_twice.write(True)
    assert parameters.panel_parameters("sharpen", own) == {"amount": 3.5, "mode": "soft", "twice": True}


def test_what_only_checkpoints_know_is_kept_once_their_strength_apart(parameters, panel, own):
    group = panel()
    group.refocus_model.write(CHECKPOINT)
    group.upscale_model.write(CHECKPOINT)
    group.refocus_prompt.write("a door")
    group.refocus_strength.write(0.7)
    assert (group.upscale_prompt.read(), group.upscale_strength.read()) == ("a door", 0.3)
    assert parameters.panel_parameters("upscale", own)["prompt"] == "a door"
    group.refocus_model.write("")
    assert group.refocus_strength.read() == 1.0  # a restorer's
    assert parameters.panel_parameters("refocus", own) == {}


def test_a_preset_brings_its_own_values(parameters, panel):
    group = panel()
    group.refocus_model.write(CHECKPOINT)
    group.refocus_strength.write(0.9)
    assert group.refocus_preset.identifiers()[0] == "NONE"
    group.refocus_preset.write(group.refocus_preset.identifiers().index("portrait"))
    assert group.refocus_strength.read() == 0.4


def test_a_seed_is_drawn_or_kept(parameters, panel, own):
    group = panel()
    group.refocus_model.write(CHECKPOINT)
    parameters.keep_seed(own, 7)
    assert group.fill_seed.read() == 7
    assert parameters.panel_parameters("refocus", own)["seed"] == 7
    own.draw_seed = True
    drawn = {parameters.panel_parameters("refocus", own)["seed"] for _ in range(20)}
    assert len(drawn) > 1
    assert all(0 <= seed <= parameters.LARGEST_SEED for seed in drawn)


def test_what_is_listed_in_other_ways(parameters, panel, own):
    group = panel()
    group.faces_model.write(CHECKPOINT)
    group.faces_loras_1.write("deterministic-lora")
    own.only = "1, 3"
    told = parameters.panel_parameters("faces", own)
    assert (told["only"], told["loras"]) == ([1, 3], [{"name": "deterministic-lora", "weight": 1.0}])
    with pytest.raises(InputError, match="No side is to grow"):
        parameters.panel_parameters("extend", own)
    group.fill_extend_left.write(9)
    assert parameters.panel_parameters("extend", own)["extend"] == {"left": 9}
    assert "extend" not in parameters.panel_parameters("fill", own)
    with pytest.raises(InputError, match="nothing to compare"):
        parameters.panel_parameters("compare", own)
    group.compare_strengths.write("0.3, 0.5")
    assert parameters.panel_parameters("compare", own)["variants"] == [{"strength": 0.3}, {"strength": 0.5}]


def test_no_property_searches_for_blender_would_crash_over_it(panel):
    """Blender 4.3 does where E is pressed over a text with a search."""
    group = panel()
    made = [each for name, each in vars(group).items() if not name.startswith("__")]
    assert len(made) > 100
    assert not [each.told["name"] for each in made if "search" in each.told]


def test_what_fits_is_chosen_by_its_title_and_kept_by_name(module, panel):
    group = panel()
    choosers = module("name_choosers")
    choose = choosers.CLASSES[0]
    said = SimpleNamespace(field="refocus_model")
    titles = [title for _, title, _ in choosers._listed(said, None)]
    assert titles == ["Best for photos (default)", "Photo", "Deterministic checkpoint"]
    in_menu = SimpleNamespace(foveate_told='{"field": "refocus_model"}')  # where Blender 5.2 tells the operator nothing
    assert choosers._listed(SimpleNamespace(field=""), in_menu) == choosers._listed(said, None)
    choose.execute(SimpleNamespace(field="refocus_model", choice=CHECKPOINT), None)
    assert group.refocus_model.read() == CHECKPOINT
    choose.execute(SimpleNamespace(field="refocus_model", choice="NONE"), None)
    assert group.refocus_model.read() == ""


def test_before_a_server_has_told_there_is_nothing(parameters, panel, own):
    assert kept_parameters.offered(panel.rt) == []
    assert parameters.panel_parameters("refocus", own) == {}
