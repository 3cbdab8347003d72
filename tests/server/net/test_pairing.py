from __future__ import annotations

import hashlib
import ipaddress
import socket
import ssl
import stat
from dataclasses import replace
from pathlib import Path

import pytest
from cryptography import x509

from foveate_server.config.server_config import PAIRING_PORT, ServerConfig
from foveate_server.net import certificate
from foveate_server.net.named_tokens import Authenticator, list_tokens, new_token
from foveate_server.net.pairing import pair, secured
from foveate_shared.connection.pairing_line import parse_pairing
from foveate_shared.errors import InputError


def test_loopback_needs_no_certificate(config: ServerConfig):
    assert secured(config) is config


def test_other_machines_are_not_served_without_tls(config: ServerConfig):
    with pytest.raises(InputError, match="nothing would be encrypted") as caught:
        secured(replace(config, host="192.0.2.5"))
    assert "--pair" in caught.value.info.remedy


def test_pairing_gives_a_line_with_a_token_that_the_server_knows(config: ServerConfig):
    paired, made = pair(config, "studio.example")
    line = made.line
    assert "\n" not in line
    found = parse_pairing(line)
    assert found == made
    assert (found.host, found.port, found.url) == (
        "studio.example",
        PAIRING_PORT,
        f"https://studio.example:{PAIRING_PORT}",
    )
    name = list_tokens(config)[0].name
    assert Authenticator(config.tokens_file, new_token()).authenticate(f"Bearer {found.token}") == name
    assert paired.has_tls
    assert not paired.is_loopback
    assert "studio.example" in paired.allowed_hosts
    assert found.token not in repr(found)


def test_the_certificate_is_private_and_reused(config: ServerConfig):
    first, one = pair(config, "10.0.0.5")
    second, two = pair(config, "10.0.0.5")
    assert one.fingerprint == two.fingerprint
    assert one.token != two.token
    assert first.tls_cert == second.tls_cert
    assert first.tls_key is not None
    assert stat.S_IMODE(first.tls_key.stat().st_mode) == 0o600
    assert stat.S_IMODE(first.tls_key.parent.stat().st_mode) == 0o700
    again = secured(replace(config, host="10.0.0.5"))
    assert again.tls_cert == first.tls_cert


def test_the_certificate_names_the_machine(config: ServerConfig):
    paired, _ = pair(config, "10.0.0.5")
    assert paired.tls_cert is not None
    made = x509.load_pem_x509_certificate(paired.tls_cert.read_bytes())
    names = made.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert ipaddress.ip_address("10.0.0.5") in names.get_values_for_type(x509.IPAddress)
    assert "localhost" in names.get_values_for_type(x509.DNSName)


def test_a_damaged_or_old_certificate_is_replaced(config: ServerConfig, monkeypatch: pytest.MonkeyPatch):
    paired, first = pair(config, "10.0.0.5")
    assert paired.tls_cert is not None
    paired.tls_cert.write_text("damaged")
    _, second = pair(config, "10.0.0.5")
    assert second.fingerprint != first.fingerprint
    monkeypatch.setattr(certificate, "RENEWAL_MARGIN", certificate.RENEWAL_MARGIN * 1000)
    _, third = pair(config, "10.0.0.5")
    assert third.fingerprint != second.fingerprint


def test_an_own_certificate_is_kept(config: ServerConfig, tmp_path: Path):
    made, _ = pair(replace(config, data_dir=tmp_path / "elsewhere"), "10.0.0.5")
    own = replace(config, tls_cert=made.tls_cert, tls_key=made.tls_key, port=4000)
    paired, line = pair(own, "10.0.0.6")
    assert (paired.tls_cert, paired.port, line.port) == (made.tls_cert, 4000, 4000)


def test_what_is_no_certificate_is_a_sentence(config: ServerConfig, tmp_path: Path):
    (tmp_path / "cert.pem").write_text("nothing")
    own = replace(config, tls_cert=tmp_path / "cert.pem", tls_key=tmp_path / "cert.pem")
    with pytest.raises(InputError, match="cannot be read"):
        pair(own, "10.0.0.6")


def test_what_is_no_host_is_a_sentence(config: ServerConfig):
    with pytest.raises(InputError, match="is no name of a host"):
        pair(config, "a" * 300)


def test_the_fingerprint_is_that_of_the_served_certificate(start_server, config: ServerConfig):
    async def app(scope, receive, send):
        if scope["type"] == "lifespan":
            while (message := await receive())["type"] != "lifespan.shutdown":
                await send({"type": message["type"] + ".complete"})
            await send({"type": "lifespan.shutdown.complete"})

    paired, line = pair(config, "127.0.0.1")
    server = start_server(app, replace(paired, host="127.0.0.1", port=0))
    assert server.url.startswith("https://")
    context = ssl.create_default_context(cafile=str(paired.tls_cert))
    with (
        socket.create_connection(("127.0.0.1", server.port), timeout=60) as plain,
        context.wrap_socket(plain, server_hostname="127.0.0.1") as tls,
    ):
        der = tls.getpeercert(binary_form=True)
    assert der is not None
    assert hashlib.sha256(der).hexdigest() == line.fingerprint
