"""LoRAs that make pictures in few steps: a job that does not say its sampling takes theirs."""

from __future__ import annotations

from collections.abc import Sequence

from foveate_shared.errors import ErrorCode, InputError
from foveate_shared.forms.checkpoint_choices import FEW_STEP_SAMPLING, few_step_sampling
from foveate_shared.i18n.sentence import Sentence
from foveate_shared.wire.protocol import JsonObject, ModelInfo


def settle_sampling(given: JsonObject, known: JsonObject, loras: Sequence[ModelInfo]) -> tuple[Sentence, ...]:
    """Add to `given` what is not said there of the sampling, and return a sentence about it.

    `known` holds the operation's parameters, `loras` those that count for something. Raises InputError where several
    want different sampling.
    """
    wanted = {each.name: sampling for each in loras if (sampling := few_step_sampling(each))}
    if not wanted:
        return ()
    (name, sampling), *others = wanted.items()
    for other, theirs in others:
        if theirs != sampling:
            raise InputError(
                "The LoRAs {name} and {other} make pictures in few steps, each in its own way.",
                code=ErrorCode.INVALID_PARAMETER,
                remedy="Leave one of them out.",
                name=name,
                other=other,
            )
    open_ones = {key: sampling[key] for key in FEW_STEP_SAMPLING if key in known and key not in given}
    if not open_ones:
        return ()
    given.update(open_ones)
    told = Sentence(
        "The LoRA {name} makes pictures in few steps, so the job has its sampling: {steps} steps, guidance {guidance},"
        " {scheduler}.",
        name=name,
        steps=given.get("num_inference_steps", sampling["num_inference_steps"]),
        guidance=given.get("guidance_scale", sampling["guidance_scale"]),
        scheduler=given.get("scheduler", sampling["scheduler"]),
    )
    return (told,)
