"""Phase 3 of the latency measurement: rows into figures, tables and verdicts; its options."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import numpy as np
import pytest

from dolphin_strategies import DolphinError
from dolphin_strategies.errors import ConfigError
from live.latency.measure_command import options_of
from live.latency.phase3.phase3_run import keys_of
from live.latency.phase3.results import CaseResult, Results
from live.latency.phase3.turns.cases import CASES, Built
from live.latency.phase3.turns.kills import ProducerKill, ReaderKill
from live.latency.phase3.turns.log_file import LogFile, Part
from live.latency.phase3.turns.turn import Measured

if TYPE_CHECKING:
    from pathlib import Path

RATES = (500, 20_000)
BY_KEY = {case.key: case for case in CASES}


def log_of(folder: Path, *rows: tuple[int, int, int, int]) -> LogFile:
    """Return a reader's log with these rows: received, stamp, number, producer."""
    path = folder / "log"
    path.write_bytes(np.array(rows, dtype="<i8").tobytes())
    return LogFile(path)


def measured(rate_hz: int, *latencies_us: float, lost: int = 0) -> Measured:
    """Return a turn's figures at a rate."""
    stamps = np.arange(len(latencies_us), dtype=np.int64) * 1_000_000
    received = stamps + (np.array(latencies_us) * 1_000).astype(np.int64)
    part = Part(received, stamps, len(latencies_us) + lost)
    said = {"sent": part.sent, "refused": 2, "send_ns": 500 * part.sent, "wall_ns": 10**9}
    return Measured(rate_hz=rate_hz, part=part, said=said, cpu={"producer": 0.5, "reader": 1.0})


def result_of(key: str, *latencies_us: float, lost: int = 0) -> CaseResult:
    """Return a case that has these latencies at every rate, in one round."""
    rounds = [[measured(rate, *latencies_us, lost=lost) for rate in (*RATES, 0)]]
    return CaseResult(case=BY_KEY[key], rounds=rounds)


def results_of(*cases: CaseResult) -> Results:
    """Return the results of a run."""
    return Results(list(cases), RATES, {"cpu": "a processor"}, "how it was measured")


def test_a_part_has_the_latencies_and_the_loss_of_its_numbers(tmp_path: Path) -> None:
    """Records of other numbers and producers are in neither."""
    log = log_of(tmp_path, (100, 90, 0, 1), (130, 110, 1, 1), (190, 150, 3, 1), (200, 199, 0, 2))
    part = log.part(1, 3)
    assert part.latencies_ns.tolist() == [20, 40]
    assert (part.sent, part.lost) == (3, 1)
    assert part.per_s == pytest.approx(2e9 / 80)
    assert log.count_of(1) == 3
    assert log.first_ns(2) == 200


def test_a_part_without_records_is_lost(tmp_path: Path) -> None:
    """Nothing received is a rate of zero, not an error."""
    part = log_of(tmp_path, (100, 90, 0, 1)).part(10, 5)
    assert (part.lost, part.per_s, len(part.latencies_ns)) == (5, 0.0, 0)


def test_the_longest_gap_counts_from_the_instant_that_is_asked_for(tmp_path: Path) -> None:
    """The first record after it ends the first gap."""
    log = log_of(tmp_path, (100, 90, 0, 1), (400, 390, 1, 1), (450, 440, 2, 1))
    assert log.longest_gap_ns(150) == 250
    assert log.longest_gap_ns(420) == 30
    assert log.longest_gap_ns(500) == 0


@pytest.mark.parametrize("numbers", [(0, 0), (1, 0)])
def test_records_that_come_twice_or_out_of_order_are_refused(
    numbers: tuple[int, int], tmp_path: Path
) -> None:
    """A latency of such records would be of another record."""
    with pytest.raises(DolphinError, match="twice or out of order"):
        log_of(tmp_path, *((100 + n, 90, number, 1) for n, number in enumerate(numbers)))


def test_a_log_that_is_cut_is_refused(tmp_path: Path) -> None:
    """It says what was expected and found."""
    path = tmp_path / "log"
    path.write_bytes(bytes(8 * 6))
    with pytest.raises(DolphinError, match="expected rows of 4 integers, found 6"):
        LogFile(path)


def test_the_figures_of_all_rounds_are_taken_together() -> None:
    """Percentiles over all records, the medians of the rounds by themselves, loss as a sum."""
    result = CaseResult(
        case=BY_KEY["chronicle"],
        rounds=[[measured(500, 1, 2, 3, lost=1)], [measured(500, 10, 20, 30)]],
    )
    at = result.at(500)
    assert at is not None
    assert (at.n, at.sent, at.lost, at.refused) == (6, 7, 1, 4)
    assert at.us(50) == pytest.approx(6.5)
    assert at.us(100) == pytest.approx(30)
    assert at.round_p50_us == [2.0, 20.0]
    assert at.hand_over_us == pytest.approx(0.5)
    assert result.at(20_000) is None
    assert at.share_within_goal == pytest.approx(6 / 7)
    as_dict = result.as_dict(RATES)
    assert as_dict["at"]["500"]["cpu_cores"] == {"producer": 0.5, "reader": 1.0}
    assert set(as_dict["at"]) == {"500"}


