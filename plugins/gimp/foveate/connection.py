"""The settings file of this plugin, and what it says about the server."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from gi.repository import Gimp

from ._shared import client, errors, job_list, open_connection, prompt_history, protocol, settings, translations

_RECORD = "bundle.json"  # what a bundle says about itself
_FILE = "foveate.json"  # in GIMP's folder of the user, beside its plug-ins


def settings_path() -> Path:
    """Return where this plugin's settings are."""
    return Path(Gimp.directory()) / _FILE


def load_settings() -> settings.Settings:
    """Return the settings. Raises ResourceError where new ones cannot be written."""
    return settings.load(settings_path())


def remember_prompts(config: Gimp.ProcedureConfig) -> None:
    """Put the prompts of a job in front of those that were used before."""
    before = load_settings()
    after = replace(
        before,
        prompts=prompt_history.remembered(before.prompts, config.get_property("prompt") or ""),
        negative_prompts=prompt_history.remembered(
            before.negative_prompts, config.get_property("negative-prompt") or ""
        ),
    )
    if after != before:
        settings.save(settings_path(), after)


def open_client() -> client.Client:
    """Return a client that begins to connect."""
    return open_connection.open_client(load_settings(), _peer())


def open_workbench() -> job_list.Workbench:
    """Return a view of the server for a dialog; it begins to connect."""
    return open_connection.open_workbench(settings_path(), _peer())


def load_texts() -> translations.Texts:
    """Return the texts in the person's language; English where the settings cannot be read yet."""
    path = settings_path()
    language = settings.load(path).language if path.is_file() else ""
    return translations.Texts(language or translations.system_language())


def _peer() -> protocol.Peer:
    return protocol.Peer("foveate-gimp", _version())


def _version() -> str:
    record = Path(__file__).with_name(_RECORD)
    return str(json.loads(record.read_text(encoding="utf-8"))["version"]) if record.is_file() else "development"


def server_state(say: translations.Texts) -> str:
    """Return a sentence about the server, once it was reached. Raises the FoveateError that says why it was not."""
    with open_client() as waiting:
        server = next(message.server for message in _messages(waiting) if isinstance(message, protocol.Welcome))
    return say("Ready: {server}", server=f"{server.name} {server.version}")


def jobs_at_server() -> Sequence[protocol.JobSummary]:
    """Return what the server has of this plugin. Raises the FoveateError that says why it was not reached."""
    with open_client() as waiting:
        waiting.list_jobs()
        return next(message.jobs for message in _messages(waiting) if isinstance(message, protocol.Jobs))


def _messages(waiting: client.Client) -> Iterator[protocol.Message]:
    """Yield what the server says. Raises the FoveateError that says why it was not reached."""
    while True:
        waiting.wait(0.1)
        for event in waiting.poll():
            if not isinstance(event, client.StateChange):
                yield event.message
            elif event.error is not None:
                raise errors.to_exception(event.error)
