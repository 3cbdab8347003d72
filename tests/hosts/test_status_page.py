"""The server's status page in a real browser: the one in the chroot, which has no window."""

from __future__ import annotations

import shlex
import shutil
import subprocess

import pytest
from PIL import Image

from fakes.status_page import NASTY, busy_status, serve
from fakes.web import config_in, running


@pytest.fixture
def page(stack, tmp_path):
    return serve(lambda app, config: stack.enter_context(running(app, config)), config_in(tmp_path), busy_status)


class Browser:
    """Chromium in the chroot, without a window.

    It reads /proc and /dev, which the chroot lacks: they are put there in a name space of the browser's own.
    """

    def __init__(self, chroot):
        self.folder = chroot.folder("browser")
        self._root = chroot.root

    def run(self, url, *arguments):
        """Return how it ended and what it printed of a page, whose clock it lets run for three seconds."""
        browser = [
            "chromium-headless-shell", "--no-sandbox", "--disable-gpu", "--disable-quic", "--hide-scrollbars",
            "--disable-background-networking", "--disable-component-update", "--disable-dev-shm-usage",
            f"--user-data-dir={self.folder.inside}/profile", "--virtual-time-budget=3000", *arguments, url,
        ]  # fmt: skip
        steps = [
            f"mount --rbind /proc {self._root}/proc",
            f"mount --rbind /dev {self._root}/dev",
            f"exec chroot {self._root} env -i -C {self.folder} HOME={self.folder} {shlex.join(browser)}",
        ]
        command = ["unshare", "--mount", "--pid", "--fork", "--kill-child", "sh", "-c", " && ".join(steps)]
        return subprocess.run(command, capture_output=True, text=True, timeout=90, check=False)

    def show(self, url, *arguments):
        """Return what it printed of a page."""
        done = self.run(url, *arguments)
        assert done.returncode == 0, done.stderr
        return done.stdout


@pytest.fixture(scope="module")
def browser(chroot):
    made = Browser(chroot)
    try:
        tried = made.run("data:text/html,<b>here</b>", "--dump-dom")
    except (OSError, subprocess.TimeoutExpired) as error:
        pytest.skip(f"the browser does not run here: {error}")
    if "<b>here</b>" not in tried.stdout:
        pytest.skip(f"the browser does not run here: {tried.stderr.strip()[-200:]}")
    return made


def test_a_browser_shows_the_jobs_and_no_foreign_markup(page, browser):
    shown = browser.show(page.url + page.link(), "--dump-dom")
    for text in (
        "cuda: NVIDIA H200",
        "last model: realesrgan-x4plus",
        "42 %",
        "number 2",
        "by studio-laptop",
        "Up 3 h 12 min",
        "foveate-discs 1.0",
        "discs: it cannot be imported.",
    ):
        assert text in shown, text
    assert ">3.2 GB<" in shown
    assert ">of 22 GB<" in shown
    assert "The worker ended unexpectedly (signal 9)." in shown
    assert NASTY not in shown
    assert NASTY.replace("<", "&lt;").replace(">", "&gt;") in shown


def test_the_page_looks_like_one(page, browser, artefacts):
    browser.show(page.url + page.link(), "--window-size=1200,900", "--screenshot=page.png")
    artefacts.mkdir(parents=True, exist_ok=True)
    kept = shutil.copy((browser.folder / "page.png").outside, artefacts / "status-page.png")
    with Image.open(kept) as picture:
        assert picture.size == (1200, 900)
        assert len(picture.convert("RGB").getcolors(1 << 20)) > 50  # drawn, with its styles