def test_the_verdict_says_sooner_or_later_and_by_how_much() -> None:
    """At each rate, the region from Python beside each engine that was measured."""
    results = results_of(
        result_of("region-python-python", 2.0),
        result_of("chronicle", 3.5),
        result_of("aeron-ipc", 0.5),
    )
    verdicts = results.verdicts()
    assert len(verdicts) == 4
    assert "1.50 µs sooner" in verdicts[0]
    assert "1.50 µs later" in verdicts[1]
    assert verdicts[2].startswith("20,000/s")


def test_a_case_of_which_nothing_was_received_is_valid_json_and_no_verdict() -> None:
    """It has no percentile, and is neither sooner nor later."""
    results = results_of(result_of("region-python-python", 2.0), result_of("chronicle", lost=5))
    saved = json.loads(json.dumps(results.as_dict(), allow_nan=False))
    at = saved["cases"][1]["at"]["500"]
    assert (at["p50_us"], at["n"], at["lost"], at["share_within_50_us"]) == (None, 0, 5, 0.0)
    assert saved["verdicts"] == results_of().verdicts()


def test_without_both_sides_there_is_no_verdict() -> None:
    """It says so instead."""
    assert "not both measured" in results_of(result_of("chronicle", 1.0)).verdicts()[0]


def test_every_row_of_a_table_has_as_many_cells_as_its_head() -> None:
    """Also that of a case with a problem; Markdown would drop the rest."""
    killed = result_of("chronicle", 1.0, 2.0, lost=1)
    killed.producer_kills.append(
        ProducerKill(handed_over=10, lost=1, refused=0, until_next_ms=2.5, lost_next=0)
    )
    killed.reader_kills.append(
        ReaderKill(longest_gap_ms=8.0, producer_held_ms=7.0, lost=0, takes_place=False)
    )
    broken = CaseResult(case=BY_KEY["region-java-rust"], problem="cargo is not installed")
    text = results_of(killed, broken).text()
    tables = [block.splitlines() for block in text.split("\n\n") if block.startswith("|")]
    assert len(tables) == 5
    for table in tables:
        assert len({line.count("|") for line in table}) == 1
    assert "not measured: cargo is not installed" in text
    assert "1 of 10" in text
    assert "1 to 2.00" not in text


def test_what_a_case_measured_before_it_failed_is_shown_with_the_reason() -> None:
    """A row of figures alone would look whole."""
    cut = result_of("ring", 1.0)
    cut.problem = "the reader ended with code 1"
    text = results_of(cut).text()
    assert "| Agrona ring buffer, Java → Java | 1.00 |" in text
    assert (
        "- Agrona ring buffer, Java → Java was not measured to the end: the reader ended" in text
    )


def test_a_result_for_json_has_the_kills() -> None:
    """With the names of the documentation."""
    result = result_of("ring", 1.0)
    result.producer_kills.append(
        ProducerKill(handed_over=10, lost=0, refused=3, until_next_ms=2.5, lost_next=0)
    )
    (kill,) = result.as_dict(RATES)["producer_kills"]
    assert (kill["refused"], kill["until_next_ms"]) == (3, 2.5)


def test_an_unknown_case_is_refused_with_the_nearest_name() -> None:
    """And all names."""
    with pytest.raises(ConfigError, match=r"found 'chronicel'.*chronicle"):
        keys_of("ring,chronicel")
    assert keys_of("ring,chronicle") == ("ring", "chronicle")
    assert len(keys_of("")) == len(CASES)


@pytest.mark.parametrize(
    "words",
    [
        ["--phase3", "--rate", "5"],
        ["--phase3", "--html", "x.html"],
        ["--phase3", "--hazelcast", "none"],
        ["--only", "ring"],
        ["--kills", "1"],
        ["--phase3", "--kills", "-1"],
    ],
)
def test_options_of_the_other_measurement_are_refused(words: list[str]) -> None:
    """With the code of bad usage."""
    with pytest.raises(SystemExit) as left:
        options_of(words)
    assert left.value.code == 2


def test_the_defaults_of_both_measurements() -> None:
    """The options that a measurement does not have keep their own defaults."""
    assert (options_of([]).hazelcast, options_of([]).rate) == ("own", 200.0)
    assert options_of(["--phase3"]).kills == 3


def test_a_java_side_has_no_analytics_and_meets_the_other_at_one_address(tmp_path: Path) -> None:
    """Aeron's channel is on the loopback, and its folder is of this turn."""
    built = Built(java=tmp_path)
    for case in CASES:
        address = case.address(tmp_path)
        assert address.startswith(str(tmp_path))
        if case.media == "udp":
            assert "endpoint=127.0.0.1:" in address
        if case.producer == "Java":
            command = case.producer_command(built, address, tmp_path / "sent")
            assert "-Dchronicle.analytics.disable=true" in command
            assert address in command
