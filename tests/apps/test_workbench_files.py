"""The page among the files of a root: where it is written, what an export holds, what the dashboard serves and refuses."""

from __future__ import annotations

import http.client
import json
import threading
from pathlib import Path

import pytest

from conftest import Terminal
from paragon import FileError, nn
from paragon.apps.runs import Recorder, Store, index_page, pages, workbench
from paragon.apps.runs.workbench_cli import server
from small_run import quiet


@pytest.fixture
def store(tmp_path: Path) -> Store:
    root = tmp_path / "artifacts"
    for label in ("a", "b"):
        quiet(nn.Dense(3, 2), callbacks=[Recorder(root, label=label)])
    return Store(root)


def test_recording_puts_the_page_beside_the_index_and_leaves_another_page_alone(store: Store) -> None:
    page = store.root / "index.html"
    assert page.read_bytes() == index_page.page()
    page.write_text("<p>mine")
    quiet(nn.Dense(3, 2), callbacks=[Recorder(store.root, label="c")])
    assert page.read_text() == "<p>mine" and not index_page.place(store.root)


def test_an_older_page_is_replaced_and_the_present_one_not_touched(store: Store) -> None:
    page = store.root / "index.html"
    page.write_bytes(index_page.SELF.sub(b'content="paragon workbench 0123456789ab"', index_page.page(), count=1))
    assert index_page.place(store.root) and page.read_bytes() == index_page.page()
    before = page.stat()
    assert index_page.place(store.root)
    assert page.stat().st_mtime_ns == before.st_mtime_ns and page.stat().st_ino == before.st_ino


def test_an_export_holds_the_chosen_runs_and_what_trains_them(store: Store) -> None:
    text = workbench.export(store, [store.find("a")]).decode()
    chosen, other = store.find("a"), store.find("b")
    assert chosen.id in text and other.id not in text
    rows = chosen.read().data
    assert rows is not None
    keys = [line.split('"')[1] for line in text.splitlines() if line.startswith('paragonData["')]
    assert keys[0] == "index.json" and f"data/{rows.sha256}.safetensors" in keys
    assert {f"{chosen.id}/{a.name}" for a in chosen.read().artifacts} < set(keys)
    assert text.index("data-paragon-export") < text.index("<script>")  # the data come before the code that reads them


def test_words_of_a_run_cannot_end_the_script_that_brings_them(store: Store) -> None:
    evil = "</script><script>alert(1)</script><!--"
    with pytest.raises(ValueError), Recorder(store.root, label="evil", config={"x": evil}):
        raise ValueError(evil)
    text = workbench.export(store, [store.find("evil")]).decode()
    plain = index_page.page().decode()
    assert text.lower().count("</script") - plain.lower().count("</script") == text.count("<script data-paragon-export")
    assert "alert(1)" in text and text.count("<!--") == plain.count("<!--") - 1


def test_an_export_says_what_is_missing(store: Store) -> None:
    folder = store.find("a")
    (folder.path / "initial.safetensors").unlink()
    with pytest.raises(FileError, match=r"initial\.safetensors: there is no such file, but the record lists it"):
        workbench.export(store, [folder])


def test_prepare_writes_what_a_page_needs_of_runs_that_have_it_not(store: Store) -> None:
    folder = store.find("a")
    (folder.path / pages.PAGE_DATA).unlink()
    (store.root / pages.PAGE_DATA).unlink()
    assert workbench.prepare(store)
    assert (folder.path / pages.PAGE_DATA).is_file() and (store.root / pages.PAGE_DATA).is_file()


def test_the_dashboard_serves_files_to_this_machine_alone(store: Store) -> None:
    with server(store.root, 0) as http_server:
        threading.Thread(target=http_server.serve_forever, daemon=True).start()

        def get(path: str, host: str = "127.0.0.1") -> tuple[int, bytes]:
            connection = http.client.HTTPConnection("127.0.0.1", http_server.server_port, timeout=10)
            connection.request("GET", path, headers={"Host": f"{host}:{http_server.server_port}"})
            response = connection.getresponse()
            return response.status, response.read()

        assert http_server.server_address[0] == "127.0.0.1"
        assert get("/") == (200, index_page.page())
        assert get("/index.html", "localhost")[0] == 200
        assert get("/", "rebound.example.org")[0] == 403
        assert get("/data/")[0] == 404  # no listing
        assert get("/../../etc/passwd")[0] == 404 and get("/%2e%2e/%2e%2e/etc/passwd")[0] == 404
        http_server.shutdown()


def test_a_port_that_is_taken_is_named(store: Store, paragon: Terminal) -> None:
    with server(store.root, 0) as first:
        assert paragon("dashboard", "--root", store.root, "--no-open", "--port", first.server_port) == 2
        assert f"port {first.server_port}" in paragon.err and "--port" in paragon.err


def test_commands(store: Store, paragon: Terminal, tmp_path: Path) -> None:
    assert paragon("runs", "export", "a", "b", "a", "-o", tmp_path / "page.html", "--root", store.root) == 0
    assert "2 runs" in paragon.out
    text = (tmp_path / "page.html").read_text()
    line = next(line for line in text.splitlines() if line.startswith('paragonData["index.json"]'))
    assert len(json.loads(line.split(" = ", 1)[1].rstrip(";"))["runs"]) == 2
    assert paragon("runs", "export", "zzz", "-o", tmp_path / "x.html", "--root", store.root) == 2
    assert not (tmp_path / "x.html").exists()
