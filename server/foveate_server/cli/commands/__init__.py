"""The commands. Importing them is cheap: each imports what it needs when it runs."""

from . import detect, edit, jobs, models, plugins, presets, replay, serve, status, token

COMMANDS = (serve, edit, detect, models, presets, plugins, jobs, replay, status, token)  # in the order of the help
