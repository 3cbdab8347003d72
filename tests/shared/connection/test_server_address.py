"""Where a server may be: what is no address, and what would let a token out."""

from __future__ import annotations

import pytest

from foveate_shared.connection.server_address import ServerAddress
from foveate_shared.errors import InputError

TOKEN = "test-token"
PIN = "ab" * 32


@pytest.mark.parametrize(
    "url",
    [
        "",
        "localhost:80",
        "ftp://localhost",
        "ws://",
        "ws://user:password@localhost",
        "ws://localhost/elsewhere",
        "ws://localhost?x=1",
        "ws://localhost#x",
        "ws://localhost:99999",
        "ws://localhost:0",
        "ws://[::1",
    ],
)
def test_what_is_no_address(url: str) -> None:
    with pytest.raises(InputError, match="address"):
        ServerAddress(url, TOKEN)


@pytest.mark.parametrize("url", ["ws://example.org", "http://192.168.1.5:80", "ws://localhost.example.org"])
def test_no_token_in_the_clear_beyond_this_machine(url: str) -> None:
    with pytest.raises(InputError, match="encrypted"):
        ServerAddress(url, TOKEN)


@pytest.mark.parametrize("token", ["", "a b", "a\r\nHost: x", "ä"])
def test_what_is_no_token(token: str) -> None:
    with pytest.raises(InputError, match="token"):
        ServerAddress("ws://localhost", token)


@pytest.mark.parametrize("prefix", ["sha256:", "SHA256:", " sha256:"])
def test_a_fingerprint_may_be_copied_with_the_name_of_its_hash(prefix: str) -> None:
    assert ServerAddress("wss://example.org", TOKEN, prefix + PIN.upper()).pin == PIN


@pytest.mark.parametrize("fingerprint", ["", "ab", PIN + "ab", "g" * 64])
def test_what_is_no_fingerprint(fingerprint: str) -> None:
    with pytest.raises(InputError, match="fingerprint"):
        ServerAddress("wss://example.org", TOKEN, fingerprint)


def test_a_fingerprint_without_encryption() -> None:
    with pytest.raises(InputError, match="https"):
        ServerAddress("ws://localhost", TOKEN, PIN)


@pytest.mark.parametrize(
    ("url", "authority", "host", "port"),
    [
        ("http://127.0.0.1:8765", "127.0.0.1:8765", "127.0.0.1", 8765),
        ("https://example.org/", "example.org:443", "example.org", 443),
        ("wss://[2001:db8::1]:8765/v1/socket", "[2001:db8::1]:8765", "2001:db8::1", 8765),
        ("ws://[::1]", "[::1]:80", "::1", 80),
    ],
)
def test_addresses(url: str, authority: str, host: str, port: int) -> None:
    address = ServerAddress(url, TOKEN)
    assert (address.authority, address.host, address.port) == (authority, host, port)
    assert TOKEN not in repr(address)
