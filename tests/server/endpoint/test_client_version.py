"""A server of version 2 and clients of version 1."""

import json
from pathlib import Path

import pytest

from fakes.jobs import submit_of
from foveate_shared.errors import ErrorCode
from foveate_shared.i18n.translations import Texts
from foveate_shared.wire.codec import decode
from foveate_shared.wire.protocol import (
    CLIENT_MESSAGES,
    Accepted,
    Hello,
    Jobs,
    ListJobs,
    Problem,
    Resume,
    Windows,
)

CORPUS = Path(__file__).parents[2] / "conformance" / "version_1"
BOTH = (1, 2)


@pytest.fixture
def second(start_site):
    """A server whose operations use all of version 2."""
    return start_site(operations="fakes.version_2:operations")


def names(client):
    return [operation.name for operation in client.welcome.operations]


def test_each_client_is_greeted_in_its_version(second):
    with second.client() as old, second.client("bert", versions=BOTH) as new:
        assert (old.welcome.version, new.welcome.version) == (1, 2)
        assert names(old) == ["paint", "optional"]
        assert names(new) == ["paint", "mix", "optional", "make", "choose", "measure", "export", "liar"]


@pytest.mark.parametrize("operation", ["mix", "make", "choose", "measure", "export"])
def test_what_an_older_client_cannot_take_is_refused(second, operation):
    with second.client() as old:
        old.send(submit_of(operation=operation))
        error = old.until(Problem).error
        assert error.code is ErrorCode.VERSION_MISMATCH
        assert error.remedy == "Update the program."


def test_an_older_connection_hears_nothing_of_jobs_that_it_cannot_take(second):
    """Two connections of one owner: to the older one a message that it does not know would be a broken protocol."""
    with second.client() as old, second.client(versions=BOTH) as new:
        submit = submit_of(operation="choose")
        new.send(submit)
        new.until(Windows)
        old.send(ListJobs(1))
        assert old.until(Jobs).jobs == ()
        old.send(Resume(submit.job))
        assert old.until(Problem).error.code is ErrorCode.VERSION_MISMATCH
        assert not old.of(Accepted, Windows)
        new.send(ListJobs(1))
        assert [job.job for job in new.until(Jobs).jobs] == [submit.job]


def test_an_older_connection_follows_what_it_can_take(second):
    with second.client() as old, second.client(versions=BOTH) as new:
        submit = submit_of()
        new.send(submit)
        assert old.until(Accepted).job == submit.job


@pytest.mark.parametrize("versions", [(1,), BOTH])
def test_each_version_hears_the_same_english_and_what_it_is_made_of(second, versions):
    with second.client(versions=versions) as client:
        client.send(submit_of(operation="My. Best"))
        message = client.until(Problem).error.message
        assert message == "There is no operation named 'My. Best'."
        assert Texts("de").sentence(message) == "Eine Operation namens 'My. Best' gibt es nicht."


def cases(name):
    return [case for case in json.loads((CORPUS / name).read_text()) if case["direction"] in ("to_server", "both")]


def test_the_corpus_of_version_1_is_taken(second):
    """All its valid messages, on one connection: they may be refused in words, never as a broken protocol."""
    with second.client() as client:
        for case in cases("valid.json"):
            message = decode(case["text"], CLIENT_MESSAGES)
            if isinstance(message, Hello) or "blob" in case["text"] or "icc" in case["text"]:
                continue  # said before; with bytes: see the sequences
            client.socket.send(case["text"])
        client.send(ListJobs(77))
        while client.until(Jobs).request != 77:
            pass
        assert ErrorCode.PROTOCOL_ERROR not in {problem.error.code for problem in client.of(Problem)}


def test_the_corpus_of_version_1_is_refused(second):
    """All its invalid control frames, each with its code, and the connection goes on."""
    with second.client() as client:
        for case in cases("invalid.json"):
            if "text" not in case or '"hello"' in case["text"]:
                continue
            client.socket.send(case["text"])
            problem = client.until(Problem)
            assert (problem.error.code.value, problem.fatal) == (case["code"], False), case["name"]
