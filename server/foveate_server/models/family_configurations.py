"""What single files share with all of their family: its configuration, and parts that they may come without."""

from __future__ import annotations

from dataclasses import replace

from foveate_server.families.registry import families
from foveate_server.models.entry import ModelEntry, SourceSpec

COMPONENT = "component"  # in the options of a source: it is asked for this part of the repository alone


def of_packages() -> list[ModelEntry]:
    """Return the configurations of the families that name a repository for it: those of other packages."""
    return [
        ModelEntry(
            f"config-{family.name}",
            f"Configuration and vocabularies of {family.title}",
            "config",
            architecture=family.name,
            scale=1,
            license="",
            license_file=None,
            source=SourceSpec("hub", {"repository": family.repository}),
            files=(),
            family=family.name,
        )
        for family in families().values()
        if family.repository
    ]


def with_parts(entry: ModelEntry) -> list[ModelEntry]:
    """Return `entry`, and where it is a family's configuration, an entry for each part that its repository has beside.

    Parts are fetched by themselves: a file that lacks its VAE needs no text encoder of ten gigabytes.
    """
    if entry.kind != "config":
        return [entry]
    family = families()[entry.family]
    components = [name for name in family.needed_components if name != family.network]
    return [entry, *(_part(entry, component) for component in components)]


def beside(entry: ModelEntry, reference: ModelEntry | None) -> dict[str, str]:
    """Return the entries with the parts that the single file `entry` lacks, by component; `reference` configures it.

    Where that is a checkpoint, they are in its own folder, and the result is empty.
    """
    missing = entry.facts.get("missing")
    if reference is None or reference.kind != "config" or not isinstance(missing, list):
        return {}
    return {str(component): _part_name(reference, str(component)) for component in missing}


def _part_name(config: ModelEntry, component: str) -> str:
    return f"{config.name}.{component}"


def _part(config: ModelEntry, component: str) -> ModelEntry:
    options = {**config.source.options, COMPONENT: component}
    return replace(
        config,
        name=_part_name(config, component),
        title=f"{config.title}: {component}",
        source=SourceSpec(config.source.kind, options),
    )
