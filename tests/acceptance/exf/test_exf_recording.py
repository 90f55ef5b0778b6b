"""What the service publishes, recorded, and published again from the recording."""

from __future__ import annotations

import signal
import time
from typing import TYPE_CHECKING

import numpy as np
import pytest

from adapters.catalog import FactorCatalog
from tests.support.eventually import eventually
from tests.support.exchange.exf import attached, exf_process, run_exf
from tests.support.exchange.local_exchange import local_exchange
from tests.support.transports.regions import remove_all_of

if TYPE_CHECKING:
    from pathlib import Path

    from dolphin_strategies import ExternalFactors


def follow(region: Path, until: int) -> list[ExternalFactors]:
    """Return the records of a region that is about to be made, from its first."""
    records: list[ExternalFactors] = []
    with attached(region) as reader:
        reader.position = reader.first_sequence - 1

        def has_all() -> bool:
            while (f := reader.read_next()) is not None:
                records.append(f)
            return len(records) >= until

        eventually(has_all, f"{until} records")
    return records


@pytest.mark.parametrize(
    "streams",
    [(), pytest.param(("--streams",), marks=pytest.mark.long)],
    ids=["polled", "streamed"],
)
def test_a_service_that_cannot_record_leaves_nothing(
    region_path: Path, tmp_path: Path, streams: tuple[str, ...]
) -> None:
    """No region, no folder beside it, and a region that was there stays as it was."""
    folder = tmp_path / "file"
    folder.write_text("no folder")
    place = ("--region", region_path, "--base-url", "http://127.0.0.1:1")
    words = ("run", *place, "--seconds", 1, "--venues", "okx", *streams)
    failed = run_exf(*words, "--record", folder)
    assert failed.returncode == 2, failed.stderr
    assert list(region_path.parent.glob(f"{region_path.name}*")) == []
    assert run_exf(*words).returncode == 5
    before = sorted(region_path.parent.glob(f"{region_path.name}*"))
    assert region_path in before
    assert run_exf(*words, "--record", folder).returncode == 2
    assert sorted(region_path.parent.glob(f"{region_path.name}*")) == before


def test_a_recording_is_published_again_as_it_was(region_path: Path, tmp_path: Path) -> None:
    """Every record once, with the same values and distances, and ages as they were; then 0."""
    catalog = tmp_path / "recordings"
    with local_exchange() as exchange:
        arguments = ("--base-url", exchange.url, "--record", catalog)
        with exf_process(region_path, *arguments) as exf:
            exf.until_alive(100)
            for price in (60_100.0, 60_200.0):
                exchange.control(price=price)
                time.sleep(1)
            exf.process.send_signal(signal.SIGTERM)
            assert exf.process.wait(240) == 0
    (recorded,) = FactorCatalog(catalog).recordings()
    batches = list(FactorCatalog(catalog).batches())
    values = np.concatenate([batch.values for batch in batches])
    ts_init = np.concatenate([batch.ts_init for batch in batches])
    ts_event = np.concatenate([batch.ts_event for batch in batches])
    assert len(values) > 20
    assert len(recorded.stream_ids) == 1

    other = region_path.with_name(region_path.name + "_again")
    begun_ns = time.time_ns()
    try:
        with exf_process(other, "--replay", catalog, "--speed", 2) as replay:
            seen = follow(other, len(values))
            assert replay.process.wait(240) == 0
        again = np.array([f.array for f in seen])
        np.testing.assert_array_equal(again, values)
        gaps = np.diff([f.ts_event for f in seen])
        np.testing.assert_allclose(gaps, np.diff(ts_event) / 2, atol=2)
        assert seen[0].ts_event >= begun_ns - 10**9
        took_ns = seen[-1].ts_event - seen[0].ts_event
        assert took_ns == pytest.approx((ts_init[-1] - ts_init[0]) / 2, rel=0.1)
    finally:
        remove_all_of(other)


def test_what_is_no_catalog_is_refused_before_anything_starts(
    region_path: Path, tmp_path: Path
) -> None:
    """Exit code 2; also for recording a replay."""
    result = run_exf("run", "--region", region_path, "--replay", tmp_path)
    assert result.returncode == 2
    assert "is no catalog" in result.stderr
    result = run_exf("run", "--region", region_path, "--replay", tmp_path, "--record", tmp_path)
    assert result.returncode == 2
    assert not region_path.exists()
