"""The commands. Importing them is cheap: each imports what it needs when it runs."""

from . import detect, edit, jobs, models, operations, plugins, presets, replay, serve, status, stop, token

# In the order of the help.
COMMANDS = (
    serve,
    edit,
    detect,
    operations,
    models,
    presets,
    plugins,
    jobs,
    replay,
    status,
    stop,
    token,
)
