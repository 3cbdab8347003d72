"""Lets an ONNX model that was exported for one image size take any: the shapes that it declares are removed.

ONNX files are Protocol Buffers messages. Only the few that lead to a declared shape are rewritten, everything else is
copied byte for byte; that needs none of the `onnx` package. Field numbers are those of onnx.proto: ModelProto.graph 7;
GraphProto.initializer 5, input 11, output 12, value_info 13; TensorProto.name 8; ValueInfoProto.name 1, type 2;
TypeProto.tensor_type 1; TypeProto.Tensor.shape 2.
"""

from __future__ import annotations

from collections.abc import Iterator

_VARINT, _FIXED64, _BYTES, _FIXED32 = 0, 1, 2, 5  # Protocol Buffers' wire types
_FIXED_SIZES = {_FIXED64: 8, _FIXED32: 4}


def free_shapes(model: bytes) -> bytes:
    """Return `model` with inputs and outputs of any shape; weights keep theirs. Raises ValueError for broken bytes."""
    return b"".join(_field(7, _free_graph(raw)) if number == 7 else whole for number, raw, whole in _fields(model))


def _free_graph(graph: bytes) -> bytes:
    weights = {_name(raw, 8) for number, raw, _ in _fields(graph) if number == 5}
    parts = []
    for number, raw, whole in _fields(graph):
        if number == 13:  # shapes of inner values: follow from the input's, and are optional
            continue
        is_free = number in (11, 12) and _name(raw, 1) not in weights
        parts.append(_field(number, _free_value(raw)) if is_free else whole)
    return b"".join(parts)


def _free_value(value: bytes) -> bytes:
    return b"".join(_field(2, _free_type(raw)) if number == 2 else whole for number, raw, whole in _fields(value))


def _free_type(kind: bytes) -> bytes:
    return b"".join(_field(1, _without(raw, 2)) if number == 1 else whole for number, raw, whole in _fields(kind))


def _without(message: bytes, dropped: int) -> bytes:
    return b"".join(whole for number, _, whole in _fields(message) if number != dropped)


def _name(message: bytes, field: int) -> bytes:
    return next((raw for number, raw, _ in _fields(message) if number == field), b"")


def _fields(message: bytes) -> Iterator[tuple[int, bytes, bytes]]:
    """Yield (field number, content, the field's bytes with its key) of a message, in order."""
    position = 0
    while position < len(message):
        start = position
        key, position = _read_varint(message, position)
        kind = key & 7
        if kind == _BYTES:
            size, position = _read_varint(message, position)
        elif kind == _VARINT:
            size = _read_varint(message, position)[1] - position
        elif kind in _FIXED_SIZES:
            size = _FIXED_SIZES[kind]
        else:
            raise ValueError(f"wire type {kind} at byte {start} is not known")
        if position + size > len(message):
            raise ValueError(f"the field at byte {start} reaches past the end")
        yield key >> 3, message[position : position + size], message[start : position + size]
        position += size


def _read_varint(data: bytes, position: int) -> tuple[int, int]:
    """Return a base-128 number and the position after it."""
    value = shift = 0
    while position < len(data) and shift < 70:
        byte = data[position]
        position += 1
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            return value, position
        shift += 7
    raise ValueError(f"the number at byte {position} does not end")


def _write_varint(value: int) -> bytes:
    parts = bytearray()
    while value > 0x7F:
        parts.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes([*parts, value])


def _field(number: int, content: bytes) -> bytes:
    return _write_varint(number << 3 | _BYTES) + _write_varint(len(content)) + content
