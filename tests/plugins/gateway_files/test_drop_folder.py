"""A drop folder: files are read once they are whole, once only, and are always in exactly one of its folders."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from gateway.errors import SourceError
from gateway.interfaces import Batch, Memory, TakingSource
from gateway_files.csv_source import CsvOptions
from tests.plugins.gateway_files.ledger import MARKED, STABLE, Ledger, drop_source


@pytest.fixture
def dropped(tmp_path: Path) -> Path:
    """The folder that files are put into."""
    folder = tmp_path / "in"
    folder.mkdir()
    return folder


@pytest.fixture
def ledger(tmp_path: Path) -> Ledger:
    return Ledger(tmp_path / "ledger.db")


def put(folder: Path, name: str, *cells: str, columns: str = "n") -> Path:
    path = folder / name
    path.write_text("\n".join([columns, *cells]) + "\n", encoding="utf-8")
    return path


def lying(folder: Path) -> dict[str, list[str]]:
    """The files of a drop folder, by the folder that each lies in."""
    found: dict[str, list[str]] = {}
    for path in sorted(folder.rglob("*")):
        if path.is_file():
            found.setdefault(path.parent.relative_to(folder).as_posix(), []).append(path.name)
    return found


def cells(batches: Iterator[Batch] | list[Batch]) -> list[str]:
    return [cell for batch in batches for cell in batch.rows["n"]]


# ----------------------------------------------------------------------------------------------- whole or not yet


def test_a_file_written_a_moment_ago_waits(dropped: Path, ledger: Ledger, tmp_path: Path) -> None:
    put(dropped, "a.csv", "1")
    waiting = {**STABLE, "ready": {"stable_seconds": 3600}}
    assert ledger.run(drop_source(tmp_path, **waiting)) == []
    assert lying(dropped) == {".": ["a.csv"]}


def test_a_copy_that_keeps_an_old_date_waits_like_any_other(dropped: Path, ledger: Ledger, tmp_path: Path) -> None:
    os.utime(put(dropped, "a.csv", "1"), (0, 0))
    waiting = {**STABLE, "ready": {"stable_seconds": 3600}}
    assert ledger.run(drop_source(tmp_path, **waiting)) == []


def test_a_date_in_the_future_does_not_keep_a_file_waiting(dropped: Path, ledger: Ledger, tmp_path: Path) -> None:
    os.utime(put(dropped, "a.csv", "1"), (4e9, 4e9))
    assert cells(ledger.run(drop_source(tmp_path))) == ["1"]


def test_a_file_is_read_once_it_has_been_still(dropped: Path, ledger: Ledger, tmp_path: Path) -> None:
    put(dropped, "a.csv", "1", "2")
    assert cells(ledger.run(drop_source(tmp_path))) == ["1", "2"]
    assert lying(dropped) == {"done": ["a.csv"]}


def test_a_file_without_its_marker_waits(dropped: Path, ledger: Ledger, tmp_path: Path) -> None:
    put(dropped, "a.csv", "1")
    put(dropped, "b.csv", "2")
    (dropped / "b.csv.done").touch()
    assert cells(ledger.run(drop_source(tmp_path, **MARKED))) == ["2"]
    assert lying(dropped) == {".": ["a.csv"], "done": ["b.csv"]}


def test_a_marker_left_over_from_before_counts_for_none(dropped: Path, ledger: Ledger, tmp_path: Path) -> None:
    (dropped / "a.csv.done").touch()
    written = put(dropped, "a.csv", "half")
    later = (dropped / "a.csv.done").stat().st_ctime_ns + 1
    os.utime(written, ns=(later, later))
    assert ledger.run(drop_source(tmp_path, **MARKED)) == []
    (dropped / "a.csv.done").touch()
    assert cells(ledger.run(drop_source(tmp_path, **MARKED))) == ["half"]


def test_a_marker_may_be_named_after_the_stem(dropped: Path, ledger: Ledger, tmp_path: Path) -> None:
    put(dropped, "名单.csv", "1")
    (dropped / "名单.ok").touch()
    assert cells(ledger.run(drop_source(tmp_path, **{**MARKED, "ready": {"marker": "{stem}.ok"}}))) == ["1"]
    assert lying(dropped) == {"done": ["名单.csv"]}


def test_a_marker_that_the_pattern_means_too_is_no_file(dropped: Path, ledger: Ledger, tmp_path: Path) -> None:
    put(dropped, "a.csv", "1")
    (dropped / "a.csv.done").touch()
    assert cells(ledger.run(drop_source(tmp_path, **{**MARKED, "pattern": "*"}))) == ["1"]


def test_hidden_files_and_other_names_are_left_alone(dropped: Path, ledger: Ledger, tmp_path: Path) -> None:
    for name in (".a.csv", "~$a.csv", "a.csv.part", "readme.txt"):
        put(dropped, name, "1")
    assert ledger.run(drop_source(tmp_path)) == []
    assert len(lying(dropped)["."]) == 4


# ------------------------------------------------------------------------------------------------------ once only


def test_a_file_is_named_as_read_whole_after_its_last_row(dropped: Path, tmp_path: Path) -> None:
    put(dropped, "a.csv", "1")
    put(dropped, "b.csv", "2")
    seen = [
        ([*batch.rows["n"]], [each.name for each in batch.read_whole])
        for batch in drop_source(tmp_path).resume(Memory())
    ]
    assert seen == [(["1"], []), ([], ["in/a.csv"])]


def test_while_they_are_read_files_are_under_way(dropped: Path, tmp_path: Path) -> None:
    put(dropped, "a.csv", "1")
    put(dropped, "b.csv", "2")
    batches = drop_source(tmp_path).resume(Memory())
    next(batches)
    assert lying(dropped) == {".": ["b.csv"], "processing": ["a.csv"]}


def test_the_same_bytes_under_another_name_are_not_read_again(dropped: Path, ledger: Ledger, tmp_path: Path) -> None:
    put(dropped, "a.csv", "1")
    ledger.run(drop_source(tmp_path))
    put(dropped, "b.csv", "1")
    again = ledger.run(drop_source(tmp_path))
    assert [(batch.place, line.message.code) for batch in again for line in batch.left_out] == [
        ("in/b.csv", "drop_folder.read_before")
    ]
    assert (ledger.cells(), lying(dropped)) == (["1"], {"done": ["a.csv", "b.csv"]})


def test_a_run_takes_one_file_the_first_that_waits(dropped: Path, ledger: Ledger, tmp_path: Path) -> None:
    """Two days that wait together are two states, of which the later one has the last word."""
    put(dropped, "1122.csv", "1", "2")
    put(dropped, "1121.csv", "1", "3")
    source = drop_source(tmp_path)
    assert isinstance(source, TakingSource)
    assert (source.waiting(), cells(ledger.run(source))) == (2, ["1", "3"])
    assert lying(dropped) == {".": ["1122.csv"], "done": ["1121.csv"]}
    assert (source.waiting(), cells(ledger.run(source)), source.waiting()) == (1, ["1", "2"], 0)


def test_a_file_that_a_killed_run_left_under_way_still_waits(dropped: Path, tmp_path: Path) -> None:
    put(dropped, "a.csv", "1")
    put(dropped, "b.csv", "2")
    source = drop_source(tmp_path)
    assert isinstance(source, TakingSource)
    list(source.resume(Memory()))
    assert source.waiting() == 2


def test_a_changed_file_of_the_same_name_is_read_and_both_are_kept(
    dropped: Path, ledger: Ledger, tmp_path: Path
) -> None:
    for cell in "123":
        put(dropped, "a.csv", cell)
        ledger.run(drop_source(tmp_path))
    assert ledger.cells() == ["1", "2", "3"]
    assert lying(dropped) == {"done": ["a.csv", "a~2.csv", "a~3.csv"]}
    assert (dropped / "done" / "a~2.csv").read_text() == "n\n2\n"


def test_files_are_read_by_name_or_by_time(dropped: Path, ledger: Ledger, tmp_path: Path) -> None:
    for name, time in (("a.csv", 3), ("b.csv", 1), ("c.csv", 2)):
        os.utime(put(dropped, name, name[0]), (time, time))
    by_time = drop_source(tmp_path, **STABLE, order="time")
    assert cells(drop_source(tmp_path).read()) == ["a"]
    assert cells(by_time.read()) == ["b"]
    assert [cells(ledger.run(by_time)) for _ in "abc"] == [["b"], ["c"], ["a"]]


def test_looking_and_checking_move_nothing(dropped: Path, tmp_path: Path) -> None:
    put(dropped, "a.csv", "1")
    source = drop_source(tmp_path)
    source.check()
    assert cells(source.read()) == cells(source.read()) == ["1"]
    assert lying(dropped) == {".": ["a.csv"]}


def test_a_run_that_takes_only_a_part_finishes_no_file(dropped: Path, tmp_path: Path) -> None:
    put(dropped, "a.csv", "1")
    source = drop_source(tmp_path)
    next(source.resume(Memory()))
    source.settle(stored=True)
    assert lying(dropped) == {"processing": ["a.csv"]}
    assert cells(drop_source(tmp_path).resume(Memory())) == ["1"]


# ----------------------------------------------------------------------------------------- files that cannot be read


def test_a_file_that_cannot_be_read_goes_to_failed_and_the_others_are_read(
    dropped: Path, ledger: Ledger, tmp_path: Path
) -> None:
    put(dropped, "a.csv", "1")
    put(dropped, "b.csv", columns="n,n")
    put(dropped, "c.csv", "3")
    ledger.run(drop_source(tmp_path))
    assert (ledger.cells(), lying(dropped)) == (["1"], {".": ["b.csv", "c.csv"], "done": ["a.csv"]})
    with pytest.raises(SourceError, match="'n' at positions 1, 2") as refused:
        ledger.run(drop_source(tmp_path))
    assert "in/b.csv" in str(refused.value)
    ledger.run(drop_source(tmp_path))
    assert (ledger.cells(), lying(dropped)) == (["1", "3"], {"done": ["a.csv", "c.csv"], "failed": ["b.csv"]})


def test_files_of_other_columns_do_not_stand_in_each_others_way(dropped: Path, ledger: Ledger, tmp_path: Path) -> None:
    put(dropped, "a.csv", "1")
    put(dropped, "b.csv", "2,x", columns="n,more")
    first, second = ledger.run(drop_source(tmp_path)), ledger.run(drop_source(tmp_path))
    assert [batches[0].rows.columns for batches in (first, second)] == [["_row", "n"], ["_row", "n", "more"]]
    assert lying(dropped) == {"done": ["a.csv", "b.csv"]}


def test_a_file_that_could_not_be_stored_goes_to_failed_and_the_next_one_waits(dropped: Path, tmp_path: Path) -> None:
    put(dropped, "a.csv", "1")
    put(dropped, "b.csv", "2")
    source = drop_source(tmp_path)
    assert cells(source.resume(Memory())) == ["1"]
    source.settle(stored=False)
    source.settle(stored=False)
    assert lying(dropped) == {".": ["b.csv"], "failed": ["a.csv"]}


def test_files_of_one_name_are_all_read(dropped: Path, ledger: Ledger, tmp_path: Path) -> None:
    named = {**STABLE, "pattern": "名单.csv"}
    put(dropped, "名单.csv", "1")
    list(drop_source(tmp_path, **named).resume(Memory()))
    put(dropped, "名单.csv", "2")
    assert cells(ledger.run(drop_source(tmp_path, **named))) == ["1"]
    assert cells(ledger.run(drop_source(tmp_path, **named))) == ["2"]
    assert lying(dropped) == {"done": ["名单.csv", "名单~2.csv"]}


def test_a_file_of_failed_is_read_when_it_is_put_back(dropped: Path, ledger: Ledger, tmp_path: Path) -> None:
    put(dropped, "a.csv", "1")
    source = drop_source(tmp_path)
    list(source.resume(Memory()))
    source.settle(stored=False)
    (dropped / "failed" / "a.csv").rename(dropped / "a.csv")
    assert cells(ledger.run(drop_source(tmp_path))) == ["1"]


def test_a_file_written_to_while_it_is_read_waits_again(dropped: Path, ledger: Ledger, tmp_path: Path) -> None:
    writer = put(dropped, "b.csv", "1").open("a")
    source = drop_source(tmp_path)
    batches = source.resume(Memory())
    assert cells([next(batches)]) == ["1"]
    writer.write("2\n")
    writer.close()
    with pytest.raises(SourceError, match="changed while it was read"):
        list(batches)
    source.settle(stored=False)
    assert lying(dropped) == {".": ["b.csv"]}
    assert cells(ledger.run(drop_source(tmp_path))) == ["1", "2"]


def test_a_file_written_to_before_it_is_done_waits_again(dropped: Path, ledger: Ledger, tmp_path: Path) -> None:
    with put(dropped, "a.csv", "1").open("a") as writer:
        source = drop_source(tmp_path)
        list(source.resume(Memory()))
        writer.write("2\n")
    source.settle(stored=True)
    assert lying(dropped) == {".": ["a.csv"]}
    assert cells(ledger.run(drop_source(tmp_path))) == ["1", "2"]


def test_a_file_written_to_in_the_moment_it_is_taken_waits_on(dropped: Path, tmp_path: Path) -> None:
    written = put(dropped, "a.csv", "1")
    source = drop_source(tmp_path)
    armed = [written]

    def write(event: str, arguments: tuple[Any, ...]) -> None:
        if event == "os.rename" and armed and arguments[0] == os.fspath(armed[0]):
            with armed.pop().open("a") as writer:
                writer.write("half")

    sys.addaudithook(write)
    assert list(source.resume(Memory())) == []
    assert lying(dropped) == {".": ["a.csv"]}


# --------------------------------------------------------------------------------------------------------- killed


# The file is taken, its marker removed, two batches; then the transaction, its end, and the move to `done`.
STEPS = 7


@pytest.mark.parametrize("killed_at", range(STEPS + 1))
def test_a_run_killed_anywhere_ends_like_an_undisturbed_one(
    dropped: Path, ledger: Ledger, tmp_path: Path, killed_at: int
) -> None:
    put(dropped, "a.csv", "1")
    (dropped / "a.csv.done").touch()
    script = Path(__file__).with_name("ledger.py")
    environ = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    killed = subprocess.run([sys.executable, script, tmp_path, str(killed_at)], env=environ, capture_output=True)
    assert killed.returncode == (-signal.SIGKILL if killed_at < STEPS else 0), killed.stderr.decode()
    again = ledger.run(drop_source(tmp_path, **MARKED))
    assert [line for batch in again for line in batch.left_out] == []
    assert ledger.cells() == ["1"]
    assert [path.parent.name for path in dropped.rglob("*.csv")] == ["done"]


# -------------------------------------------------------------------------------------------------------- declared


def test_a_folder_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match=r"the drop folder .*in' is not there"):
        drop_source(tmp_path).check()
    with pytest.raises(SourceError, match=r"the drop folder .*in' is not there"):
        list(drop_source(tmp_path).resume(Memory()))


def test_a_folder_that_cannot_be_moved_from_is_named(dropped: Path, tmp_path: Path) -> None:
    if os.geteuid() == 0:
        pytest.skip("the superuser may move everything")
    dropped.chmod(0o500)
    with pytest.raises(SourceError, match="cannot be moved"):
        drop_source(tmp_path).check()


def test_an_empty_folder_gives_no_batch(dropped: Path, ledger: Ledger, tmp_path: Path) -> None:
    drop_source(tmp_path).check()
    assert ledger.run(drop_source(tmp_path)) == []


def test_an_empty_folder_is_no_empty_register(dropped: Path, tmp_path: Path) -> None:
    with pytest.raises(SourceError, match=r"no file \*\.csv in the drop folder .* is whole"):
        list(drop_source(tmp_path).read())


def test_since_means_nothing_to_a_drop_folder(dropped: Path, tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="--since 2026-01-01 means nothing"):
        list(drop_source(tmp_path).resume(Memory(since="2026-01-01")))


WRONG: dict[str, dict[str, Any]] = {
    "no rule": {**STABLE, "ready": {}},
    "two rules": {**STABLE, "ready": {"stable_seconds": 1, "marker": "{name}.done"}},
    "a marker of no file": {**STABLE, "ready": {"marker": "done"}},
    "a marker that is the file": {**STABLE, "ready": {"marker": "{name}"}},
    "a folder elsewhere": {**STABLE, "done": "../done"},
    "a pattern in a folder": {**STABLE, "pattern": "a/*.csv"},
    "one folder for two things": {**STABLE, "done": "failed"},
    "no pattern": {"folder": "in", "ready": {"stable_seconds": 1}},
}


@pytest.mark.parametrize("options", WRONG.values(), ids=WRONG)
def test_a_drop_folder_declared_wrong_is_refused(options: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        CsvOptions.model_validate({"drop_folder": options})
