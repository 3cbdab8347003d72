"""A page that says which editors were tested, when, and how that went: `python -m hosts.lib.editors_table EDITION...`.

It is made from the reports that the test runs leave, in which a test of a later run stands for an earlier one's; a test
that there is and that no report tells of was not run.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from xml.etree import ElementTree as ET

from hosts.lib.building import provide_chroot
from hosts.lib.editions import VARIABLE, Edition, edition_called

ROOT = Path(__file__).parents[3]
REPORTS = ROOT / "build/hosts"  # a folder per edition, with JUnit's XML
PAGE = ROOT / "docs/editors.md"
TITLES = {"krita": "Krita", "gimp": "GIMP", "blender": "Blender"}
OUTCOMES = ("passed", "failed", "skipped", "not run")
_TOGETHER = "together"  # tests that name no editor: of several at once, and of the tests' own tools
_HEAD = """# Krita, GIMP and Blender as they are today

`make test-hosts EDITORS=newest` runs the newest editors that Debian has, and writes this page. Debian 13's (Krita 5.2,
GIMP 3.0, Blender 4.3) are run with every change.

| editor | version | first run of these | passed | failed | skipped | not run |
|---|---|---|---|---|---|---|
"""


@dataclass(frozen=True)
class TestRun:
    """How a test went."""

    name: str  # "test_krita_life::test_..."
    outcome: str  # of OUTCOMES
    date: str = ""  # when its run began: "2026-11-30"

    @property
    def editor(self) -> str:
        """Return the editor that the test is about."""
        return next((editor for editor in TITLES if editor in self.name.lower()), _TOGETHER)


def read_reports(folder: Path, tests: Iterable[str]) -> list[TestRun]:
    """Return the last run of each of the tests in an edition's reports."""
    suites = [suite for path in folder.glob("*.xml") for suite in _parsed(path).iter("testsuite")]
    runs = {name: TestRun(name, "not run") for name in tests}
    for suite in sorted(suites, key=lambda suite: suite.get("timestamp", "")):
        for case in suite.iter("testcase"):
            name = f"{case.get('classname', '').rpartition('.')[2]}::{case.get('name')}"
            if name in runs:
                runs[name] = TestRun(name, _outcome(case), suite.get("timestamp", "")[:10])
    return list(runs.values())


def page(runs: Mapping[str, Iterable[TestRun]], versions: Mapping[str, Mapping[str, str]]) -> str:
    """Return the page: from test runs and editors' versions, each by edition."""
    rows, failed = [], []
    for edition, found in runs.items():
        for editor in (*versions[edition], _TOGETHER):
            ours = [run for run in found if run.editor == editor]
            if ours:
                rows.append(_row(editor, versions[edition].get(editor, edition), ours))
            failed += [f"- {edition}: `{run.name}`" for run in ours if run.outcome == "failed"]
    failures = "\nWhat failed:\n\n" + "\n".join(failed) + "\n" if failed else ""
    return _HEAD + "\n".join(rows) + "\n" + failures


def _row(editor: str, version: str, runs: list[TestRun]) -> str:
    title = TITLES.get(editor, "several at once, and the tests' tools")
    counts = [str(sum(run.outcome == outcome for run in runs)) for outcome in OUTCOMES]
    dates = [run.date for run in runs if run.date]
    return f"| {' | '.join([title, version, min(dates, default='never'), *counts])} |"


def _parsed(path: Path) -> ET.Element:
    return ET.fromstring(path.read_text(encoding="utf-8"))  # noqa: S314 - our own tests have written it


def _outcome(case: ET.Element) -> str:
    tags = {child.tag for child in case}
    return "failed" if tags & {"failure", "error"} else "skipped" if "skipped" in tags else "passed"


def _tests(edition: Edition) -> Iterator[str]:
    """Yield the names of all tests that an edition has."""
    command = [sys.executable, "-m", "pytest", "-m", "hosts", "-n", "0", "-q", "--collect-only", "tests/hosts"]
    environment = {**os.environ, VARIABLE: edition.name}
    said = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=True).stdout
    for line in said.splitlines():
        path, separator, test = line.partition("::")
        if separator:
            yield f"{Path(path).stem}::{test}"


def _versions(edition: Edition) -> dict[str, str]:
    return dict(_installed(provide_chroot(edition), edition.editors))


def _installed(chroot: Path, editors: Iterable[str]) -> Iterator[tuple[str, str]]:
    for editor in editors:
        command = ["chroot", str(chroot), "dpkg-query", "--show", "--showformat", "${source:Upstream-Version}", editor]
        version = subprocess.run(command, capture_output=True, text=True, check=True).stdout
        yield editor, version.partition("+")[0]  # Debian's own mark


def main(names: list[str]) -> None:
    """Write the page about some editions."""
    editions = [edition_called(name) for name in names]
    runs = {edition.name: read_reports(REPORTS / edition.name, _tests(edition)) for edition in editions}
    PAGE.write_text(page(runs, {edition.name: _versions(edition) for edition in editions}), encoding="utf-8")


if __name__ == "__main__":
    main(sys.argv[1:])
