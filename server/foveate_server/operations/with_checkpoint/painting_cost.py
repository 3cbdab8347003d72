"""What it costs to re-render a picture as a job asks for it, and to look for faces beside that."""

from __future__ import annotations

from foveate_server.operations import costs
from foveate_server.operations.contract import JobRequest
from foveate_server.operations.item_run import ItemRun
from foveate_server.operations.parameters.checkpoint_parameters import Prompted
from foveate_shared.geometry import Extent

# Of what painting costs on a graphics card: to look for faces, which a processor does. That is up to a third of the
# time with a few steps, and next to nothing with many: an estimate.
_LOOKING_ON_CARD = 0.05
_USUAL_STEPS, _USUAL_PIXELS = 25, 512 * 512  # where the model does not tell: a checkpoint that was not resolved yet


def painting_cost(request: JobRequest, asked: Prompted, area: float) -> float:
    """Return what it costs to re-render `area` pixels: a smaller crop is shown larger, up to what the model knows."""
    sampling = asked.sampling
    defaults = request.model.defaults if request.model else {}
    steps = sampling.num_inference_steps or _number(defaults.get("num_inference_steps"), _USUAL_STEPS)
    guidance = sampling.guidance_scale
    guided = (_number(defaults.get("guidance_scale"), 0.0) if guidance is None else guidance) > 1
    passes = max(1, round(steps * asked.strength)) * (2 if guided else 1)
    return costs.painting(max(area, _number(defaults.get("pixels"), _USUAL_PIXELS)), passes)


def looking_cost(run: ItemRun[Prompted], extent: Extent, painting: float) -> float:
    """Return what it costs to look for faces in an image of `extent`, beside what `painting` costs."""
    model = run.request.model
    is_on_card = run.engine.diffusion_facts(model.name if model else None).is_on_card
    return max(costs.detecting(extent), _LOOKING_ON_CARD * painting if is_on_card else 0.0)


def _number(value: object, usual: float) -> float:
    return float(value) if isinstance(value, (int, float)) else usual
