"""What parameters are for: the roles that an operation's schema tells, whatever the operation calls them.

Jobs settle, label and replay parameters by their roles, and know no operation's words.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from foveate_shared.wire.protocol import Json, JsonObject, as_object
from foveate_shared.wire.schema_words import ROLE

# An operation has one parameter of each at most.
MODEL, RESTORER, VAE = "model", "restorer", "vae"  # names a model: the one that does it, enlarges first, decodes
LORAS, EMBEDDINGS = "loras", "embeddings"  # name what is added to the model
SEED, SIBLINGS = "seed", "siblings"  # what noise begins with; the seeds of all variations
PROMPT, NEGATIVE_PROMPT, SUBJECT_PROMPTS = "prompt", "negative_prompt", "subject_prompts"
PRESET = "preset"  # names a style
PINNED = "pinned"  # values from a recipe
VARIANTS, LABEL = "variants", "label"  # changes to the job, each a result of its own; what a variant is called
ALL = (
    *(MODEL, RESTORER, VAE, LORAS, EMBEDDINGS, SEED, SIBLINGS, PROMPT, NEGATIVE_PROMPT, SUBJECT_PROMPTS, PRESET),
    *(PINNED, VARIANTS, LABEL),
)


@dataclass(frozen=True)
class Roles:
    """The parameters of a schema by their roles."""

    by_role: Mapping[str, str] = field(default_factory=dict)  # role -> the parameter's name
    variant: JsonObject = field(default_factory=dict)  # the schema of a variant; empty where there is none

    @classmethod
    def of(cls, schema: JsonObject) -> Roles:
        """Return those of an object's schema."""
        properties = {name: as_object(each) for name, each in as_object(schema.get("properties")).items()}
        by_role = {str(each[ROLE]): name for name, each in properties.items() if ROLE in each}
        variants = properties.get(by_role.get(VARIANTS, ""), {})
        return cls(by_role, as_object(variants.get("items")))

    def __contains__(self, role: str) -> bool:
        return role in self.by_role

    def __getitem__(self, role: str) -> str:
        return self.by_role[role]

    def names(self, *roles: str) -> set[str]:
        """Return the names of the parameters that have one of `roles`."""
        return {self.by_role[role] for role in roles if role in self.by_role}

    def told(self, parameters: Mapping[str, Json], role: str) -> Json:
        """Return the value of the parameter that has a role; None where there is none, or it is not told."""
        return parameters.get(self.by_role[role]) if role in self.by_role else None

    def told_of(self, parameters: Mapping[str, Json], *roles: str) -> list[str]:
        """Return those of `roles` whose parameters say something."""
        return [role for role in roles if self.told(parameters, role)]

    def items(self, parameters: Mapping[str, Json], role: str) -> list[JsonObject]:
        """Return the objects of the list that has a role; none where it is not told."""
        value = self.told(parameters, role)
        return [as_object(entry) for entry in value] if isinstance(value, list) else []

    def words(self, parameters: Mapping[str, Json], role: str) -> list[str]:
        """Return the words of the list, or the one word, that has a role; none where it is not told."""
        value = self.told(parameters, role)
        if isinstance(value, list):
            return [str(entry) for entry in value]
        return [str(value)] if value else []
