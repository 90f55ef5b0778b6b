"""Files of exit models: what is written is read, and anything else is refused."""

from __future__ import annotations

import json
import os
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest

from adapters.command.user_code.strategy_class import make_strategy, read_exit_model
from dolphin_strategies import ConfigError, FactorStrategy, FactorStrategyConfig
from dolphin_strategies.exits import AdaptiveExit, ExitModel, model_of, text_of
from dolphin_strategies.exits.model.document_hash import hash_of
from dolphin_strategies.exits.model.exit_model import Bucket, ExitRule, ModelFactor
from dolphin_strategies.exits.model.model_text import MOST_BYTES

if TYPE_CHECKING:
    from pathlib import Path

MODEL = ExitModel(
    horizon_ns=8 * 3_600_000_000_000,
    interval_ns=900_000_000_000,
    factors=(ModelFactor(name="funding", mean=0.0001, scale=0.00005),),
    buckets={
        "calm-liquid-reverting": Bucket(
            rule=ExitRule(take=1.2, decay=0.5, stop=2.0, trail=1e6, time=0.75, weights=(0.3,)),
            figures={"gain": {"mean": 0.001, "lower": 0.0004}},
        ),
        "other": Bucket(rule=None),
    },
    assets={"BTCUSDT.BINANCE": "calm-liquid-reverting"},
    trained={"start_ns": 1, "end_ns": 2},
)


def changed(path: str, value: Any, *, is_signed: bool = True) -> str:
    """Return the text of the model with one value changed, and a hash that fits unless said."""
    document = json.loads(text_of(MODEL))
    *parents, key = path.split("/")
    at = document
    for parent in parents:
        at = at[int(parent)] if isinstance(at, list) else at[parent]
    at[key] = value
    if is_signed:
        document["sha256"] = hash_of(document)
    return json.dumps(document)


def test_a_model_is_read_as_it_was_written() -> None:
    """Every value; the text is the same again."""
    found = model_of(text_of(MODEL))
    assert found == MODEL
    assert text_of(found) == text_of(MODEL)


def test_an_edited_file_is_refused_with_both_hashes() -> None:
    """Whatever was changed, also what only people read."""
    for path, value in (
        ("buckets/calm-liquid-reverting/rule/take", 1.3),
        ("buckets/calm-liquid-reverting/figures/gain/mean", 0.5),
        ("trained/start_ns", 2),
        ("assets/BTCUSDT.BINANCE", "other"),
    ):
        text = changed(path, value, is_signed=False)
        document = json.loads(text)
        with pytest.raises(ConfigError, match="was changed after it was written") as refusal:
            model_of(text)
        assert document["sha256"] in str(refusal.value)
        assert hash_of(document) in str(refusal.value)


@pytest.mark.parametrize(
    ("path", "value", "said"),
    [
        ("format", "other", "format"),
        ("version", 2, "version"),
        ("version", True, "version"),
        ("units/distance", "percent", "units"),
        ("horizon_ns", 1, "horizon_ns"),
        ("horizon_ns", 1e18, "horizon_ns"),
        ("interval_ns", 0, "interval_ns"),
        ("factors/0/scale", 0, "scale"),
        ("factors/0/name", "x\u202e", "name"),
        ("factors", [], "weights"),
        ("factors", {"name": 1}, "factors"),
        ("buckets/calm-liquid-reverting/rule/take", -1, "take"),
        ("buckets/calm-liquid-reverting/rule/take", "1", "take"),
        ("buckets/calm-liquid-reverting/rule/stop", 0, "stop"),
        ("buckets/calm-liquid-reverting/rule/decay", 1.1, "decay"),
        ("buckets/calm-liquid-reverting/rule/time", 2, "time"),
        ("buckets/calm-liquid-reverting/rule/weights", [99.0], "weights"),
        ("buckets/calm-liquid-reverting/rule/more", 1, "more"),
        ("buckets/calm-liquid-reverting/rule", [], "rule"),
        ("buckets", {}, "other"),
        ("buckets", {f"b{i}": None for i in range(100)}, "at most"),
        ("assets/BTCUSDT.BINANCE", "nowhere", "one of the buckets"),
        ("trained", [], "trained"),
        ("more", 1, "more"),
    ],
)
def test_each_value_is_checked_even_where_the_hash_fits(path: str, value: Any, said: str) -> None:
    """A hash can be made by anybody: it shows accidents, not intent."""
    with pytest.raises(ConfigError, match=said):
        model_of(changed(path, value))


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        "null",
        "{",
        '{"format": "dolphin exit model", "format": "x"}',
        '{"format": NaN}',
        '{"format": 1e999}',
        '{"format": ' + "1" * 5_000 + "}",
        "[" * 100_000,
        " " * (MOST_BYTES + 1),
        b"\xff\xfe\x00",
        b"\x80\x04\x95cos\nsystem\n",
    ],
)
def test_what_is_no_document_is_refused(text: str | bytes) -> None:
    """Too large, too deep, twice the same key, no numbers, a pickle: one kind of error."""
    with pytest.raises(ConfigError, match="exit model"):
        model_of(text)


@dataclass(frozen=True, kw_only=True)
class HeldConfig(FactorStrategyConfig):
    """A config with a model."""

    exit_model: ExitModel | None = None


class Held(FactorStrategy[HeldConfig]):
    """A strategy with a model's exits."""

    required_factors = ("funding",)

    def __init__(self, config: HeldConfig) -> None:
        super().__init__(config)
        if config.exit_model is not None:
            self.exits = AdaptiveExit(config.exit_model)


def test_a_config_names_the_file_of_its_model(tmp_path: Path) -> None:
    """A field of type ExitModel is the path of a file in TOML."""
    path = tmp_path / "exits.json"
    path.write_text(text_of(MODEL))
    made = make_strategy("tests.unit.exits.test_model_files:Held", {"exit_model": str(path)})
    assert isinstance(made.exits, AdaptiveExit)
    assert made.exits.model == MODEL
    path.write_text(changed("trained/start_ns", 2, is_signed=False))
    with pytest.raises(ConfigError, match="was changed"):
        make_strategy("tests.unit.exits.test_model_files:Held", {"exit_model": str(path)})


def test_a_path_that_is_no_file_is_refused(tmp_path: Path) -> None:
    """A missing one, a folder, and a FIFO, which would never end."""
    os.mkfifo(tmp_path / "fifo")
    for name in ("missing", ".", "fifo"):
        with pytest.raises(ConfigError):
            read_exit_model(tmp_path / name)
