"""A streaming service whose thread does not turn, and the signals that end one that does."""

from __future__ import annotations

import signal
import stat
import time
from typing import TYPE_CHECKING

import pytest

from adapters.process.stop_signals import COPY_S
from tests.support.eventually import eventually
from tests.support.exchange.exf import SCRIPT, attached
from tests.support.exchange.local_exchange import local_exchange
from tests.support.exchange.streamed_factors import streamed_factors
from tests.support.lengths import long
from tests.support.nodes.node_process import ROOT
from tests.support.nodes.signal_senders import UV_RUN, node_group
from tests.support.transports.regions import values_now

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

HANGING = ROOT / "tests" / "support" / "nodes" / "hanging_service.py"
HUNG = "HANG: the service's thread has not turned for "


@pytest.fixture
def words(region_path: Path, tmp_path: Path) -> Iterator[list[str]]:
    """Return the arguments of a service that polls and streams from a local exchange."""
    file = tmp_path / "factors.toml"
    file.write_text(streamed_factors("bybit"), encoding="utf-8")
    with local_exchange() as exchange:
        yield [
            "run", "--streams", "--region", str(region_path), "--factors", str(file),
            "--venues", "bybit", "--base-url", exchange.url,
        ]  # fmt: skip


@pytest.mark.parametrize("hang", [long("python"), "lock"])
def test_a_hang_is_told_with_its_stack_and_a_signal_ends_it(hang: str, words: list[str]) -> None:
    """Fault G07: in Python and in C: code 1 at the stop's deadline, since nothing was stopped in
    order.
    """
    with node_group((), hang, *words, script=HANGING) as service:
        service.wait_for(HUNG)
        service.wait_for("in hang_in_")
        service.signal_launcher(signal.SIGTERM)
        assert service.exit_code() == 1, service.output
        assert "the service did not stop within 5 s" in service.output
        assert "left open" not in service.output


@pytest.mark.long
def test_a_second_signal_ends_a_hanging_service_at_once(words: list[str]) -> None:
    """With 130, as documented; a copy of the first one within a second is none."""
    with node_group((), "lock", *words, script=HANGING) as service:
        service.wait_for(HUNG)
        service.signal_launcher(signal.SIGINT)
        service.signal_launcher(signal.SIGINT)
        time.sleep(COPY_S + 0.2)
        service.signal_launcher(signal.SIGINT)
        assert service.exit_code() == 130, service.output
        assert service.output.count("second signal (SIGINT)") == 1


@pytest.mark.long
def test_a_long_hang_ends_a_service_that_nobody_stops(words: list[str]) -> None:
    """So that systemd starts it again."""
    with node_group((), "python", *words, script=HANGING) as service:
        service.wait_for("the service's thread did not turn for 10 s; stopping the service")
        assert service.exit_code() == 1, service.output


@pytest.mark.long
def test_a_service_that_turns_again_goes_on_and_its_log_has_the_hang(
    words: list[str], tmp_path: Path
) -> None:
    """A file for its owner only takes what the watch tells, beside the service's own lines."""
    log = tmp_path / "exf.log"
    with node_group((), "while", *words, "--log", str(log), script=HANGING) as service:
        eventually(lambda: log.exists() and "HANG over: " in log.read_text(), "the end of it")
        service.signal_launcher(signal.SIGTERM)
        assert service.exit_code() == 0, log.read_text()
        text = log.read_text()
        assert text.index(HUNG) < text.index("in hang_for_a_while") < text.index("HANG over: ")
        assert "stopped: stopped by SIGTERM, exit code 0" in text
        assert stat.S_IMODE(log.stat().st_mode) == 0o600
        assert "HANG" not in service.output


def test_a_signal_to_the_group_of_uv_run_is_one_request(
    words: list[str], region_path: Path
) -> None:
    """The service gets its own copy and the one that uv forwards, and ends in order."""
    with node_group(UV_RUN, *words, script=SCRIPT) as service, attached(region_path) as reader:
        eventually(lambda: values_now(reader)["mark_btc_bybit"] > 0, "a value")
        service.wait_for("streaming from bybit")
        service.signal_group(signal.SIGTERM)
        assert service.exit_code() == 0, service.output
        assert service.output.count("stopped: stopped by SIGTERM, exit code 0") == 1
        assert "HANG" not in service.output
        assert "second signal" not in service.output


@pytest.mark.long
def test_systemd_stopping_the_unit_is_one_request(words: list[str], region_path: Path) -> None:
    """SIGTERM to uv, the service and its watch, one after the other, then SIGCONT."""
    with node_group(UV_RUN, *words, script=SCRIPT) as service, attached(region_path) as reader:
        eventually(lambda: values_now(reader)["mark_btc_bybit"] > 0, "a value")
        service.wait_for("streaming from bybit")
        service.stop_like_systemd()
        assert service.exit_code() == 0, service.output
        assert "second signal" not in service.output
