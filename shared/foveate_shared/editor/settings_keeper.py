"""What a person has set, and what is remembered of the last jobs: a file for each editor, and the language it names."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

from ..connection import settings
from ..connection.settings import Settings
from ..errors import FoveateError
from ..forms import prompt_history
from ..i18n import translations
from ..wire.protocol import Json, JsonObject, as_object

# Settings that `foveate plugins install` writes, at any time.
_INSTALLED = ("server_command", "installed_command", "runtime_file")
_SERVER = (*_INSTALLED, "remote_url", "remote_token", "remote_fingerprint")
_OF_ONE_JOB = {"only", "pinned", "siblings"}  # parameters that say nothing about the next job


class SettingsKeeper:
    """The settings of one editor, in its file."""

    def __init__(self, settings_path: Path, system_language: Callable[[], str]) -> None:
        """Read them. Raises ResourceError where new ones cannot be written."""
        self.settings, replaced = settings.load_or_replace(settings_path)
        # What is wrong with the settings, a sentence: they could not be read or kept.
        self.problem: str = settings.told_aside(replaced) if replaced else ""
        self._settings_path = settings_path
        self._system_language = system_language
        self._texts = translations.Texts()

    @property
    def settings_on_disk(self) -> Settings:
        """Return what another program may have changed since; where that cannot be read, what is known here."""
        return settings.peek(self._settings_path) or self.settings

    @property
    def say(self) -> translations.Texts:
        """Return the language that is set, else the editor's own."""
        language = self.settings.language or self._system_language()
        if self._texts.language != language:
            self._texts = translations.Texts(language)
        return self._texts

    def change(self, **values: Any) -> None:
        """Change settings and keep them; what is wrong with that is the `problem`."""
        self._take_installed()
        self.settings = replace(self.settings, **values)
        try:
            settings.save(self._settings_path, self.settings)
            self.problem = ""
        except FoveateError as error:
            self.problem = str(error)

    def _take_installed(self) -> None:
        """Take over what the plugin was installed anew with meanwhile, that it is not lost."""
        kept = self.settings_on_disk
        self.settings = replace(self.settings, **{name: getattr(kept, name) for name in _INSTALLED})

    def change_to(self, read: Callable[[], dict[str, Any]]) -> None:
        """Change settings to what a person typed; where that cannot be read, this is the `problem`."""
        try:
            values = read()
        except FoveateError as error:
            self.problem = str(error)
        else:
            self.change(**values)

    def names_another_server(self, before: Settings) -> bool:
        """Tell whether the settings name another server than they did."""
        return any(getattr(before, name) != getattr(self.settings, name) for name in _SERVER)

    def used(self, operation: str) -> JsonObject:
        """Return an operation's parameters as last used."""
        return dict(as_object(self.settings.defaults.get(operation)))

    def keep(self, operation: str, name: str, value: Json) -> None:
        """Remember a parameter, or forget it (None); the next job, or change(), writes it to the disk."""
        changed = {key: old for key, old in self.used(operation).items() if key != name}
        if value is not None:
            changed[name] = value
        self.settings = replace(self.settings, defaults={**self.settings.defaults, operation: changed})

    def keep_all(self, operation: str, parameters: JsonObject) -> None:
        """Remember all parameters of a job, and no others; likewise."""
        kept: JsonObject = {name: value for name, value in parameters.items() if name not in _OF_ONE_JOB}
        self.settings = replace(self.settings, defaults={**self.settings.defaults, operation: kept})

    def history(self, kind: str) -> tuple[str, ...]:
        """Return the prompts that were used, the newest first; `kind` is "prompt" or "negative_prompt"."""
        return self.settings.prompts if kind == "prompt" else self.settings.negative_prompts

    def forget_prompts(self, kind: str) -> None:
        """Forget them, on the disk too."""
        self.change(**{f"{kind}s": ()})

    def keep_prompts(self, parameters: JsonObject) -> None:
        """Put a job's prompts into the histories, and write all that was kept to the disk."""
        kinds = ("prompt", "negative_prompt")
        self.change(
            **{
                f"{kind}s": prompt_history.remembered(self.history(kind), str(parameters.get(kind, "")))
                for kind in kinds
            }
        )
