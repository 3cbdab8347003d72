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


@pytest.fixture
def browse(chroot):
    """Return what the browser prints of a page; it lets the page's clock run for three seconds."""
    folder = chroot.folder("browser")
    # Chromium reads /proc and /dev, which the chroot lacks: they are put there in a name space of the browser's own.
    enter = f"mount --rbind /proc {chroot.root}/proc && mount --rbind /dev {chroot.root}/dev"
    if subprocess.run(["unshare", "--mount", "sh", "-c", enter], capture_output=True, check=False).returncode:
        pytest.skip("mounting is not permitted here, and the browser needs /proc")

    def run(url, *arguments):
        browser = [
            "chromium-headless-shell", "--no-sandbox", "--disable-gpu", "--disable-quic", "--hide-scrollbars",
            "--disable-background-networking", "--disable-component-update", "--disable-dev-shm-usage",
            f"--user-data-dir={folder.inside}/profile", "--virtual-time-budget=3000", *arguments, url,
        ]  # fmt: skip
        command = (
            f"{enter} && exec chroot {chroot.root} env -i -C {folder.inside} HOME={folder.inside} {shlex.join(browser)}"
        )
        done = subprocess.run(
            ["unshare", "--mount", "--kill-child", "--pid", "--fork", "sh", "-c", command],
            capture_output=True, text=True, timeout=90, check=False,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr
        return done.stdout

    run.folder = folder
    return run


def test_a_browser_shows_the_jobs_and_no_foreign_markup(page, browse):
    shown = browse(page.url + page.link(), "--dump-dom")
    for text in (
        "cuda: NVIDIA H200",
        "last model: realesrgan-x4plus",
        "42 %",
        "number 2",
        "by studio-laptop",
        "Up 3 h 12 min",
    ):
        assert text in shown, text
    assert ">3.2 GB<" in shown
    assert ">of 22 GB<" in shown
    assert "The worker ended unexpectedly (signal 9)." in shown
    assert NASTY not in shown
    assert NASTY.replace("<", "&lt;").replace(">", "&gt;") in shown


def test_the_page_looks_like_one(page, browse, artefacts):
    browse(page.url + page.link(), "--window-size=1200,900", "--screenshot=page.png")
    artefacts.mkdir(parents=True, exist_ok=True)
    kept = shutil.copy((browse.folder / "page.png").outside, artefacts / "status-page.png")
    with Image.open(kept) as picture:
        assert picture.size == (1200, 900)
        assert len(picture.convert("RGB").getcolors(1 << 20)) > 50  # drawn, with its styles
