"""The commands of ``python live/run_exf.py`` that start nothing."""

from __future__ import annotations

import stat
from typing import TYPE_CHECKING

import pytest

from live import run_exf as command_line
from tests.support.exchange.exf import run_exf
from tests.support.nodes.node_process import ROOT

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("[exf]\nperiodd_s = 1", "did you mean 'period_s'"),
        ("[exff]", "unknown table"),
        ("[exf]\nperiod_s = 0", "period_s"),
        ("[exf]\nbase_url = 'ftp://x'", "base_url"),
        ("[exf]\nvenues = ['bibyt']", "did you mean 'bybit'"),
        ("[exf]\nfactors = ['nowhere.toml']", "nowhere.toml"),
        ("[venues.bibyt]", "did you mean 'bybit'"),
        ("[venues.bybit]\nweight_per_minute = 10", "lengthen the periods"),
        ("[exf]\npoll_period_s = 0.1", "lengthen the periods"),
        ("[exf]\nage_from = 'now'", "age_from"),
        ("[exf]\ndeadline_s = 'fast'", "deadline_s"),
    ],
)
def test_a_wrong_configuration_starts_nothing(
    region_path: Path,
    tmp_path: Path,
    text: str,
    reason: str,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """Exit code 2 and what was expected, for run, start and check alike."""
    config = tmp_path / "exf.toml"
    config.write_text(text)
    for command in ("check", "run", "start", "restart"):
        words = [command, "--region", str(region_path), "--config", str(config)]
        assert command_line.main(words) == 2
        assert reason in capsys.readouterr().err
    assert not region_path.exists()


def test_a_catalog_that_cannot_be_written_is_a_wrong_configuration(region_path: Path) -> None:
    """Exit code 2 with its path, as for every other setting."""
    result = run_exf("run", "--region", region_path, "--record", "/proc/x", "--seconds", 1)
    assert result.returncode == 2
    assert "/proc/x" in result.stderr


def test_a_log_is_its_owners_and_follows_no_link(region_path: Path, tmp_path: Path) -> None:
    """Also a file that everybody could read before, and what the service tells of itself."""
    words = ["run", "--region", region_path, "--venues", "okx", "--seconds", 0.5]
    words += ["--base-url", "http://127.0.0.1:1"]
    log, link = tmp_path / "logs" / "exf.log", tmp_path / "link"
    link.symlink_to(log)
    refused = run_exf(*words, "--log", link)
    assert refused.returncode == 2, refused.stderr
    assert f"--log: {link} is a symbolic link" in refused.stderr
    assert not region_path.exists()
    for _ in range(2):
        assert run_exf(*words, "--log", log).returncode == 5
        assert stat.S_IMODE(log.stat().st_mode) == 0o600
        log.chmod(0o644)
    assert log.read_text().count("exit code 5") == 2
    status = region_path.with_name(f"{region_path.name}.service.d") / "status.json"
    assert stat.S_IMODE(status.stat().st_mode) == 0o600


@pytest.mark.parametrize("command", ["check", "run"])
def test_venues_without_any_factor_are_a_wrong_configuration(
    command: str, region_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Exit code 2 and nothing is made: an only streamed venue without streams has none."""
    words = [command, "--region", str(region_path), "--venues", "coinbase_futures"]
    assert command_line.main(words) == 2
    assert "coinbase_futures" in capsys.readouterr().err
    assert list(region_path.parent.glob(f"{region_path.name}*")) == []


def test_a_check_tells_what_is_streamed(capsys: pytest.CaptureFixture[str]) -> None:
    """The factors that the same words would make ``run`` publish, and every venue of theirs."""
    assert command_line.main(["check", "--venues", "hyperliquid"]) == 0
    polled = capsys.readouterr().out.splitlines()
    assert command_line.main(["check", "--venues", "hyperliquid", "--streams"]) == 0
    streamed = capsys.readouterr().out.splitlines()
    assert "streamed" not in polled[0]
    words = streamed[0].split()
    total, of_streams = int(words[1]), int(words[3])
    assert total > int(polled[0].split()[1])
    assert 0 < of_streams <= total
    assert streamed[1:] == polled[1:]


def test_it_works_from_any_folder(tmp_path: Path) -> None:
    """As the README shows it, without a PYTHONPATH."""
    result = run_exf("factors", cwd=tmp_path)
    assert result.returncode == 0, result.stderr


def test_the_factor_table_in_the_docs_is_the_one_that_is_printed() -> None:
    """docs/factors.md is made by ``run_exf.py factors --markdown``."""
    page = (ROOT / "docs" / "factors.md").read_text(encoding="utf-8")
    table = run_exf("factors", "--markdown").stdout
    assert table.strip() in page


def test_every_field_can_be_looked_up() -> None:
    """What else an endpoint gives, for factors of one's own."""
    result = run_exf("fields", "deribit")
    assert "put_call_volume" in result.stdout
    assert "bybit" not in result.stdout
    assert run_exf("fields", "nowhere").returncode == 2
