"""Windows come in as they were stored; patches go out whole or not at all."""

import errno

import numpy as np
import pytest

from foveate_server.tasks.item_task import WindowFile
from foveate_server.worker import task_files
from foveate_server.worker.task_files import ResultWriter, open_windows
from foveate_shared.errors import ErrorCode, ResourceError, ServerError
from foveate_shared.geometry import Bounds, Extent
from foveate_shared.pixels import Channels, PixelFormat, RowOrder, SampleType

RGB = PixelFormat(SampleType.U8, Channels.RGB)
BOUNDS = Bounds(3, 4, 5, 2)


@pytest.fixture
def store(tmp_path):
    """Store a window of BOUNDS."""

    def write(pixels, coverage=None, coverage_format=None):
        (tmp_path / "pixels").write_bytes(pixels)
        if coverage is not None:
            (tmp_path / "coverage").write_bytes(coverage)
        path = None if coverage is None else tmp_path / "coverage"
        return {"w": WindowFile(BOUNDS, BOUNDS.extent, tmp_path / "pixels", path, coverage_format)}

    return write


def test_windows_are_mapped_read_only(store):
    pixels = bytes(range(30))
    window = open_windows(store(pixels), RGB)["w"]
    assert (window.bounds, window.extent, window.coverage) == (BOUNDS, Extent(5, 2), None)
    assert window.pixels.readonly
    assert bytes(window.pixels) == pixels


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.float32])
@pytest.mark.parametrize("rows", RowOrder)
def test_coverage_has_its_own_type_and_its_top_row_first(store, dtype, rows):
    coverage = np.arange(10).reshape(2, 5).astype(dtype)
    stored = coverage if rows is RowOrder.TOP_DOWN else coverage[::-1]
    sample_type = {1: SampleType.U8, 2: SampleType.U16, 4: SampleType.F32}[coverage.itemsize]
    coverage_format = PixelFormat(sample_type, Channels.Y, rows=rows)
    window = open_windows(store(bytes(30), stored.tobytes(), coverage_format), RGB)["w"]
    assert window.coverage.dtype == dtype
    assert np.array_equal(window.coverage, coverage)


def test_files_of_another_size_are_refused(store):
    with pytest.raises(ServerError, match="29 bytes instead of 30"):
        open_windows(store(bytes(29)), RGB)
    with pytest.raises(ServerError, match="0 bytes instead of 10"):
        open_windows(store(bytes(30), b"", PixelFormat(SampleType.U8, Channels.Y)), RGB)


def test_every_patch_has_files_of_its_own(tmp_path):
    writer = ResultWriter(tmp_path, RGB)
    pixels = [bytes([number] * 30) for number in range(2)]
    patches = [writer.patch(BOUNDS, data, None) for data in pixels]
    assert [patch.pixels.read_bytes() for patch in patches] == pixels
    assert {patch.coverage for patch in patches} == {None}
    assert set(tmp_path.iterdir()) == {patch.pixels for patch in patches}


@pytest.mark.parametrize(("size", "sample_type"), [(10, "u8"), (20, "u16"), (40, "f32")])
def test_the_type_of_coverage_follows_from_its_length(tmp_path, size, sample_type):
    patch = ResultWriter(tmp_path, RGB).patch(BOUNDS, memoryview(bytes(30)), bytes(size))
    assert patch.coverage_format == PixelFormat(SampleType(sample_type), Channels.Y)
    assert len(patch.coverage.read_bytes()) == size


@pytest.mark.parametrize(
    ("bounds", "pixels", "coverage"),
    [(BOUNDS, 29, None), (BOUNDS, 30, 30), (BOUNDS, 30, 9), (BOUNDS, 30, 0), (Bounds(0, 0, 0, 2), 0, None)],
)
def test_sizes_that_do_not_fit_are_a_bug_and_leave_nothing(tmp_path, bounds, pixels, coverage):
    with pytest.raises(ValueError, match="does not fit"):
        ResultWriter(tmp_path, RGB).patch(bounds, bytes(pixels), None if coverage is None else bytes(coverage))
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(("number", "word"), [(errno.ENOSPC, "disk is full"), (errno.EIO, "could not be stored")])
def test_a_disk_that_takes_no_more_leaves_nothing_behind(tmp_path, monkeypatch, number, word):
    real, calls = task_files.os.fsync, []

    def fsync(handle):
        calls.append(handle)
        if len(calls) == 2:  # the second file of the patch
            raise OSError(number, "as asked for")
        real(handle)

    monkeypatch.setattr(task_files.os, "fsync", fsync)
    with pytest.raises(ResourceError, match=word) as caught:
        ResultWriter(tmp_path, RGB).patch(BOUNDS, bytes(30), bytes(10))
    assert caught.value.info.code is ErrorCode.STORAGE_FULL
    assert caught.value.info.remedy
    assert list(tmp_path.iterdir()) == []
