"""The settings file of this plugin, and what it says about the server."""

from __future__ import annotations

import contextlib
from collections.abc import Sequence
from pathlib import Path

from gi.repository import Gimp

from ._shared import (
    client,
    controller,
    errors,
    inquiry,
    job_list,
    known_server,
    open_connection,
    protocol,
    settings,
    translations,
)

_OF_ADDRESS = (  # errors that other settings may mend
    errors.ErrorCode.NO_SERVER,
    errors.ErrorCode.CONNECTION_LOST,
    errors.ErrorCode.UNAUTHORIZED,
    errors.ErrorCode.FORBIDDEN,
)


def settings_path() -> Path:
    """Return where this plugin's settings are."""
    return Path(Gimp.directory()) / settings.PLUGIN_FILES["gimp"]


def load_settings() -> settings.Settings:
    """Return the settings; say so where old ones had to be replaced. Raises ResourceError where that is impossible."""
    found, replaced = settings.load_or_replace(settings_path())
    tell_problem(settings.told_aside(replaced) if replaced else "")
    return found


def tell_problem(sentence: str) -> None:
    """Let GIMP show what is wrong with the settings, if anything is."""
    if sentence:
        Gimp.message(load_texts().sentence(sentence))


def open_client() -> client.Client:
    """Return a client that begins to connect."""
    return open_connection.open_client(load_settings(), _peer())


def open_controller() -> controller.Controller:
    """Return what stands behind a dialog; it connects when it is woken. As to settings, see :func:`load_settings`."""
    opened = controller.Controller(settings_path(), lambda values: open_connection.open_client(values, _peer()))
    tell_problem(opened.problem)
    return opened


def open_trial(values: settings.Settings) -> job_list.Workbench:
    """Return what begins to connect with settings that are not saved: nothing that it is told is kept."""
    return job_list.Workbench(lambda: open_connection.open_client(values, _peer()))


def told(error: errors.ErrorInfo, say: translations.Texts) -> str:
    """Return an error for a person; where it is about a server that was set, with the place where that is set."""
    values, sentence = settings.peek(settings_path()), say.sentence(str(error))
    if values is None or not values.remote_url or error.code not in _OF_ADDRESS:
        return sentence
    return f"{sentence} {say('The server is set in Filters > Foveate > Server Settings.')}"


def load_known() -> tuple[tuple[protocol.OperationInfo, ...], tuple[protocol.ModelInfo, ...]]:
    """Return what the server told last; nothing where none was seen."""
    return known_server.load(settings_path().with_name(known_server.FILE_NAME))


def learn_beforehand() -> None:
    """Learn from the program of this machine's server what that has, while none runs: GIMP's menu is made now."""
    path = settings_path()
    values = settings.peek(path)
    if values is None:  # nobody has said which program that is
        return
    with contextlib.suppress(errors.FoveateError):  # what was told last still holds
        operations, models = known_server.ask_program(values)
        if operations and models:
            known_server.save(path.with_name(known_server.FILE_NAME), operations, models)


def load_texts() -> translations.Texts:
    """Return the texts in the person's language; English where the settings cannot be read yet."""
    values = settings.peek(settings_path())
    return translations.Texts((values.language if values else "") or translations.system_language())


def _peer() -> protocol.Peer:
    return open_connection.peer_of("foveate-gimp", Path(__file__).parent)


def server_state(say: translations.Texts) -> str:
    """Return a sentence about the server, once it was reached. Raises the FoveateError that says why it was not."""
    with open_client() as waiting:
        server = inquiry.Inquiry(waiting).welcome().server
    return say("Ready: {server}", server=f"{server.name} {server.version}")


def jobs_at_server() -> Sequence[protocol.JobSummary]:
    """Return what the server has of this plugin. Raises the FoveateError that says why it was not reached."""
    with open_client() as waiting:
        return inquiry.Inquiry(waiting).jobs()
