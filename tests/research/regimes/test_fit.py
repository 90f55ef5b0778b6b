"""fit_regimes.py: the fit beside hmmlearn, what it says of known laws, and its file."""

from __future__ import annotations

import json
import re
import shlex
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from adapters.command.models.regime_model import read_regime_model
from adapters.exf.registry.computed_file import read_specs
from backtests.fit_regimes import main
from backtests.regimes.expectation_maximisation import fit, log_likelihoods
from backtests.regimes.regime_fit import beginning, fit_regimes
from backtests.regimes.step_returns import StepReturns
from dolphin_strategies.errors import ConfigError
from tests.support.catalogs.backtests.backtest_catalogs import make_catalog
from tests.support.lengths import counts, long
from tests.support.nodes.node_process import ROOT

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

STAY = np.array([0.99, 0.97])
DEVIATIONS = np.array([1.0, 3.0])


def returns_of(
    count: int, length: int, rng: np.random.Generator, *, has_memory: bool = True
) -> NDArray[np.float64]:
    """Return sequences of a calm and a wild state; without memory each step draws its own."""
    wild = np.empty((count, length), np.bool_)
    wild[:, 0] = rng.random(count) < 0.25
    for step in range(1, length):
        leaves = rng.random(count) > STAY[wild[:, step - 1].astype(int)]
        wild[:, step] = wild[:, step - 1] ^ leaves
    if not has_memory:
        wild = rng.random((count, length)) < 0.25
    return np.asarray(DEVIATIONS[wild.astype(int)] * rng.standard_normal((count, length)))


def step_returns(sequences: NDArray[np.float64]) -> StepReturns:
    """Return them as of a catalog."""
    memory_ns = sequences.shape[1] * 10**9
    return StepReturns(
        of="simulated", step_ns=10**9, memory_ns=memory_ns, first_ns=0, sequences=sequences
    )


@pytest.mark.parametrize("states", [2, long(3), long(4)])
def test_each_round_is_hmmlearns(states: int) -> None:
    """From the same start, after as many rounds, every parameter to 1e-9, and the likelihood."""
    from hmmlearn.hmm import GaussianHMM

    sequences = returns_of(8, 60, np.random.default_rng(3))
    start = beginning(sequences.ravel(), states, np.random.default_rng(4))
    own = fit(sequences, start, tolerance=-1.0, most_rounds=15)
    peer: Any = GaussianHMM(
        states, "diag", init_params="", params="stmc", covars_prior=0, n_iter=15, tol=-np.inf
    )
    peer.startprob_, peer.transmat_ = start.start, start.transition
    peer.means_, peer.covars_ = start.means[:, None], start.deviations[:, None] ** 2
    lengths = [60] * 8
    peer.fit(sequences.reshape(-1, 1), lengths)
    found = own.parameters
    for mine, other in (
        (found.start, peer.startprob_),
        (found.transition, peer.transmat_),
        (found.means, peer.means_[:, 0]),
        (found.deviations**2, peer.covars_.ravel()),
    ):
        np.testing.assert_allclose(mine, other, rtol=1e-9, atol=1e-9)
    assert own.log_likelihood == pytest.approx(peer.score(sequences.reshape(-1, 1), lengths))


def test_a_step_without_a_return_says_nothing() -> None:
    """Sequences that end early have the likelihood of shorter ones, and one in which every second
    return is missing that of a chain with two steps in one.
    """
    sequences = returns_of(5, 40, np.random.default_rng(5))
    model = beginning(sequences.ravel(), 2, np.random.default_rng(6))
    longer = np.hstack([sequences, np.full((5, 7), np.nan)])
    np.testing.assert_allclose(log_likelihoods(longer, model), log_likelihoods(sequences, model))
    gaps = sequences.copy()
    gaps[:, 1::2] = np.nan
    twice = type(model)(
        start=model.start,
        transition=model.transition @ model.transition,
        means=model.means,
        deviations=model.deviations,
    )
    every_second = log_likelihoods(sequences[:, ::2], twice)
    np.testing.assert_allclose(log_likelihoods(gaps, model), every_second)


def test_the_parameters_of_a_known_law_are_found() -> None:
    """Within what so many returns know, the calm state first, and regimes are shown."""
    sequences = returns_of(60, 200, np.random.default_rng(7))
    found = fit_regimes(step_returns(sequences), states=2, holdout=0.25, starts=1, seed=1)
    states = found.model.states
    np.testing.assert_allclose(states.deviation_bps, DEVIATIONS, rtol=0.06)
    np.testing.assert_allclose(np.diag(states.transition), STAY, atol=0.012)
    np.testing.assert_allclose(states.mean_bps, 0, atol=0.25)
    assert found.verdict.startswith("regimes shown")
    assert found.fit.has_converged


@counts("series", 2, long=200)
def test_fat_tails_without_memory_are_no_regimes(series: int) -> None:
    """The same two states drawn anew at each step: claimed in at most as many as two standard
    errors allow by chance.
    """
    rng = np.random.default_rng(8)
    claimed = 0
    for seed in range(series):
        sequences = returns_of(40, 50, rng, has_memory=False)
        found = fit_regimes(step_returns(sequences), states=2, holdout=0.5, starts=1, seed=seed)
        claimed += found.verdict.startswith("regimes shown")
    assert claimed <= max(1, 0.05 * series)


