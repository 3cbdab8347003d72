"""What pyproject.toml cannot say: the plugins' sources, which are no package of ours, go into the wheel as data."""

from pathlib import Path
from shutil import copytree, ignore_patterns, rmtree

from setuptools import setup
from setuptools.command.build_py import build_py

ROOT = Path(__file__).parent
SOURCES = "foveate_server/plugins/packaged"  # as foveate_server/plugins/bundle_sources.py finds them


class BuildWithPlugins(build_py):
    """Adds the plugins' sources and their licence; an editable install reads them from the checkout."""

    def run(self) -> None:
        """Build as usual, then add them."""
        super().run()
        if self.editable_mode:
            return
        target = Path(self.build_lib) / SOURCES
        rmtree(target, ignore_errors=True)  # an earlier build's
        copytree(ROOT / "plugins", target, dirs_exist_ok=True, ignore=ignore_patterns("__pycache__", "*.pyc", ".*"))
        self.copy_file(str(ROOT / "LICENSE"), str(target / "LICENSE"))


setup(cmdclass={"build_py": BuildWithPlugins})
