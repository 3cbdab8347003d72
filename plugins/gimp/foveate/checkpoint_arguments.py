"""The arguments that only checkpoints know, and the parameters that follow from them.

A restorer refuses them with a sentence of the server's; what is left at its default is left to the preset or the model.
"""

from __future__ import annotations

from gi.repository import Gimp, GObject

from ._shared import comparison_lists, errors, form, protocol, translations

ARGUMENTS = (
    "prompt",
    "negative-prompt",
    "preset",
    "variations",
    "seed",
    "steps",
    "guidance",
    "scheduler",
    "loras",
)
UNSAID = -1.0  # a number that is left to the model
MAX_STEPS, MAX_GUIDANCE = 150, 30.0
_MAX_SEED = form.SEEDS - 1
_READ_WRITE = GObject.ParamFlags.READWRITE


def add_arguments(procedure: Gimp.Procedure, say: translations.Texts, *, variations: bool = True) -> None:
    """Add them to a procedure; `variations` apart where it makes one picture of its own."""
    for name, title, description in (
        ("prompt", "Prompt", "What the picture shall show there. Empty: what suits what is there. Weights: (words)1.2"),
        ("negative-prompt", "Negative prompt", "What the picture shall not show."),
        ("preset", "Preset", "A style: words around the prompt, and parameters that go with it."),
        ("seed", "Seed", "A number: the same one gives the same picture. Empty: another one each time"),
        ("scheduler", "Scheduler", "How noise is taken away, by the name that the checkpoint's defaults list."),
        ("loras", "LoRAs", "What is added to the checkpoint, such as film:0.8, grain"),
    ):
        procedure.add_string_argument(name, say(title), say(description), "", _READ_WRITE)
    if variations:
        count = say("How many pictures are made, each with a seed of its own. They wait for you to choose.")
        procedure.add_int_argument("variations", say("Variations"), count, 1, form.MAX_VARIATIONS, 1, _READ_WRITE)
    steps = say("How many steps a run at full strength takes; 0: the checkpoint's own number")
    procedure.add_int_argument("steps", say("Steps"), steps, 0, MAX_STEPS, 0, _READ_WRITE)
    guidance = say("How closely the picture follows the prompt; -1: the checkpoint's own value")
    procedure.add_double_argument("guidance", say("Guidance"), guidance, UNSAID, MAX_GUIDANCE, UNSAID, _READ_WRITE)


def parameters(config: Gimp.ProcedureConfig) -> protocol.JsonObject:
    """Return what the arguments say; nothing of what they leave open. Raises InputError where one makes no sense."""
    said: protocol.JsonObject = {
        "prompt": _text(config, "prompt"),
        "negative_prompt": _text(config, "negative-prompt"),
        "preset": _text(config, "preset"),
        "scheduler": _text(config, "scheduler"),
        "seed": seed_of(_text(config, "seed")),
        "loras": loras_of(_text(config, "loras")),
        "num_inference_steps": config.get_property("steps") or None,
    }
    guidance = config.get_property("guidance")
    if guidance >= 0:
        said["guidance_scale"] = guidance
    return {name: value for name, value in said.items() if value not in (None, "", [])}


def seed_of(text: str) -> int | None:
    """Return a seed; None where there is none. Raises InputError where the text is something else."""
    if not text:
        return None
    if not text.isascii() or not text.isdigit() or int(text) > _MAX_SEED:
        raise errors.InputError(
            "“{text}” is no seed.", remedy="Write a whole number from 0 to {largest}.", text=text, largest=_MAX_SEED
        )
    return int(text)


def loras_of(text: str) -> list[protocol.JsonObject]:
    """Return the LoRAs in a text such as "film:0.8, grain". Raises InputError where it is something else."""
    return [comparison_lists.lora_of(part) for part in text.split(",") if part.strip()]


def _text(config: Gimp.ProcedureConfig, name: str) -> str:
    return (config.get_property(name) or "").strip()