def test_the_file_is_read_by_the_computed_factor(tmp_path: Path) -> None:
    """The command writes what a table with ``model`` then has as parameters."""
    catalog = make_catalog(tmp_path / "catalog")
    out = tmp_path / "regimes.json"
    words = ["--factor", "mid", "--step", "50ms", "--memory", "1s", "--starts", "2"]
    assert main(["--catalog", str(catalog), *words, "--out", str(out)]) == 0
    assert out.stat().st_mode & 0o777 == 0o600
    again = tmp_path / "again.json"
    assert main(["--catalog", str(catalog), *words, "--out", str(again)]) == 0
    assert again.read_bytes() == out.read_bytes()
    model = read_regime_model(out)
    assert model.trained["out_of_sample"]["returns"] > 0
    [spec] = read_specs(table(tmp_path, f'model = "{out}"\nstate = 1'))
    assert spec.parameters == {**model.parameters(), "state": 1}


def test_the_command_of_the_page_says_what_the_page_says(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """On the days that come with the project."""
    from backtests.import_factors import main as import_factors

    page = (ROOT / "docs" / "computed.md").read_text(encoding="utf-8")
    command, said = re.findall(
        r"```bash\n(uv run backtests/fit_regimes.py .*?)\n```\n\n```\n(.*?)```", page, re.DOTALL
    )[0]
    (tmp_path / "docs").symlink_to(ROOT / "docs")
    monkeypatch.chdir(tmp_path)
    spec = ["--spec", "docs/examples/import_ten_days.toml", "--catalog", "recordings/ten_days"]
    assert import_factors(spec) == 0
    capsys.readouterr()
    assert main(shlex.split(command)[3:]) == 0
    assert said in capsys.readouterr().out


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"mean_bps": [0.0, 9.0]}, "was changed after it was written"),
        ({"version": 2}, "version: expected 1, found 2"),
        ({"format": "pickle"}, "format: expected 'dolphin regime model'"),
        ({"code": "import os"}, "expected only the keys"),
    ],
)
def test_a_model_that_was_edited_is_refused(
    tmp_path: Path, change: dict[str, Any], said: str
) -> None:
    """In one sentence with the file, where the factors of a file are read."""
    sequences = returns_of(20, 50, np.random.default_rng(9))
    found = fit_regimes(step_returns(sequences), states=2, holdout=0.5, starts=1, seed=1)
    from adapters.command.models.regime_model import text_of

    path = tmp_path / "regimes.json"
    path.write_text(json.dumps({**json.loads(text_of(found.model)), **change}))
    with pytest.raises(ConfigError, match=r"regimes\.json: regime model: ") as refused:
        read_specs(table(tmp_path, f'model = "{path}"'))
    assert said in str(refused.value)


@pytest.mark.parametrize(
    ("lines", "said"),
    [
        ('model = "none.json"', "none.json: No such file or directory"),
        ("model = 3", "model: expected the path of a file of fit_regimes.py, found 3"),
        ('model = "/dev/zero"', "found no regular file"),
    ],
)
def test_no_model_is_a_clear_error(tmp_path: Path, lines: str, said: str) -> None:
    """With the place in the file of factors."""
    with pytest.raises(ConfigError, match=r"\[\[computed\]\] 1 p_wild") as refused:
        read_specs(table(tmp_path, lines))
    assert said in str(refused.value)


def table(folder: Path, lines: str) -> Path:
    """Write a file with one computed factor."""
    path = folder / "factors.toml"
    path.write_text(
        '[[computed]]\nclass = "RegimeProbability"\ninstrument = "BTCUSDT-PERP.BINANCE"\n'
        f'name = "p_wild"\n{lines}\nrange = [0, 1]\ntime_to_live_s = 10.0\nunit = "0 to 1"\n'
        'about = "wild"\n'
    )
    return path


@pytest.mark.parametrize(
    ("values", "said"),
    [
        (np.zeros((40, 50)), "that are all the same"),
        (np.random.default_rng(1).standard_normal((2, 50)), "expected at least 400 returns"),
        (np.full((40, 50), np.nan), "expected at least 400 returns"),
    ],
)
def test_what_cannot_be_fitted_is_refused(values: NDArray[np.float64], said: str) -> None:
    """Constant prices, too few, and none."""
    with pytest.raises(ConfigError, match=said):
        fit_regimes(step_returns(values), states=2, holdout=0.25, starts=1, seed=1)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--states", "5"], "--states: expected 2 to 4, found 5"),
        (["--holdout", "1"], "--holdout: expected a share from 0 to 0.9"),
        (["--memory", "7s", "--step", "2s"], "--memory: expected a multiple of the step"),
        (["--factor", "middle"], "has no 'middle'"),
        (["--instrument", "ETH.X"], "'ETH.X' has no prices"),
        (["--start", "yesterday"], "--start: "),
    ],
)
def test_bad_usage_is_one_sentence(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], words: list[str], said: str
) -> None:
    """Exit code 2, and nothing is written."""
    catalog = make_catalog(tmp_path / "catalog")
    out = tmp_path / "regimes.json"
    assert main(["--catalog", str(catalog), "--out", str(out), *words]) == 2
    assert said in capsys.readouterr().err
    assert not out.exists()
