"""Whatever an item may raise becomes one clear sentence."""

import pytest

from foveate_server.worker.describe_failure import describe, is_out_of_memory
from foveate_shared.errors import CancelledJobError, ErrorCode, Fault, InputError


def _torch_error():
    """Make an error as torch would, without torch: only its name and its module are looked at."""
    base = type("OutOfMemoryError", (RuntimeError,), {"__module__": "torch"})
    return type("Derived", (base,), {})("CUDA")


@pytest.mark.parametrize(
    "error",
    [
        MemoryError(),
        _torch_error(),
        RuntimeError("[enforce fail] DefaultCPUAllocator: can't allocate memory: you tried to allocate 8 bytes"),
        RuntimeError("CUDA error: out of memory"),
    ],
)
def test_memory_that_ran_out_is_recognised(error):
    info = describe(error)
    assert info.code is ErrorCode.OUT_OF_MEMORY
    assert info.fault is Fault.MACHINE
    assert "smaller region" in info.remedy


@pytest.mark.parametrize("error", [ValueError("out of memory"), RuntimeError("shape mismatch"), KeyError("x")])
def test_bugs_are_ours_and_their_details_stay_in_the_log(error, caplog):
    info = describe(error)
    assert not is_out_of_memory(error)
    assert info.code is ErrorCode.INTERNAL
    assert str(error) not in str(info)
    assert str(error) in caplog.text


@pytest.mark.parametrize("error", [InputError("No.", remedy="Yes."), CancelledJobError("The job was cancelled.")])
def test_our_own_errors_pass_unchanged(error):
    assert describe(error) is error.info
