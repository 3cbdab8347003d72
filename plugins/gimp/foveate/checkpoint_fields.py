"""What a checkpoint is told, in a dialog: prompts, preset and variations; and, folded away, how it samples."""

from __future__ import annotations

from gi.repository import Gimp, Gtk

from . import checkpoint_arguments
from ._shared import form, settings, translations
from .argument_widgets import UNSAID, DropDown, Line, Number, attach


class CheckpointFields:
    """Two boxes of fields: hidden until the job's model is a checkpoint."""

    def __init__(
        self,
        config: Gimp.ProcedureConfig,
        say: translations.Texts,
        values: settings.Settings,
        *,
        variations: bool = True,
    ) -> None:
        self._say = say
        self._shown: form.Form | None = None
        empty = say("Empty: what suits what is there")
        self._prompt = prompt = Line(config, "prompt", values.prompts, empty)
        negative = Line(config, "negative-prompt", values.negative_prompts, say("What it shall not show"))
        self._preset = DropDown(config, "preset")
        seed = Line(config, "seed", hint=say("Another one each time"))
        self._steps = Number(config, "steps", 1, checkpoint_arguments.MAX_STEPS, 1, 0)
        self._guidance = Number(config, "guidance", 0.0, checkpoint_arguments.MAX_GUIDANCE, 0.5, UNSAID)
        self._scheduler = DropDown(config, "scheduler")
        self._loras = Line(config, "loras", hint="film:0.8, grain")
        self.main, more = _grid(), _grid()
        self.more = Gtk.Expander(label=say("How it samples"))
        self.more.add(more)
        words = say("What the picture shall show there. Empty: what suits what is there. Weights: (words)1.2")
        count = say("How many pictures are made, each with a seed of its own. They wait for you to choose.")
        style = say("A style: words around the prompt, and parameters that go with it.")
        rows = [
            ("Prompt", prompt.widget, words),
            ("Negative prompt", negative.widget, say("What the picture shall not show.")),
            ("Preset", self._preset.widget, style),
        ]
        if variations:
            rows.append(("Variations", Number(config, "variations", 1, form.MAX_VARIATIONS, 1, 1).widget, count))
        for row, (title, widget, tip) in enumerate(rows):
            attach(self.main, row, say(title), widget, tip)
        for row, (title, widget) in enumerate(
            (
                ("Seed", seed.widget),
                ("Steps", self._steps.widget),
                ("Guidance", self._guidance.widget),
                ("Scheduler", self._scheduler.widget),
                ("LoRAs", self._loras.widget),
            )
        ):
            attach(more, row, say(title), widget)
        for widget in (self.main, self.more):
            widget.show_all()
            widget.set_no_show_all(True)
            widget.hide()

    @property
    def preset(self) -> str:
        """Return the chosen preset; empty for none."""
        return self._preset.value

    def offer(self, shown: form.Form | None) -> None:
        """Show what the job's model knows: nothing where it is no checkpoint."""
        if shown == self._shown:
            return
        is_first = self._shown is None or self._shown.model is None
        self._shown = shown
        for widget in (self.main, self.more):
            widget.set_visible(shown is not None and shown.is_prompted)
        if shown is None or not shown.is_prompted:
            return
        if is_first:
            self._prompt.entry.grab_focus()
        say = self._say
        self._preset.offer([("", say("No preset")), *((each.name, say(each.title)) for each in shown.presets)])
        self._steps.offer(float(shown.default("num_inference_steps", 20)))
        self._guidance.offer(float(shown.default("guidance_scale", 7.5)))
        schedulers = shown.get("scheduler")
        usual = say("The checkpoint's own")
        names = [str(each.value) for each in schedulers.choices] if schedulers else []
        self._scheduler.offer([("", usual), *((name, name) for name in names)])
        self._loras.entry.set_tooltip_text(_loras_tip(shown, say))


def _loras_tip(shown: form.Form, say: translations.Texts) -> str:
    """Return which LoRAs fit, with the words that they answer to."""
    parameter = shown.get("loras")
    choices = parameter.choices if parameter else ()
    if not choices:
        return say("No LoRA that fits this checkpoint was added.")
    lines = [f"{each.value}: {each.description}" if each.description else str(each.value) for each in choices]
    return "\n".join([say("These fit the checkpoint:"), *lines])


def _grid() -> Gtk.Grid:
    return Gtk.Grid(row_spacing=6, column_spacing=12)
