"""The command line of run_exf.py, and how ``start`` hands it on to the service."""

from __future__ import annotations

from pathlib import Path

from live.exf.arguments import parse, words_of


def test_start_hands_its_options_on_to_a_service_in_another_folder() -> None:
    """Every option but the log's, paths made absolute, what was not given left out."""
    given = [
        "start", "--config", "a.toml", "--region=r", "--factors", "b.toml", "--factors=/c.toml",
        "--venues=okx,bybit", "--base-url", "http://x", "--period", "0.25", "--log", "l",
        "--hazelcast", "hazelcast://h", "--aeron", "aeron:ipc",
        "--record=-odd name", "--replay", "p", "--speed", "1e-3",
        "--record-market", "m", "--streams", "--min-interval=0.01", "--calendar",
        "--metrics", "9464", "--log-json",
    ]  # fmt: skip
    options = parse(["run", *words_of(parse(given))])
    here = Path.cwd()
    assert vars(options) == {
        "command": "run",
        "config": here / "a.toml",
        "region": here / "r",
        "factors": [str(here / "b.toml"), "/c.toml"],
        "venues": "okx,bybit",
        "base_url": "http://x",
        "period": 0.25,
        "log": None,
        "hazelcast": "hazelcast://h",
        "aeron": "aeron:ipc",
        "record": here / "-odd name",
        "record_market": here / "m",
        "replay": here / "p",
        "speed": 0.001,
        "streams": True,
        "min_interval": 0.01,
        "calendar": True,
        "state": None,
        "metrics": "9464",
        "log_json": True,
        "seconds": None,
        "detached": False,
    }
    assert words_of(parse(["restart", "--log", "l"])) == []
