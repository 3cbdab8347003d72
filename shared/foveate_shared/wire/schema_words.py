"""What an operation's schema says beyond JSON Schema: its annotations, see PROTOCOL.md, "Operations"."""

from __future__ import annotations

# Of a parameter.
ROLE = "x-role"  # what it is for, whatever it is called
LEVEL = "x-level"  # who needs it: BASIC, ADVANCED or REPLAY
KINDS = "x-kinds"  # the kinds of models that know it; without it, all do
DEFAULTS = "x-defaults"  # its defaults by kind of model, where they are not `default`
TITLES = "x-titles"  # what a person reads for the values of an enumeration
PRESETS = "x-presets"  # the presets that it can name

BASIC, ADVANCED, REPLAY = "basic", "advanced", "replay"  # levels: everybody, who asks for more, recipes alone

# Of the operation.
NEEDS = "x-needs"  # the kinds of models one of which it needs; without it, none
PICTURES = "x-pictures"  # the named pictures that it takes
TAKES_DOCUMENT = "x-document"  # false where it takes none
RESULT = "x-result"  # what its result is: one of RESULT_KINDS; without it, pixels
