import pytest
from hypothesis import given
from hypothesis import strategies as st

from foveate_server.engines.detection import onnx_shapes
from foveate_server.engines.detection.onnx_shapes import free_shapes


def field(number, content):
    return onnx_shapes._field(number, content)


def value(name, shape):
    tensor = b"\x08\x01" + field(2, shape)  # elem_type float, then the shape
    return field(1, name) + field(2, field(1, tensor))


def test_only_shapes_of_inputs_and_outputs_go() -> None:
    weight = field(8, b"w")
    graph = (
        field(1, b"node") + field(5, weight) + field(11, value(b"x", b"shape-of-x")) + field(11, value(b"w", b"3x3"))
        + field(13, value(b"inner", b"shape-inside")) + field(12, value(b"y", b"shape-of-y"))
    )  # fmt: skip
    model = b"\x08\x04" + field(2, b"producer") + field(7, graph)
    freed = free_shapes(model)
    for kept in (b"node", b"3x3", b"producer"):
        assert kept in freed
    for gone in (b"shape-of-x", b"shape-of-y", b"shape-inside"):
        assert gone not in freed
    assert free_shapes(freed) == freed


@given(st.binary(max_size=200))
def test_any_bytes_are_taken_or_refused_as_a_value_error(data) -> None:
    try:
        free_shapes(data)
    except ValueError:
        return


@pytest.mark.parametrize("number", [0, 1, 127, 128, 300, 2**32, 2**63])
def test_numbers_are_written_as_they_are_read(number) -> None:
    written = onnx_shapes._write_varint(number)
    assert onnx_shapes._read_varint(written, 0) == (number, len(written))


@pytest.mark.weights
def test_the_real_model_takes_any_size(weights_path) -> None:
    import onnxruntime

    session = onnxruntime.InferenceSession(free_shapes(weights_path.read_bytes()), providers=["CPUExecutionProvider"])
    assert len(session.get_inputs()) == 1
    assert session.get_inputs()[0].shape in ([], None)
