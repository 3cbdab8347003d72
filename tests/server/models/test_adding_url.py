from __future__ import annotations

import socket
from dataclasses import replace
from pathlib import Path
from urllib.parse import quote

import pytest
from starlette.applications import Starlette

from fakes import headers as made
from foveate_server.config.server_config import ServerConfig
from foveate_server.models.adding.from_anything import add
from foveate_server.models.adding.make_entry import AddOptions
from foveate_server.models.registry import Registry
from foveate_server.net.pairing import pair
from foveate_shared.errors import ErrorCode, InputError, ResourceError


@pytest.fixture
def toy(tmp_path: Path) -> bytes:
    return made.write(tmp_path / "made.safetensors", {"emb_params": (200, 768)}, "F32").read_bytes()


@pytest.fixture
def registry(cache_dir: Path) -> Registry:
    return Registry(cache_dir, entries=[])


def test_an_address(registry: Registry, file_server, toy: bytes) -> None:
    file_server.files["/a/toy.safetensors?token=secret"] = toy
    entry = add(registry, f"{file_server.url}/a/toy.safetensors?token=secret")
    assert (entry.name, entry.kind, entry.source.kind) == ("toy", "embedding", "url")
    assert "secret" not in entry.files[0].path
    assert Registry(registry.cache_dir, offline=True, entries=[]).path("toy").read_bytes() == toy


def test_a_broken_download_goes_on_when_it_is_added_again(registry: Registry, file_server, toy: bytes) -> None:
    file_server.files["/toy.safetensors"] = toy
    file_server.break_after = [len(toy), len(toy), len(toy), 200_000, 100_000, 100_000]
    with pytest.raises(ResourceError):
        add(registry, f"{file_server.url}/toy.safetensors")
    add(registry, f"{file_server.url}/toy.safetensors")
    assert registry.path("toy").read_bytes() == toy
    assert file_server.requests[-1]["range"].startswith("bytes=3")


def test_what_is_not_for_us_is_refused(registry: Registry, file_server, tmp_path: Path) -> None:
    data = made.write(tmp_path / "x.safetensors", {"effnet_mapper.0.weight": (4, 4, 1, 1)}).read_bytes()
    file_server.files["/x.safetensors"] = data
    with pytest.raises(InputError, match="Stable Cascade"):
        add(registry, f"{file_server.url}/x.safetensors")
    assert registry.entries() == []
    with pytest.raises(ResourceError, match="404"):
        add(registry, f"{file_server.url}/none.safetensors")
    with pytest.raises(ResourceError, match="only https"):
        add(registry, "http://example.org/x.safetensors")


@pytest.mark.parametrize("scheme", ["http", "https"])
def test_a_server_that_refuses_the_connection(registry: Registry, scheme: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as gone:
        port = gone.getsockname()[1]
    with pytest.raises(ResourceError, match=r"127\.0\.0\.1 cannot be reached: Connection refused") as caught:
        add(registry, f"{scheme}://127.0.0.1:{port}/x.safetensors")
    assert "Check the network connection" in caught.value.info.remedy
    assert caught.value.info.code is ErrorCode.OFFLINE


@pytest.mark.parametrize(
    "address",
    ["https://", "https://[/x", "https://{}.com/x", "https://exa mple/x", "https://x:99999/x", "https://.x/y"],
)
def test_what_is_no_address(registry: Registry, address: str) -> None:
    address = address.format("a" * 70)
    with pytest.raises(InputError, match="is no address that can be asked") as caught:
        add(registry, address)
    assert address in caught.value.info.message
    assert "https://example.org/model.safetensors" in caught.value.info.remedy


def test_a_redirect_to_what_is_no_address(registry: Registry, file_server) -> None:
    file_server.redirects["/x.safetensors"] = "https://[/x"
    with pytest.raises(InputError, match="is no address that can be asked"):
        add(registry, f"{file_server.url}/x.safetensors")


def test_a_certificate_that_is_not_trusted(registry: Registry, start_server, config: ServerConfig) -> None:
    server = start_server(Starlette(), replace(pair(config, "127.0.0.1")[0], host="127.0.0.1", port=0))
    with pytest.raises(ResourceError, match=r"The certificate of 127\.0\.0\.1 is not trusted: self.signed") as caught:
        add(registry, f"{server.url}/x.safetensors")
    assert "REQUESTS_CA_BUNDLE" in caught.value.info.remedy


def test_what_answers_without_tls(registry: Registry, file_server) -> None:
    with pytest.raises(ResourceError, match=r"127\.0\.0\.1 cannot be reached: "):
        add(registry, file_server.url.replace("http", "https") + "/x.safetensors")


@pytest.mark.parametrize(
    ("named", "kept"),
    [("CON.safetensors", "model-CON.safetensors"), ("a:b?.safetensors", "a-b-.safetensors")],
)
def test_a_name_that_is_none_on_other_systems(
    registry: Registry, file_server, toy: bytes, named: str, kept: str
) -> None:
    file_server.files[f"/{quote(named)}"] = toy
    entry = add(registry, f"{file_server.url}/{quote(named)}")
    assert entry.files[0].name == kept
    assert registry.path(entry.name).read_bytes() == toy


@pytest.mark.parametrize("name", ["con", "nul", "com1.txt", "lpt9", "aux.", "model."])
def test_a_name_that_windows_reserves(registry: Registry, toy: bytes, tmp_path: Path, name: str) -> None:
    with pytest.raises(InputError, match=f"'{name}' cannot be the name of a model: Windows") as caught:
        add(registry, str(tmp_path / "made.safetensors"), AddOptions(name=name))
    assert "--name" in caught.value.info.remedy


def test_a_file_that_windows_reserves_gives_another_name(registry: Registry, toy: bytes, tmp_path: Path) -> None:
    path = (tmp_path / "made.safetensors").rename(tmp_path / "CON.safetensors")
    assert add(registry, str(path)).name == "con-model"


def test_a_home_of_nobody(registry: Registry) -> None:
    with pytest.raises(InputError, match="no file or folder ~nobody-99"):
        add(registry, "~nobody-99/x.safetensors")


def test_an_address_cannot_be_noted_for_later(registry: Registry) -> None:
    with pytest.raises(InputError, match="only known when it was downloaded"):
        add(registry, "https://example.org/x.safetensors", AddOptions(later=True))


def test_what_is_neither_here_nor_a_name(registry: Registry) -> None:
    with pytest.raises(InputError, match="no file or folder nonesuch") as caught:
        add(registry, "nonesuch.safetensors")
    assert "organisation/name" in caught.value.info.remedy
