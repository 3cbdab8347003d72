"""The help for who has no checkpoint yet: what to get for which graphics card, and how to add it."""

from __future__ import annotations

from dataclasses import dataclass

from ..i18n.translations import Texts

_SD15 = "stable-diffusion-v1-5/stable-diffusion-v1-5"
_SDXL = "stabilityai/stable-diffusion-xl-base-1.0"
_SD35 = "stabilityai/stable-diffusion-3.5-medium"
_SD35_LARGE = "stabilityai/stable-diffusion-3.5-large"
INTRODUCTION = (
    "With a checkpoint, a prompt re-renders what is selected. Foveate brings none: you choose one, and its licence."
)
STEPS = (
    "Any checkpoint of the Stable Diffusion family (1.x, 2.x, SDXL, 3, 3.5) or of FLUX.1 works: one .safetensors file,"
    " a folder, or a name on the model hub.",
    "It is added on the machine of the server, in a terminal or with Add a model.",
    "Models that ask you to accept a licence need your own login: hf auth login.",
)


@dataclass(frozen=True)
class Advice:
    """What to get for a graphics card. Texts are English: translate them."""

    memory: int  # GB of the graphics card; 0 is none
    family: str
    precision: str
    expectation: str  # one sentence
    source: str  # an example, for `models add`

    def heading(self, say: Texts) -> str:
        """Return the card, for a person."""
        return say("{gigabytes} GB", gigabytes=self.memory) if self.memory else say("No graphics card")


ADVICE = (
    Advice(
        0,
        "Stable Diffusion 1.5",
        "16 or 32 bits",
        "It works, with patience: minutes per region. A version for few steps (LCM, Hyper) is several times faster.",
        _SD15,
    ),
    Advice(4, "Stable Diffusion 1.5", "16 bits", "All of it fits on the card.", _SD15),
    Advice(
        6,
        "Stable Diffusion 1.5",
        "16 bits",
        "Room for LoRAs, and for large regions at once. SDXL is a tight fit: parts of it wait in main memory.",
        _SD15,
    ),
    Advice(
        8, "SDXL", "16 bits", "Sharper, at 1024 pixels. Parts of it wait in main memory until they are needed.", _SDXL
    ),
    Advice(12, "SDXL", "16 bits", "All of it fits on the card, with room for LoRAs.", _SDXL),
    Advice(
        16,
        "SDXL or Stable Diffusion 3.5 Medium",
        "16 bits",
        "3.5 Medium follows long prompts better; its largest text encoder waits in main memory.",
        _SD35,
    ),
    Advice(
        24,
        "Stable Diffusion 3.5 Large",
        "16 bits",
        "Its parts take turns on the card. FLUX.1 in 16 bits needs more than 24 GB.",
        _SD35_LARGE,
    ),
)


def help_text(say: Texts, program: str = "foveate") -> str:
    """Return all of it as plain text. `program` is how the command line is called on the server's machine."""
    return "\n\n".join(
        [
            say(INTRODUCTION),
            *(f"{entry.heading(say)}: {advice_text(entry, say)}" for entry in ADVICE),
            *map(say, STEPS),
            f"{program} models add my-checkpoint.safetensors\n{program} models add {_SD15}",
        ]
    )


def advice_text(entry: Advice, say: Texts) -> str:
    """Return what to get, in which precision, and what to expect."""
    return f"{say(entry.family)} ({say(entry.precision)}). {say(entry.expectation)}"
