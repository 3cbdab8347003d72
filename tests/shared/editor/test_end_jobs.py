"""Jobs whose editor is gone."""

import pytest

from fakes.connection import RecordingConnection
from foveate_shared.editor.end_jobs import EndedJobs
from foveate_shared.errors import ErrorCode, InputError, ServerError
from foveate_shared.jobs import job_records
from foveate_shared.wire.protocol import (
    Ack,
    Cancel,
    Cancelled,
    Done,
    Failed,
    Jobs,
    JobSummary,
    Limits,
    ListJobs,
    Peer,
    Problem,
    Resume,
    Welcome,
)

DONE_JOB, RUNNING, UNKNOWN, LATE = (f"{number}0000000-0000-4000-8000-000000000000" for number in (1, 2, 3, 4))
JOBS = (DONE_JOB, RUNNING, UNKNOWN, LATE)
WELCOME = Welcome(1, Peer("foveate", "9.9"), (), Limits(), ())
LISTED = Jobs(
    1,
    (
        JobSummary(DONE_JOB, "refocus", "done", None, 1.0, 9),
        JobSummary(RUNNING, "refocus", "running", None, 2.0, 5),
        JobSummary(LATE, "refocus", "running", None, 3.0, 7),
    ),
)


class Client(RecordingConnection):
    def list_jobs(self):
        self.post(ListJobs(1))


@pytest.mark.parametrize("keep", [True, False])
def test_what_runs_is_cancelled_and_what_is_done_is_kept_where_it_shall_be(keep, tmp_path):
    client, folder = Client(), job_records.folder_of(tmp_path / "settings.json")
    for job in JOBS:
        job_records.write(folder, job, job_records.Record("Refocus", "a.png", {}))
    ending = EndedJobs(client, folder, JOBS, keep=keep)
    unknown = Problem(InputError("No such job.", code=ErrorCode.UNKNOWN_JOB).info, job=UNKNOWN)
    for message in (WELCOME, LISTED, Cancelled(RUNNING, 6), unknown):
        ending.take(message)
    assert not ending.is_complete
    ending.take(Done(LATE, 8, (), {}))  # it was quicker than the cancel
    assert ending.is_complete
    posted = client.messages
    assert {each.job for each in posted if isinstance(each, Cancel)} == {RUNNING, UNKNOWN, LATE}
    assert {(each.job, each.since) for each in posted if isinstance(each, Resume)} == {(RUNNING, 5), (LATE, 7)}
    acknowledged = {each.job for each in posted if isinstance(each, Ack)}
    assert acknowledged == ({RUNNING, UNKNOWN} if keep else set(JOBS))
    assert {path.stem for path in folder.iterdir()} == ({DONE_JOB, LATE} if keep else set())
    assert all(job_records.read(folder, path.stem).is_left for path in folder.iterdir())


@pytest.mark.parametrize("keep", [True, False])
@pytest.mark.parametrize("recipe", [None, {}])
def test_finished_parts_of_what_failed_are_kept_too_where_there_are_any(keep, recipe, tmp_path):
    client, folder = Client(), job_records.folder_of(tmp_path / "settings.json")
    job_records.write(folder, LATE, job_records.Record("Upscale", "a.png", {}))
    ending = EndedJobs(client, folder, [LATE], keep=keep)
    ending.take(Jobs(1, (JobSummary(LATE, "upscale", "failed", None, 3.0, 7),)))
    assert client.messages == ([Resume(LATE, 6)] if keep else [Ack(LATE)])
    ending.take(Failed(LATE, 7, ServerError("The worker died.").info, (), recipe))
    assert ending.is_complete
    assert (Ack(LATE) in client.messages) is not (keep and recipe is not None)
    assert not list(folder.iterdir())  # nothing that Waiting Results lists
