"""Properties in the text of an XMP packet, as attributes and as elements, in time that grows as the packet does.

Packets are anyone's text, of up to 16 MiB, so no pattern here may go on from one beginning over the next: tags end at
the next angle bracket, prefixes are looked up in a set, and elements are matched in one go.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Container, Iterator

_PREFIX = rb"(?P<prefix>[\w.-]+):"
_IN_TAG = rb"(?:\s[^<>]*)?"


def number_in(packet: bytes, names: bytes, name: bytes) -> int | None:
    """Return the whole number that a property of the namespace `names` has; None where there is none."""
    prefixes, full = _prefixes(packet, names), _PREFIX + re.escape(name)
    for pattern in (
        rb"\s" + full + rb"""\s*=\s*["']\s*(?P<number>\d{1,9})\s*["']""",
        rb"<" + full + _IN_TAG + rb">\s*(?P<number>\d{1,9})\s*</",
    ):
        for found in re.finditer(pattern, packet) if prefixes else ():
            if found["prefix"] in prefixes:
                return int(found["number"])
    return None


def with_value(packet: bytes, names: bytes, name: bytes, value: bytes) -> bytes:
    """Return the packet with another value of a property, wherever it has one."""
    prefixes, full = _prefixes(packet, names), _PREFIX + re.escape(name)
    if not prefixes:
        return packet

    def replaced(found: re.Match[bytes]) -> bytes:
        return found["before"] + value if found["prefix"] in prefixes else found[0]

    packet = re.sub(rb"(?P<before>\s" + full + rb"""\s*=\s*["'])[^"'<]*""", replaced, packet)
    return re.sub(rb"(?P<before><" + full + _IN_TAG + rb"(?<!/)>)[^<]*(?=</)", replaced, packet)


def without(packet: bytes, names: bytes, pattern: bytes) -> bytes:
    """Return the packet without the properties of a namespace whose names are as the regular expression `pattern`."""
    prefixes, full = _prefixes(packet, names), _PREFIX + rb"(?:" + pattern + rb")"
    if not prefixes:
        return packet
    attributes = rb"\s" + full + rb"""\s*=\s*(?:"[^"]*"|'[^']*')"""
    packet = re.sub(attributes, lambda found: b"" if found["prefix"] in prefixes else found[0], packet)
    parts, position = [], 0
    for start, end in sorted(_elements(packet, full, prefixes)):
        if start >= position:  # else it lies within the one before
            parts.append(packet[position:start])
            position = end
    return b"".join([*parts, packet[position:]])


def _elements(packet: bytes, full: bytes, prefixes: Container[bytes]) -> Iterator[tuple[int, int]]:
    """Yield where each element begins and ends; one that has no end is none."""
    begun: list[tuple[bytes, int]] = []  # names, and where they began
    count: Counter[bytes] = Counter()  # of these, by name
    for tag in re.finditer(rb"<(?P<slash>/?)(?P<name>" + full + rb")" + _IN_TAG + rb"/?>", packet):
        name = tag["name"]
        if tag["prefix"] not in prefixes:
            continue
        if not tag["slash"] and tag[0].endswith(b"/>"):
            yield tag.span()
        elif not tag["slash"]:
            begun.append((name, tag.start()))
            count[name] += 1
        elif count[name]:
            last = b""
            while last != name:
                last, start = begun.pop()
                count[last] -= 1
            yield start, tag.end()


def _prefixes(packet: bytes, names: bytes) -> set[bytes]:
    """Return what the packet calls a namespace; several, where parts of it were written by several programs."""
    return set(re.findall(rb"""xmlns:([\w.-]+)\s*=\s*["']""" + re.escape(names) + rb"""["']""", packet))
