"""compute_factors.py cut short: by a kill, or by a request to stop."""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path

import pytest

from adapters.catalog import FactorCatalog
from backtests.inputs.computing.computed_recording import STAGE, check_new
from dolphin_strategies.errors import ConfigError
from tests.integration.computing.commands import (
    COMPUTE,
    ENVIRONMENT,
    ROOT,
    columns,
    compute,
    write_market,
)
from tests.support.eventually import eventually
from tests.support.lengths import long

pytestmark = pytest.mark.timeout(300)


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGINT, long(signal.SIGTERM)])
def test_a_run_that_is_ended_leaves_nothing_half(
    factors: Path, tmp_path: Path, number: signal.Signals
) -> None:
    """No reader sees a part of it, and the next run needs no option."""
    catalog = write_market(tmp_path / "large", 40_000)
    words = [sys.executable, str(COMPUTE), "--catalog", str(catalog), "--factors", str(factors)]
    process = subprocess.Popen(words, cwd=ROOT, env=ENVIRONMENT, stderr=subprocess.PIPE)
    try:
        journal = catalog / STAGE / "computed" / "recordings" / "computed" / "journal.jsonl"
        eventually(lambda: journal.exists() or process.poll() is not None, "the journal", 60)
        assert process.poll() is None, process.communicate()[1]
        process.send_signal(number)
        code = process.wait(240)
    finally:
        process.kill()
        process.communicate()
    assert code == (-9 if number == signal.SIGKILL else 130)
    assert FactorCatalog(catalog).recordings() == []
    assert (catalog / STAGE).exists() is (number == signal.SIGKILL)
    check_new(catalog, "computed")
    assert not (catalog / STAGE).exists()


def test_a_run_that_was_killed_while_it_moved_its_files_is_finished(
    catalog: Path, factors: Path
) -> None:
    """The journal is there and the files are not yet: the next run of the command moves them."""
    assert compute("--catalog", catalog, "--factors", factors).returncode == 0
    before = columns(FactorCatalog(catalog).batches())
    place = Path("data") / "custom" / "ExternalFactors" / "computed"
    (catalog / STAGE / "computed" / place.parent).mkdir(parents=True)
    (catalog / place).rename(catalog / STAGE / "computed" / place)
    with pytest.raises(ConfigError, match="already"):
        check_new(catalog, "computed")
    assert columns(FactorCatalog(catalog).batches()) == before
    assert not (catalog / STAGE).exists()
