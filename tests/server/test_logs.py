from __future__ import annotations

import asyncio
import logging
import re
import secrets
import stat
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from foveate_server import logs
from foveate_server.logs import SafeFormatter, job_logging, logging_to, redact
from foveate_server.net.named_tokens import new_token
from foveate_shared.errors import ResourceError


@pytest.fixture
def log() -> logging.Logger:
    return logging.getLogger("foveate_server.test")


def line(message: str, *args: object) -> str:
    return SafeFormatter().format(logging.LogRecord("foveate_server.x", logging.INFO, "", 0, message, args, None))


async def test_lines_carry_the_job_of_their_context(tmp_path: Path, log: logging.Logger):
    async def work(job: str, others: asyncio.Barrier) -> None:
        with job_logging(job):
            await others.wait()  # both are inside their contexts now
            log.info("working on %s", job)

    with logging_to(tmp_path) as file:
        others = asyncio.Barrier(2)
        await asyncio.gather(work("job-a", others), work("job-b", others))
        log.info("outside")
    lines = file.read_text("utf-8").splitlines()
    assert sorted(entry.split()[2] for entry in lines) == ["-", "job-a", "job-b"]
    for entry in lines[:2]:
        assert entry.split()[2] == entry.split()[-1]
    assert re.match(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z info ", lines[0])


def test_the_file_and_its_folder_are_private(tmp_path: Path, log: logging.Logger):
    with logging_to(tmp_path / "deep" / "logs") as file:
        log.info("x")
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert stat.S_IMODE(file.parent.stat().st_mode) == 0o700


def test_files_are_bounded_and_rotated_ones_private(
    tmp_path: Path, log: logging.Logger, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(logs, "MAX_FILE_BYTES", 1000)
    with logging_to(tmp_path):
        for number in range(200):
            log.info("line %d", number)
    files = list(tmp_path.iterdir())
    assert len(files) == 1 + logs.KEPT_FILES
    assert all(file.stat().st_size <= 1000 for file in files)
    assert {stat.S_IMODE(file.stat().st_mode) for file in files} == {0o600}


def test_logging_ends_with_the_context(tmp_path: Path, log: logging.Logger):
    logger = logging.getLogger("foveate_server")
    before = list(logger.handlers), logger.level
    with logging_to(tmp_path) as file:
        log.info("inside")
    log.warning("after")
    assert (list(logger.handlers), logger.level) == before
    assert "after" not in file.read_text("utf-8")


@pytest.mark.parametrize(
    "template",
    [
        "{}",
        "Authorization: Bearer {}",
        "GET /?code={}&x=1",
        '{{"token": "{}"}}',
        "foveate://10.0.0.1:7317?token={}&fingerprint=sha256:00",
        "prompt='a {} face'",
        "cookie foveate_session={}; path=/",
    ],
)
def test_tokens_never_reach_a_line(template: str):
    token = new_token()
    for secret in (token, secrets.token_urlsafe(32)) if template != "{}" else (token,):
        text = template.format(secret)
        assert secret not in line("%s", text)
        assert secret not in line(text.replace("%", "%%"))


def test_tokens_never_reach_a_traceback(tmp_path: Path, log: logging.Logger):
    token = new_token()
    with logging_to(tmp_path) as file:
        try:
            int(f"Bearer {token}")
        except ValueError:
            log.exception("it failed")
    text = file.read_text("utf-8")
    assert "ValueError: invalid literal for int() with base 10: 'Bearer ***'" in text
    assert token not in text


def test_ordinary_sentences_stay_as_they_are():
    sentence = "job 3f2a done in 1.2 s, exit code 0, code=out_of_memory, sha256 " + "ab" * 32
    assert redact(sentence) == sentence


@given(st.text())
def test_nobody_can_forge_a_line(text: str):
    assert len(line("client %s", text).splitlines()) == 1


def test_data_is_cut():
    assert len(line("%r", b"\0" * 100_000)) < logs.MAX_MESSAGE * 2


@pytest.mark.skipif(sys.platform == "win32", reason="folders cannot be made read-only this way")
def test_a_folder_that_cannot_be_made_is_a_sentence(tmp_path: Path):
    (tmp_path / "file").write_text("")
    with pytest.raises(ResourceError, match="cannot be written"), logging_to(tmp_path / "file" / "logs"):
        pass
