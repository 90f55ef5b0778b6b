"""``run_node.py --tail``: a recording from its beginning on, then the live region, in a node."""

from __future__ import annotations

import errno
import os
import re
import time
from functools import partial
from typing import TYPE_CHECKING, Final, NoReturn

import pytest

from adapters.catalog import FactorCatalog, RecordingWriter
from adapters.catalog.reading import factor_catalog
from adapters.shm import FactorReader, FactorWriter
from live.node.node_command import main
from tests.support.catalogs.recorders import recorder
from tests.support.eventually import eventually
from tests.support.nodes.node_process import node

if TYPE_CHECKING:
    from pathlib import Path

RECORDED: Final = 600
LIVE: Final = 20
NAMES: Final = ("basis", "imbal_btc")
AGELESS: Final = "tests.support.strategies.odd_strategies:HoldsPosition"
MAX_AGE_S: Final = 1.5
"""That of the example strategy."""


def test_a_node_reads_a_recording_and_goes_on_live_without_trading_on_the_past(
    tmp_path: Path, region_path: Path
) -> None:
    """Each record is delivered, ten rings of old ones too, and no order is sent for those."""
    with FactorWriter(region_path, NAMES, capacity=64) as writer:
        with recorder(tmp_path, region_path, "--flush-s", "0.02"):
            for n in range(1, RECORDED + 1):
                writer.write(dict.fromkeys(NAMES, 0.9))
                if n % 50 == 0:
                    eventually(partial(has, tmp_path, n), f"{n} records")
        time.sleep(MAX_AGE_S)  # the records become too old to trade on
        with node(
            *("--producer", "outside", "--region", region_path, "--tail", tmp_path),
            *("--seconds", "5"),
        ) as process:
            process.wait_for_factors(1)
            for _ in range(LIVE):
                # No value: what is live is no reason to trade either.
                writer.write(dict.fromkeys(NAMES, float("nan")))
            assert process.exit_code() == 0, process.output
    total = RECORDED + LIVE
    expected = f"{total} published, {total} delivered, 0 conflated, 0 lost, 0 not read"
    assert expected in process.output
    assert "0 sent" in process.output


def has(catalog: Path, count: int) -> bool:
    """Return whether a catalog holds so many records."""
    return sum(len(b) for b in FactorCatalog(catalog).batches()) == count


@pytest.mark.parametrize(
    ("options", "why"),
    [
        ((), "has factors of its own|makes factors of its own"),
        (("--producer", "outside", "--region", "/dev/shm/dolphin_of_nobody"), "a recording of"),
        (("--producer", "outside", "--source", "hazelcast://localhost:5701"), "leave out source"),
        (("--producer", "outside", "--catalog", "{catalog}"), "would overlap"),
        (("--producer", "outside", "--strategy", AGELESS), "has no max_age"),
        (
            ("--producer", "outside", "--tail", "{catalog}@00000000000000ff:7"),
            "found 00000000000000ff, which is neither recorded",
        ),
    ],
)
def test_settings_that_contradict_a_tail_are_refused(
    tmp_path: Path,
    region_path: Path,
    capsys: pytest.CaptureFixture[str],
    options: tuple[str, ...],
    why: str,
) -> None:
    """What was expected, found and to be done, before anything starts."""
    RecordingWriter(tmp_path, source=str(region_path)).close()
    given = [o.format(catalog=tmp_path) for o in options]
    code = main(["--check", "--region", str(region_path), "--tail", str(tmp_path), *given])
    assert code == 2
    assert re.search(why, capsys.readouterr().err)


def test_a_catalog_that_cannot_be_read_is_one_sentence(
    tmp_path: Path,
    region_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """A recorder's files are its own user's; no traceback tells that."""

    def refuse(catalog: Path) -> NoReturn:
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), str(catalog / "data"))

    RecordingWriter(tmp_path, source=str(region_path)).close()
    monkeypatch.setattr(factor_catalog, "list_recordings", refuse)
    options = ("--producer", "outside", "--region", str(region_path), "--tail", str(tmp_path))
    assert main(["--check", *options]) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert re.search(r"tail: .* cannot be read: .*Permission denied.*its own user", line)


def test_a_tail_may_begin_in_the_stream_that_is_there_now(
    tmp_path: Path, region_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A reader that came so far before its recorder was started."""
    RecordingWriter(tmp_path, source=str(region_path)).close()
    with FactorWriter(region_path, NAMES, capacity=64), FactorReader(region_path) as reader:
        tail = f"{tmp_path}@{reader.stream_id:016x}:7"
        options = ("--producer", "outside", "--region", str(region_path), "--tail", tail)
        assert main(["--check", *options]) == 0
        assert f"from {tail} on" in capsys.readouterr().out
