"""A package with operations that take models: one that works, and some that do not."""

SOURCE = """
from dataclasses import dataclass

from foveate_server.families.family import REPAINTS
from foveate_server.models.model_requirement import ENLARGERS, checkpoints
from foveate_server.operations.contract import Item, ItemResult, Plan
from foveate_server.operations.document.patches import window_of
from foveate_server.operations.parameters import common_parameters
from foveate_server.operations.parameters.checkpoint_parameters import (
    OTHER,
    PromptParameters,
    SamplingParameters,
    prompt_for,
)
from foveate_server.operations.parameters.common_parameters import RenderingParameters, Share
from foveate_server.operations.parameters.declaration import Declaration, group
from foveate_shared.wire.schema_words import NEEDS
from foveate_server.operations.with_checkpoint import safety_policy
from foveate_server.operations.with_checkpoint.painter import Painter, Wish
from foveate_server.operations.with_restorer.grid import QUARTERS
from foveate_server.operations.with_restorer.restorer import Restorer
from foveate_shared.wire.protocol import DIFFUSION, Outcome


@dataclass(frozen=True)
class RetouchParameters:
    said: PromptParameters = group(PromptParameters)
    strength: Share = common_parameters.strength(diffusion=0.4)
    sampling: SamplingParameters = group(SamplingParameters)
    rendering: RenderingParameters = group(RenderingParameters)


class Retouch:
    name = "retouch"
    title = "Retouch"
    parameters = Declaration(RetouchParameters, models=(ENLARGERS, checkpoints(REPAINTS)))

    def plan(self, request, parameters):
        item = Item(self.name, "Retouching", (window_of(request.region, request, item=self.name),))
        return Plan("document", request.extent, "Retouch the region.", (item,))

    def run(self, run):
        return self._repaint(run) if run.request.is_prompted else self._restore(run)

    def _restore(self, run):
        restorer = Restorer.of(run, run.context)
        run.send(run.core, restorer.restore(run.pixels.working, QUARTERS), run.feather)
        return ItemResult(Outcome(run.item.id, "done"), recipe=restorer.recipe)

    def _repaint(self, run):
        painter, asked = Painter(run, run.context), run.parameters
        painted = painter.paint(Wish(run.pixels.working, run.selection, prompt_for(asked, OTHER), asked.strength))
        outcome = Outcome(run.item.id, "done", "", painter.data)
        return safety_policy.finish(run, run.core, painted, run.feather, painter=painter, outcome=outcome)


class Edit(Retouch):
    name = "edit"
    title = "Edit"
    parameters = Declaration(RetouchParameters, {NEEDS: [DIFFUSION]}, models=(checkpoints("edits"),))


class Broken(Retouch):
    name = "broken"
    title = "Broken"

    def plan(self, request, parameters):
        return super().plan(request, parameters) if parameters.strength else 1 / 0

    def run(self, run):
        return 1 / 0


RETOUCH, EDIT, BROKEN, STATUS = Retouch(), Edit(), Broken(), Edit()
"""

POINTS = {"retouch": "RETOUCH", "edit": "EDIT", "broken": "BROKEN", "status": "STATUS"}
