"""The folders and the index of runs: several processes at once, kills, damage; and the versions of documents."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Any, ClassVar, Literal

import pytest

import paragon as pg
import paragon.apps.digits.artifacts  # makes its documents known
from conftest import ROOT
from paragon.apps.runs import Recorder, Store, Versioned, parse, schemas
from paragon.apps.runs import record as records
from paragon.apps.runs.files import INDEX, SUMMARY
from paragon.apps.runs.record import Index, RunSummary
from paragon.apps.runs.store import LATEST, new_id

MANY = """
import sys
from paragon.apps.runs import Recorder
for i in range(int(sys.argv[2])):
    with Recorder(sys.argv[1], label=sys.argv[3]) as run:
        run.note(i=i)
        print(run.summary.id, flush=True)
"""


def start(store: Store, count: int, label: str) -> subprocess.Popen[str]:
    command = [sys.executable, "-c", MANY, str(store.root), str(count), label]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True)


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path / "artifacts")


def listed(store: Store) -> list[str]:
    """The ids in the file, as it lies there."""
    return [entry["id"] for entry in json.loads((store.root / INDEX).read_text())["runs"]]


def test_processes_at_once_lose_nothing(store: Store) -> None:
    processes = [start(store, 40, label) for label in ("a", "b")]
    said = [line for process in processes for line in process.communicate()[0].split()]
    assert all(process.returncode == 0 for process in processes)
    assert len(said) == 80 and sorted(said) == sorted(listed(store)) == store.ids()
    assert {entry.status for entry in store.entries()} == {"finished"}
    assert store.index().latest in said


def test_kills_lose_no_run_that_was_begun(store: Store) -> None:
    for attempt in range(4):
        process = start(store, 1000, "killed")
        other = start(store, 10, "whole")
        assert process.stdout is not None
        process.stdout.readline()
        time.sleep(0.05 * (attempt + 1))
        process.kill()
        other.communicate()
        process.communicate()
        assert other.returncode == 0
    entries = store.entries()
    assert sorted(entry.id for entry in entries) == [i for i in store.ids() if (store.root / i / SUMMARY).exists()]
    assert sum(entry.label == "whole" and entry.status == "finished" for entry in entries) == 40
    assert sum(entry.status == "interrupted" for entry in entries) <= 4
    assert not [entry for entry in entries if entry.status == "running"]


@pytest.mark.parametrize("damage", [b"", b"{", b'{"schema_version": "paragon.runs/1", "runs": [{}]}', None])
def test_a_damaged_or_missing_index_is_made_anew(store: Store, damage: bytes | None) -> None:
    for label in ("a", "b"):
        with Recorder(store.root, label=label):
            pass
    before = store.entries()
    if damage is None:
        (store.root / INDEX).unlink()
    else:
        (store.root / INDEX).write_bytes(damage)
    assert store.entries() == before and sorted(listed(store)) == store.ids()


def test_the_index_follows_what_is_done_to_the_folders(store: Store) -> None:
    for label in ("a", "b"):
        with Recorder(store.root, label=label):
            pass
    first, second = store.ids()
    assert store.index().latest == second and os.readlink(store.root / LATEST) == second
    os.rename(store.root / second, store.root.parent / second)
    assert [entry.id for entry in store.entries()] == [first] and os.readlink(store.root / LATEST) == first
    (store.root / first / SUMMARY).write_text("{}")
    assert store.entries() == [] and store.find(first).path.exists()
    with pytest.raises(pg.FileError, match="schema_version"):
        store.find("a").read()


def test_the_latest_run_is_the_one_that_began_last_also_within_a_second(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    endings = iter(["ffffffff", "00000000"])
    monkeypatch.setattr("paragon.apps.runs.store.new_id", lambda label: f"20260101-000000-{next(endings)}")
    for _ in range(2):
        with Recorder(store.root):
            time.sleep(0.002)
    assert store.index().latest == "20260101-000000-00000000"
    assert [entry.id[-8:] for entry in store.entries()] == ["ffffffff", "00000000"]


def test_without_links_latest_is_a_copy(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    def refused(*arguments: Any, **options: Any) -> None:
        raise OSError("no links here")

    monkeypatch.setattr(os, "symlink", refused)
    for label in ("a", "b"):
        with Recorder(store.root, label=label):
            pass
        found = json.loads((store.root / LATEST / SUMMARY).read_text())
        assert found["label"] == label and not (store.root / LATEST).is_symlink()
    assert len(store.ids()) == 2


def test_runs_are_found_by_parts_of_their_names(store: Store) -> None:
    for label in ("a", "a.b"):
        with Recorder(store.root, label=label):
            pass
    one, two = store.ids()
    assert store.find("a").id == one and store.find("a.b").id == two and store.find(two[-8:]).id == two
    for name, said in (("20", "several runs"), ("zzz", "there is no run"), ("../x", "there is no run")):
        with pytest.raises(pg.FileError, match=said):
            store.find(name)
    with pytest.raises(pg.FileError, match="no run yet"):
        Store(store.root / "none").find("latest")


@pytest.mark.parametrize("label", ["", "a/b", "..", "a b", "x" * 81, "ü", "a\n"])
def test_labels_are_names_of_folders(label: str) -> None:
    if label == "..":
        assert new_id(label)
    else:
        with pytest.raises(pg.FileError, match="label"):
            new_id(label or " ")


def test_a_root_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(pg.FileError, match="no run can be kept there"), Recorder(tmp_path / "file"):
        pass


# --- documents --------------------------------------------------------------------------------------------------------


class Second(Versioned):
    KIND: ClassVar[str] = "test.thing"
    schema_version: Literal["test.thing/2"] = "test.thing/2"
    numbers: list[int]


def test_old_versions_migrate_and_newer_ones_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    step = {"test.thing/1": lambda old: {"schema_version": "test.thing/2", "numbers": [old["number"]]}}
    monkeypatch.setattr(records, "MIGRATIONS", step)
    old = {"schema_version": "test.thing/1", "number": 7}
    assert parse(Second, json.dumps(old), "f").numbers == [7]
    for document, said in (
        ({"schema_version": "test.thing/3"}, "f: has schema test.thing/3.*upgrade"),
        ({"schema_version": "test.thing/0"}, "no migration"),
        ({"schema_version": "other/1"}, "not a 'test.thing/2'"),
        ({"numbers": []}, "no schema_version"),
        ([], "no schema_version"),
        ({"schema_version": "test.thing/2", "numbers": ["x"]}, "f: numbers.0"),
        ({"schema_version": "test.thing/2", "numbers": [], "more": 1}, "f: more"),
    ):
        with pytest.raises(pg.FileError, match=said):
            parse(Second, json.dumps(document), "f")
    with pytest.raises(pg.FileError, match="no JSON"):
        parse(Second, "{", "f")


@pytest.mark.parametrize("version", sorted(schemas()))
def test_the_published_schemas_are_those_of_the_models(version: str) -> None:
    path = ROOT / "docs" / "schemas" / f"{version.replace('/', '-')}.json"
    assert json.loads(path.read_text()) == schemas()[version], "python tools/schemas.py writes them"


def test_every_published_schema_has_a_model() -> None:
    published = {path.stem for path in (ROOT / "docs" / "schemas").glob("*.json")}
    assert published == {version.replace("/", "-") for version in schemas()}
    assert {model.KIND for model in (RunSummary, Index)} <= {version.partition("/")[0] for version in schemas()}
