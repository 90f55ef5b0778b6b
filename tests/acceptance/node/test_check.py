"""What ``run_node.py`` refuses before it starts anything."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING
from uuid import uuid4

import pytest

from adapters.shm import FactorWriter
from tests.support.nodes.forkserver import run_forked
from tests.support.nodes.node_process import SCRIPT, SHM

if TYPE_CHECKING:
    from pathlib import Path


def run(*arguments: str, cwd: Path, **environment: str) -> tuple[int, str]:
    """Run the command to its end; return exit code and output."""
    env = {**{k: v for k, v in os.environ.items() if "BINANCE" not in k}, **environment}
    result = run_forked(SCRIPT, *arguments, cwd=cwd, env=env)
    return result.returncode, result.stdout + result.stderr


STRATEGY = """\
from dataclasses import dataclass
from dolphin_strategies import FactorStrategy, FactorStrategyConfig

@dataclass(frozen=True, kw_only=True)
class MyConfig(FactorStrategyConfig):
    threshold: float = 0.5

class Mine(FactorStrategy[MyConfig]):
    required_factors = ("imbal_btcc",)

class Fine(FactorStrategy[MyConfig]):
    required_factors = ("imbal_btc",)
"""

LIVE = '[node]\nvenue = "binance"\norders = "live"\n'
OURS = '[risk]\ninstruments = ["BTCUSDT-PERP.BINANCE"]\n'


@pytest.mark.parametrize(
    ("arguments", "config", "expected"),
    [
        (["--strategy", "own:Missing"], "", "no class 'Missing'"),
        (["--strategy", "own:Fin"], "", "did you mean 'Fine'?"),
        (["--strategy", "no_such_module:X"], "", "cannot import 'no_such_module'"),
        (["--strategy", "own"], "", "expected module:Class"),
        (["--strategy", "own:MyConfig"], "", "expected a subclass of FactorStrategy"),
        (["--strategy", "own:Mine"], "", "did you mean 'imbal_btc'?"),
        (["--strategy", "own:Fine"], "[strategy]\ntreshold = 1", "did you mean 'threshold'?"),
        (["--strategy", "own:Fine"], '[strategy]\nthreshold = "x"', "expected float, found 'x'"),
        ([], "[nod]\nwait = 'spin'", "did you mean 'node'?"),
        ([], "[node]\nwiat = 'spin'", "did you mean 'wait'?"),
        ([], "[node]\nwait = 'sleep'", "expected 'event' or 'spin', found 'sleep'"),
        ([], "[node]\nseconds = 'ten'", "expected float, found 'ten'"),
        ([], "[node]\nlog_level = 'LOUD'", "expected OFF, ERROR"),
        ([], "[sandbox]\ntaker_fee = 'cheap'", "expected Decimal"),
        ([], "[node", "is not TOML"),
        (["--seconds", "-1"], "", "seconds: expected 0 or more"),
        (["--speed", "0"], "", "speed: expected more than 0"),
        (["--replay", "no_such_folder"], "", "expected a folder of recorded ticks"),
        (["--region", "/dev/shm/x"], "", "add --producer outside"),
        (["--replay", ".", "--venue", "binance"], "", "does not go with --venue binance"),
        ([], LIVE, "add --live-orders if you mean it"),
        (["--live-orders"], "", "--live-orders alone sends nothing"),
        (["--live-orders"], '[node]\norders = "live"\n', "real orders need a live venue"),
        (["--live-orders"], LIVE, "need the environment variable BINANCE_API_KEY"),
        (
            ["--live-orders", "--base-url", "http://192.0.2.1"],
            LIVE,
            "with real orders this server gets the account's key",
        ),
        ([], '[risk]\nmax_position = { A = "-1" }\n', "max_position 'A': expected 0 or more"),
        (
            [],
            f'{OURS}max_position = {{ "ETHUSDT-PERP.BINANCE" = "1" }}\n',
            "expected one of instruments (BTCUSDT-PERP.BINANCE)",
        ),
        ([], '[risk]\non_loss = "sell"\n', "expected 'reduce' or 'halt' or 'flat'"),
    ],
)
def test_it_refuses(arguments: list[str], config: str, expected: str, tmp_path: Path) -> None:
    """Fault D12: exit code 2, a sentence that helps, and nothing made."""
    (tmp_path / "own.py").write_text(STRATEGY)
    if config:
        (tmp_path / "node.toml").write_text(config)
        arguments = [*arguments, "--config", "node.toml"]
    before = set(SHM.glob(f"dolphin_run_{os.getpid()}_*"))
    code, output = run("--check", *arguments, cwd=tmp_path)
    assert (code, expected in output) == (2, True), output
    assert "Traceback" not in output
    assert set(SHM.glob(f"dolphin_run_{os.getpid()}_*")) == before


@pytest.mark.parametrize(
    ("arguments", "config", "environment"),
    [
        ([], "", {}),
        (["--strategy", "own:Fine"], "[strategy]\nthreshold = 1\n", {}),
        (["--venue", "binance", "--region", "/dev/shm/dolphin_no_such_region"], "", {}),
        (["--live-orders"], LIVE + OURS, {"BINANCE_API_KEY": "kkk", "BINANCE_API_SECRET": "sss"}),
    ],
)
def test_it_accepts(
    arguments: list[str], config: str, environment: dict[str, str], tmp_path: Path
) -> None:
    """Exit code 0 for what would run; no secret is shown."""
    (tmp_path / "own.py").write_text(STRATEGY)
    if config:
        (tmp_path / "node.toml").write_text(config)
        arguments = [*arguments, "--config", "node.toml"]
    code, output = run("--check", *arguments, cwd=tmp_path, **environment)
    assert code == 0, output
    assert output.startswith("OK: ")
    assert "kkk" not in output
    assert "sss" not in output


def test_it_compares_with_the_names_of_a_running_producer(tmp_path: Path) -> None:
    """A required factor that an outside producer lacks is refused, by the region's own names."""
    (tmp_path / "own.py").write_text(STRATEGY)
    region = SHM / f"dolphin_test_{os.getpid()}_{uuid4().hex[:8]}"
    arguments = ["--check", "--venue", "binance", "--region", str(region)]
    with FactorWriter(region, ["imbal_btc", "basis"]) as writer:
        try:
            good, output = run(*arguments, "--strategy", "own:Fine", cwd=tmp_path)
            assert (good, "2 factors" in output) == (0, True), output
            bad, output = run(*arguments, "--strategy", "own:Mine", cwd=tmp_path)
            assert (bad, "lack; did you mean 'imbal_btc'?" in output) == (2, True), output
        finally:
            writer.close(unlink=True)
