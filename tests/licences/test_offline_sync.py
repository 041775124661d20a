"""What a verifier keeps: fetched over HTTP, and untouched by what is spoilt. Row C09."""

import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import pytest

from core.signing import Signer
from identity.tokens import new_key_pem, read_keys
from licences.issuing import LicenceIssuer
from licences.status_lists import TYPE
from tests.given import AT
from verifier.refusals import Undecided
from verifier.saying import Printer, say_freshness
from verifier.shelf import METADATA, Shelf, SyncFailed, _keep, load, sync

NOW = AT.timestamp()
LIST, KEYS = "/agency/v1/status-lists/1", "/.well-known/licence-keys.json"
FOLDER_OF_LISTS = "/agency/v1/status-lists"


class House:
    """An issuer's published things on a port of this machine; a page that is None is mute."""

    def __init__(self) -> None:
        house = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                page = house.pages.get(self.path)
                if page is None:
                    self.close_connection = True
                    return
                self.send_response(200)
                self.send_header("Content-Length", str(len(page)))
                self.end_headers()
                self.wfile.write(page)

            def log_message(self, *_: object) -> None:
                """Nothing."""

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.address = f"http://127.0.0.1:{self.server.server_port}"
        nonces = Signer([b"tests"], purpose="nonces")
        self.issuer = LicenceIssuer(read_keys(new_key_pem()), address=self.address, nonces=nonces)
        self.pages: dict[str, bytes | None] = {}
        self.publish(NOW)

    def publish(self, at: float) -> None:
        """Everything as it is at a moment."""
        uri = f"{self.address}{LIST}"
        metadata = {
            "issuer": self.address,
            "jwks_uri": f"{self.address}{KEYS}",
            "status_list_aggregation_endpoint": f"{self.address}{FOLDER_OF_LISTS}",
        }
        self.pages = {
            METADATA: json.dumps(metadata).encode(),
            KEYS: json.dumps(self.issuer.key_set()).encode(),
            FOLDER_OF_LISTS: json.dumps({"status_lists": [uri]}).encode(),
            LIST: self.token(at).encode(),
        }

    def token(self, at: float) -> str:
        claims = {
            "sub": f"{self.address}{LIST}",
            "iat": int(at),
            "exp": int(at) + 86_400,
            "ttl": 300,
            "status_list": {"bits": 2, "lst": "eNoDAAAAAAE"},
        }
        return self.issuer.sign_token(claims, typ=TYPE)


@pytest.fixture
def house() -> Iterator[House]:
    house = House()
    thread = Thread(target=house.server.serve_forever)
    thread.start()
    yield house
    house.server.shutdown()
    thread.join()
    house.server.server_close()


def test_what_was_fetched_is_kept_and_read_without_a_network(house: House, tmp_path: Path) -> None:
    sync(house.address, tmp_path, at=NOW)
    house.pages = {}

    shelf = load(tmp_path)

    assert shelf.find_list(shelf.list_uri(1), at=NOW + 3600).issued == int(NOW)
    assert [path.name for path in tmp_path.iterdir()] == ["issuer.json"]


@pytest.mark.parametrize("page", [METADATA, KEYS, FOLDER_OF_LISTS, LIST])
@pytest.mark.parametrize("said", [None, b"", b"<html>sign in</html>", b"\xff\xfe", b"[]", b"{}"])
def test_what_is_mute_or_spoilt_leaves_the_old_shelf_and_says_how_old_it_is(
    house: House, tmp_path: Path, page: str, said: bytes | None
) -> None:
    """C09: one page of the four at a time."""
    sync(house.address, tmp_path, at=NOW)
    before = (tmp_path / "issuer.json").read_bytes()
    later = NOW + 7200
    house.publish(later)
    house.pages[page] = said

    with pytest.raises((SyncFailed, Undecided)):
        sync(house.address, tmp_path, at=later)

    assert (tmp_path / "issuer.json").read_bytes() == before
    shelf, printer = load(tmp_path), Printer(colour=False)
    say_freshness(printer, shelf.find_list(shelf.list_uri(1), at=later), at=later)
    assert "2 小时前" in printer.lines[0]
    assert "尽快联网同步" in printer.lines[1]


def test_a_list_by_another_key_or_of_yesterday_is_not_kept(house: House, tmp_path: Path) -> None:
    """C03, for lists."""
    sync(house.address, tmp_path, at=NOW)
    before = (tmp_path / "issuer.json").read_bytes()
    forged = House()
    forged.server.server_close()

    for token in (forged.token(NOW), house.token(NOW - 90_000), house.token(NOW)[:-4] + "AAAA"):
        house.pages[LIST] = token.encode()
        with pytest.raises((SyncFailed, Undecided)):
            sync(house.address, tmp_path, at=NOW)

    assert (tmp_path / "issuer.json").read_bytes() == before


def test_two_that_keep_at_once_leave_one_whole_shelf_and_nothing_else(tmp_path: Path) -> None:
    shelves = [Shelf("https://zb.test", {"keys": []}, {"n": str(n) * 200_000}, NOW) for n in (1, 2)]

    with ThreadPoolExecutor(2) as pool:
        list(pool.map(lambda number: _keep(shelves[number % 2], tmp_path), range(40)))

    assert load(tmp_path) in shelves
    assert [path.name for path in tmp_path.iterdir()] == ["issuer.json"]


def test_what_was_shown_cannot_paint_over_the_verdict() -> None:
    """C03: escapes, line ends and turned writing out of a genuine credential become a sign."""
    printer = Printer(colour=False)
    evil = "王\x1b[2J\x1b[1;32m有效\r\n\x9b\u202e\u2028\ud800\x00"

    printer.verdict(f"有效　{evil}", 32)
    printer.show([(evil, evil)])
    printer.say(evil)

    text = "".join(printer.lines)
    assert len(printer.lines) == 3
    assert all(letter.isprintable() or letter == "\u3000" for letter in text)
    assert "有效　王" in text
