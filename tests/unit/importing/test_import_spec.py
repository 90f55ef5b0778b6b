"""The spec of an import: what is refused, and with which words."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from backtests.importing.spec.spec_reader import read_spec
from dolphin_strategies import ConfigError
from tests.support.catalogs.imports import EXAMPLES

if TYPE_CHECKING:
    from pathlib import Path

    from backtests.importing.spec.import_spec import ImportSpec

FILE = """
[[files]]
path = "oi.csv"
stamp_column = "t"
unit = "ms"
"""
INSTRUMENT = """
[[instruments]]
id = "BTCUSDT-PERP.BINANCE"
kind = "perpetual"
base = "BTC"
quote = "USDT"
price_increment = "0.1"
size_increment = "0.001"
"""
BARS = '[[bars]]\npath = "bars.csv"\nstamp_column = "t"\nunit = "s"\n'


def read(folder: Path, text: str) -> ImportSpec:
    """Read a spec of this text."""
    path = folder / "my_import.toml"
    path.write_text(text)
    return read_spec(path)


def test_column_without_a_publication_rule_is_refused(tmp_path: Path) -> None:
    """The sentence names the column, says why, and what to write."""
    with pytest.raises(ConfigError) as caught:
        read(tmp_path, FILE + '[files.columns]\ntaker = { delay = "30s" }')
    text = str(caught.value)
    for part in ("oi.csv", "'taker'", "instant = true", "covers", "looks into the future"):
        assert part in text


def test_instant_that_is_false_is_no_rule(tmp_path: Path) -> None:
    """Saying that it is no instant does not say what it covers."""
    with pytest.raises(ConfigError, match="looks into the future"):
        read(tmp_path, FILE + "[files.columns]\ntaker = { instant = false }")


@pytest.mark.parametrize(
    ("rule", "message"),
    [
        ('instant = true, covers = "15m"', "exclude each other"),
        ('covers = "a while"', "expected a duration"),
        ('covers = "0m"', "more than 0"),
        ('covers = "15m", every = "15m"', "every goes with instant"),
        ('instant = true, stamp = "end"', "stamp goes with covers"),
        ('covers = "15m", stamp = "middle"', "'start' or 'end'"),
        ('covers = "15m", dealy = "1s"', "did you mean 'delay'"),
        ('covers = "15m", delay = "-1s"', "expected a duration"),
        ('covers = "15m", delay = 30', "expected Duration, found 30"),
        ('covers = "15m", factor = "no name!"', "is not a factor name"),
        ('instant = true, scale = "x"', "scale: expected float"),
    ],
)
def test_bad_rules_are_refused(tmp_path: Path, rule: str, message: str) -> None:
    """Each with what was expected."""
    with pytest.raises(ConfigError, match=message):
        read(tmp_path, f"{FILE}[files.columns]\noi = {{ {rule} }}")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "nothing to import"),
        ("[[fils]]", "did you mean 'files'"),
        ("[files]\npath = 'x'", "double brackets"),
        (FILE, "files.columns"),
        (FILE + "columns = ['oi']", "files.columns"),
        (FILE + "columns = {}", "files.columns"),
        (FILE + "[files.columns]\noi = 'instant'", "expected its rule"),
        (FILE + "pat = 'x'\n[files.columns]\noi = {instant = true}", "did you mean 'path'"),
        (
            "[[files]]\npath = 'x'\n[files.columns]\noi = {instant = true}",
            "stamp_column is missing",
        ),
        (FILE + "timezone = 'Mars'\n[files.columns]\noi = {instant = true}", "no 'Mars'"),
        (FILE + "stamp_format = '%Y'\n[files.columns]\noi = {instant = true}", "one of them"),
        (FILE + "start = 2026-04-28\n[files.columns]\noi = {instant = true}", "start: expected"),
        (
            FILE + "[files.columns]\noi = {instant = true}\nb = {instant = true, factor = 'oi'}",
            "'oi' appears twice",
        ),
        (FILE + "[files.columns]\noi = {instant = true, range = [2, 1]}", "the lower limit first"),
        (FILE + "[files.columns]\noi = {instant = true, range = 5}", "two numbers"),
        (
            "[import]\nname = '../x'\n" + FILE + "[files.columns]\noi = {instant = true}",
            "recording name",
        ),
        ("[import]\nstart = 2026-05-01T00:00:00Z\nend = 2026-05-01T00:00:00Z", "later than start"),
        (BARS, "covers is missing"),
        (
            BARS + "covers = '15m'",
            r"needs \[\[instruments\]\], found none: write one with id, kind",
        ),
        (
            "[[instruments]]\nid = 'BTCUSDT-PERP.BINANCE'",
            "kind is missing.*, base is missing, quote is missing, price_increment is missing",
        ),
        (
            INSTRUMENT + BARS + "covers = '15m'\ninstrument = 'BTCUSDT.BINANCE'",
            "instrument: expected",
        ),
        (INSTRUMENT.replace("perpetual", "future"), "'perpetual' or 'spot'"),
        (
            INSTRUMENT
            + "[[trades]]\npath='t.csv'\nstamp_column='t'\nside='s'\nbuyer_is_maker='m'",
            "exclude each other",
        ),
    ],
)
def test_bad_specs_are_refused(tmp_path: Path, text: str, message: str) -> None:
    """Each with where, what was expected, and the nearest name."""
    with pytest.raises(ConfigError, match=message):
        read(tmp_path, text)


def test_recording_is_named_after_the_spec_unless_it_says_a_name(tmp_path: Path) -> None:
    """A file name is a good name."""
    text = FILE + "[files.columns]\noi = { instant = true }"
    assert read(tmp_path, text).settings.name == "my_import"
    assert read(tmp_path, "[import]\nname = 'april'" + text).settings.name == "april"


def test_one_instrument_needs_no_mention(tmp_path: Path) -> None:
    """With several, each file says whose it is."""
    assert len(read(tmp_path, INSTRUMENT + BARS + "covers = '15m'").bars) == 1


@pytest.mark.parametrize("name", ["import_btcusdt_15m.toml", "import_ticks.toml"])
def test_examples_are_good_specs(name: str) -> None:
    """As they are in the documentation."""
    spec = read_spec(EXAMPLES / name)
    assert spec.settings.name == name.removeprefix("import_").removesuffix(".toml").replace(
        "ticks", "ticks_20240808"
    )
