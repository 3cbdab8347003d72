from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from foveate_shared.connection.pairing_line import Pairing, parse_pairing, settings_of
from foveate_shared.errors import InputError

TOKEN = "fvt_" + "aB3-_" * 8
FINGERPRINT = "0123456789abcdef" * 4


@given(
    st.sampled_from(["10.0.0.5", "studio.local", "::1", "2001:db8::5"]),
    st.integers(1, 65_535),
    st.text("abcXYZ019-_", min_size=20, max_size=200),
    st.text("0123456789abcdef", min_size=64, max_size=64),
)
def test_a_line_is_read_as_it_was_written(host: str, port: int, token: str, fingerprint: str):
    pairing = Pairing(host, port, token, fingerprint)
    assert parse_pairing(f"  {pairing.line}\n") == pairing


def test_the_line_has_the_documented_form():
    pairing = Pairing("2001:db8::5", 7317, TOKEN, FINGERPRINT)
    assert pairing.line == f"foveate://[2001:db8::5]:7317?token={TOKEN}&fingerprint=sha256:{FINGERPRINT}"
    assert pairing.url == "https://[2001:db8::5]:7317"


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("", "does not begin with foveate://"),
        ("foveate://10.0.0.5:7317", "its token"),
        (f"https://10.0.0.5:7317?token={TOKEN}&fingerprint=sha256:{FINGERPRINT}", "does not begin with foveate://"),
        (f"foveate://10.0.0.5?token={TOKEN}&fingerprint=sha256:{FINGERPRINT}", "a host and a port"),
        (f"foveate://:7317?token={TOKEN}&fingerprint=sha256:{FINGERPRINT}", "a host and a port"),
        (f"foveate://u@h:7317?token={TOKEN}&fingerprint=sha256:{FINGERPRINT}", "a host and a port"),
        (f"foveate://h:99999?token={TOKEN}&fingerprint=sha256:{FINGERPRINT}", "not complete"),
        (f"foveate://[h:1?token={TOKEN}&fingerprint=sha256:{FINGERPRINT}", "not complete"),
        (f"foveate://h:7317?fingerprint=sha256:{FINGERPRINT}", "its token"),
        (f"foveate://h:7317?token=short&fingerprint=sha256:{FINGERPRINT}", "its token"),
        (f"foveate://h:7317?token={TOKEN}&token={TOKEN}&fingerprint=sha256:{FINGERPRINT}", "its token"),
        (f"foveate://h:7317?token={TOKEN}", "its fingerprint"),
        (f"foveate://h:7317?token={TOKEN}&fingerprint=sha256:{FINGERPRINT[:-1]}", "its fingerprint"),
        (f"foveate://h:7317?token={TOKEN}&fingerprint=md5:{FINGERPRINT}", "its fingerprint"),
    ],
)
def test_a_bad_line_is_a_sentence_with_a_reason_and_without_the_token(line: str, reason: str):
    with pytest.raises(InputError) as caught:
        parse_pairing(line)
    assert reason in caught.value.info.message
    assert "foveate serve --pair" in caught.value.info.remedy
    assert TOKEN not in str(caught.value)


@given(st.sampled_from(["", "foveate://", "foveate://h:1?", f"foveate://h:1?token={TOKEN}&"]), st.text())
def test_no_text_breaks_the_parser(start: str, text: str):
    with pytest.raises(InputError):
        parse_pairing(start + text)


def test_a_line_is_settings_of_a_client_and_an_empty_one_means_this_machine():
    line = Pairing("studio", 7317, TOKEN, FINGERPRINT).line
    paired = {"remote_url": "https://studio:7317", "remote_token": TOKEN, "remote_fingerprint": FINGERPRINT}
    assert settings_of(line) == paired
    assert settings_of(" ") == dict.fromkeys(paired, "")
