"""How servers of tests prove to our clients that they know a token."""

from __future__ import annotations

import re
import socket

from foveate_shared.connection.mutual_proof import Evidence, TokenKey, new_nonce, read_opening

_AUTHORIZATION = re.compile(rb"(?im)^authorization: *([^\r]*)")


def challenge_to(authorization: str, token: str) -> str:
    """Return the `WWW-Authenticate` that a server with `token` answers with."""
    key, opening = TokenKey.of_token(token), read_opening(authorization)
    if opening is None or opening.token != key.id:
        return "Foveate"
    nonce = new_nonce()
    return Evidence(nonce, key.proof_of_server(opening, nonce)).header


def prove_to_client(connection: socket.socket, token: str) -> None:
    """Answer the first request on a connection."""
    head = b""
    while not head.endswith(b"\r\n\r\n"):
        received = connection.recv(4096)
        if not received:
            return
        head += received
    found = _AUTHORIZATION.search(head)
    header = challenge_to(found[1].decode("ascii") if found else "", token)
    answer = f"HTTP/1.1 401 Unauthorized\r\nWWW-Authenticate: {header}\r\nContent-Length: 0\r\n\r\n"
    connection.sendall(answer.encode("ascii"))
