"""The options of a prompt and what belongs to it, as parameters of a job."""

from __future__ import annotations

import argparse
from typing import Any

from foveate_server.cli import options as shared
from foveate_shared.errors import InputError
from foveate_shared.forms import comparison_lists
from foveate_shared.forms.form import SEEDS
from foveate_shared.wire.protocol import JsonObject

SIDES = ("left", "top", "right", "bottom")


def add_words(parser: argparse.ArgumentParser, *, variations: bool = True) -> None:
    """Add the options that only checkpoints know."""
    group = parser.add_argument_group(
        "checkpoints", "With one of these, the first checkpoint of `foveate models list` does it, or that of --model."
    )
    group.add_argument("--prompt", metavar="TEXT", help="what the picture shall show there; weights: (words)1.2")
    group.add_argument("--negative", metavar="TEXT", help="what it shall not show")
    group.add_argument("--preset", metavar="NAME", help="a style; see `foveate presets`")
    group.add_argument("--steps", type=_whole(1, 150), metavar="N", help="of a run at full strength")
    group.add_argument("--guidance", type=_number, metavar="X", help="how closely to follow the prompt")
    group.add_argument("--scheduler", metavar="NAME", help="how noise is taken away")
    group.add_argument("--seed", type=_whole(0, SEEDS - 1), metavar="N", help="the same seed, the same picture")
    group.add_argument(
        "--lora", action="append", type=_lora, metavar="NAME[:WEIGHT]", help="add a LoRA; may be given several times"
    )
    group.add_argument("--embedding", action="append", metavar="NAME", help="add a textual inversion; likewise")
    group.add_argument("--vae", metavar="NAME", help="in place of the checkpoint's own")
    if variations:
        group.add_argument(
            "--variations",
            type=_whole(1, 64),
            metavar="N",
            help="make N pictures with seeds in a row: OUT-1, OUT-2, ...",
        )


def words_of(options: argparse.Namespace) -> JsonObject:
    """Return the parameters that :func:`add_words` asked for, as far as they were given."""
    return shared.given(
        prompt=options.prompt,
        negative_prompt=options.negative,
        preset=options.preset,
        num_inference_steps=options.steps,
        guidance_scale=options.guidance,
        scheduler=options.scheduler,
        seed=options.seed,
        loras=options.lora,
        embeddings=options.embedding,
        vae=options.vae,
    )


def extension(text: str) -> JsonObject:
    """Return the sides of "L,T,R,B"; for argparse."""
    parts = text.split(",")
    if len(parts) != len(SIDES) or not all(part.strip().isdigit() for part in parts):
        raise argparse.ArgumentTypeError(f"{text!r} is not L,T,R,B in whole pixels; write 0,0,256,0")
    sides = {side: int(part) for side, part in zip(SIDES, parts, strict=True)}
    if not any(sides.values()):
        raise argparse.ArgumentTypeError(f"{text!r} extends nothing")
    return dict(sides)


def add_variants(parser: argparse.ArgumentParser) -> None:
    """Add the options that say what is compared: one for each axis."""
    group = parser.add_argument_group(
        "variants", "Each list is combined with the others: two models and two seeds, four."
    )
    group.add_argument("--models", metavar="A,B", help="checkpoints")
    group.add_argument("--strengths", metavar="0.3,0.5", help="strengths")
    group.add_argument("--seeds", metavar="1,2", help="seeds")
    group.add_argument("--loras", metavar="A:0.8,B,none", help="LoRAs, one at a time; none is without")


def variants_of(options: argparse.Namespace) -> list[JsonObject]:
    """Return all combinations. Raises InputError where nothing differs, and for more than a sheet holds."""
    lists = {"model": options.models, "strength": options.strengths, "seed": options.seeds, "loras": options.loras}
    return comparison_lists.variants_of({name: text for name, text in lists.items() if text})


def _lora(text: str) -> JsonObject:
    try:
        return comparison_lists.lora_of(text)
    except InputError as error:
        raise argparse.ArgumentTypeError(str(error)) from None


def _whole(least: int, most: int) -> Any:
    def parse(text: str) -> int:
        if not text.isascii() or not text.isdigit() or not least <= int(text) <= most:
            raise argparse.ArgumentTypeError(f"{text!r} is not a whole number from {least} to {most}")
        return int(text)

    return parse


def _number(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = -1.0
    if not 0 <= value <= 30:
        raise argparse.ArgumentTypeError(f"{text!r} is not a number from 0 to 30")
    return value
