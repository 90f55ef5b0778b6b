"""A fleet's file: what it may hold, and every error of it at once."""

from __future__ import annotations

import importlib.util
import shutil
import subprocess
from typing import TYPE_CHECKING

import pytest

from adapters.aeron_stream.channel import default_directory
from dolphin_strategies.errors import ConfigError
from live.fleet.reports.systemd_units import units_of
from live.fleet.settings.fleet_check import FleetError, errors_of_services, load_fleet
from live.fleet.settings.leadership import journal_of
from live.fleet.settings.service_commands import services_of
from live.fleet.settings.start_order import circles, start_order
from tests.support.nodes.node_process import ROOT

if TYPE_CHECKING:
    from pathlib import Path

WRONG = """\
[fleet]
name = "wrong"
foldr = "x"
[watch]
silent_s = 0
[[producer]]
name = "one"
region = "/dev/shm/r"
[[producer]]
name = "two"
kind = "demo"
config = "missing.toml"
region = "/dev/shm/r"
[[recorder]]
name = "two"
region = "/dev/shm/r"
[[node]]
name = "a"
depends_on = ["b", "on"]
[[node]]
name = "b"
role = "blue"
depends_on = ["a"]
[[node]]
name = "bad name"
[[nod]]
name = "c"
"""


def test_all_errors_of_a_file_are_told_at_once(tmp_path: Path) -> None:
    """Unknown keys and tables with the nearest, names, circles, writers, files, roles, ranges."""
    path = tmp_path / "fleet.toml"
    path.write_text(WRONG.replace('foldr = "x"\n', ""))
    with pytest.raises(FleetError) as refused:
        load_fleet(path)
    told = "\n".join(refused.value.errors)
    for part in (
        "silent_s: expected more than 0, found 0",
        "catalog is missing",
        "expected a name of letters",
        "unknown table [nod]",
        "depends_on: no service 'on'",
        "in a circle, so none of them can start: a needs b, b needs a",
        "region /dev/shm/r has 2 writers (one, two)",
        "config: no file",
        "expected one node with role 'green', found none",
    ):
        assert part in told
    path.write_text(WRONG)
    with pytest.raises(FleetError, match="foldr"):
        load_fleet(path)


def test_services_start_after_what_they_need_and_otherwise_as_written() -> None:
    """What is in a circle, or needs one that is, does not start."""
    needs = {"a": ["c"], "c": ["d"], "x": ["y"], "y": ["x"], "z": ["y", "nobody"]}
    names = ["a", "b", "c", "d", "x", "y", "z"]
    assert start_order(names, needs) == ["b", "d", "c", "a"]
    assert circles(names, needs) == [["x", "y"]]
    assert circles(["s"], {"s": ["s"]}) == [["s"]]


def test_the_example_names_what_each_reads_and_who_leads() -> None:
    """Readers of a region need its writer; the leader has what is promoted, and nobody else."""
    settings = load_fleet(ROOT / "docs" / "examples" / "fleet.toml")
    services = services_of(settings, {"main": "green"}, market_start_ns=5)
    assert services["blue"].needs == services["factors"].needs == {"market"}
    assert services["market"].needs == frozenset()
    assert "--market-start-ns" in services["green"].command
    again = services_of(settings, {"main": "green"}, market_start_ns=6)
    assert services["green"].digest == again["green"].digest


def test_options_of_the_leader_win(tmp_path: Path) -> None:
    """``promoted`` replaces ``options`` and the configuration while it leads."""
    (tmp_path / "paper.toml").touch()
    path = tmp_path / "fleet.toml"
    path.write_text(
        '[fleet]\nname = "x"\n[[node]]\nname = "g"\nrole = "green"\nconfig = "paper.toml"\n'
        "options = { seed = 1, record = 'r' }\n"
        'promoted = { seed = 2, config = "live.toml", live_orders = true }\n'
        '[[node]]\nname = "b"\nrole = "blue"\n'
    )
    settings = load_fleet(path)
    paper = services_of(settings, {"main": "b"}, market_start_ns=0)["g"]
    live = services_of(settings, {"main": "g"}, market_start_ns=0)["g"]
    assert str(tmp_path / "paper.toml") in paper.command
    assert "--seed=1" in paper.command
    assert not paper.is_real
    assert str(tmp_path / "live.toml") in live.command
    assert "--seed=2" in live.command
    assert live.is_real
    assert paper.digest != live.digest
    (tmp_path / "live.toml").write_text("# What it will lead with is part of what is tried.")
    edited = services_of(settings, {"main": "b"}, market_start_ns=0)["g"]
    assert edited.digest != paper.digest
    journal_of(settings).append("promotion", pair="main", step="moved", to="g", **{"from": "b"})
    with pytest.raises(ConfigError, match="real orders"):
        units_of(settings, live_orders=False)
    assert "--live-orders" in units_of(settings, live_orders=True)


def test_a_unit_is_written_for_each_service(tmp_path: Path) -> None:
    """In the order of starts, each after what it needs, quoted as systemd reads it."""
    path = tmp_path / "a $b %c" / "fleet.toml"
    path.parent.mkdir()
    path.write_text(
        '[fleet]\nname = "x"\n[[node]]\nname = "n"\nregion = "r"\n'
        '[[producer]]\nname = "p"\nkind = "demo"\nregion = "r"\n'
    )
    text = units_of(load_fleet(path), live_orders=False)
    assert text.index("# dolphin-x-p.service") < text.index("# dolphin-x-n.service")
    assert "After=dolphin-x-p.service" in text
    assert "/a $$b %%c/r" in text
    assert "RestartPreventExitStatus=2 3" in text


def test_systemd_reads_the_units_of_the_example(tmp_path: Path) -> None:
    """Every key and value of each, by systemd's own check."""
    analyze = shutil.which("systemd-analyze")
    if analyze is None:
        pytest.skip("systemd-analyze is missing: apt-get install systemd")
    example = (ROOT / "docs" / "examples" / "fleet.toml").read_text(encoding="utf-8")
    path = tmp_path / "fleet.toml"
    path.write_text(example)
    units = units_of(load_fleet(path), live_orders=False).split("\n# ")[1:]
    files = []
    for unit in units:
        name, _, text = unit.partition("\n")
        if name.startswith("dolphin-"):
            files.append(tmp_path / name)
            files[-1].write_text(text)
    assert len(files) == 4
    command = [analyze, "verify", "--man=no", *map(str, files)]
    found = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert (found.returncode, found.stderr) == (0, "")


def test_what_streams_starts_after_the_driver_of_its_folder(tmp_path: Path) -> None:
    """Bridges, producers and nodes, by their channel's ``dir``; not those of another driver."""
    path = tmp_path / "fleet.toml"
    path.write_text(
        '[fleet]\nname = "x"\n[[bridge]]\nname = "in"\nregion = "r"\nsource = "aeron:ipc"\n'
        '[[bridge]]\nname = "entry"\nregion = "q"\nsource = "hazelcast://127.0.0.1:9"\n'
        '[[producer]]\nname = "exf"\nregion = "p"\noptions = { aeron = "aeron:ipc?dir=/d/own" }\n'
        '[[node]]\nname = "n"\noptions = { source = "aeron:udp?dir=/d/own" }\n'
        '[[driver]]\nname = "usual"\n[[driver]]\nname = "own"\nfolder = "/d/own"\n'
        "options = { spin = true }\n"
    )
    services = services_of(load_fleet(path), {}, market_start_ns=0)
    needs = {name: set(service.needs) for name, service in services.items()}
    assert needs == {
        "usual": set(), "own": set(), "entry": set(),
        "in": {"usual"}, "exf": {"own"}, "n": {"own"},
    }  # fmt: skip
    assert str(default_directory()) in services["usual"].command
    assert {"/d/own", "--spin"} <= set(services["own"].command)


def test_a_folder_has_one_driver_and_a_channel_is_one(tmp_path: Path) -> None:
    """Both are told by the file's check, before anything starts."""
    path = tmp_path / "fleet.toml"
    path.write_text(
        '[fleet]\nname = "x"\n[[driver]]\nname = "a"\n[[driver]]\nname = "b"\n'
        '[[bridge]]\nname = "in"\nregion = "r"\nsource = "aeron:ipc?dri=/d"\n'
        '[[driver]]\nname = "c"\nspin = true\n'
        '[[driver]]\nname = "d"\nfolder = "/d/d"\noptions = { dir = "/d/e" }\n'
    )
    with pytest.raises(FleetError) as refused:
        load_fleet(path)
    told = "\n".join(refused.value.errors)
    assert f"folder {default_directory()} has 2 media drivers (a, b); expected one" in told
    assert "in: source: unknown option 'dri' of aeron:ipc" in told
    assert "spin" in told
    assert "d: options: dir is this table's folder" in told


def test_two_spellings_of_a_place_are_one(tmp_path: Path) -> None:
    """``..`` and a link on the way: one driver, one writer, and who needs them finds them."""
    (tmp_path / "memory" / "sub").mkdir(parents=True)
    (tmp_path / "link").symlink_to(tmp_path / "memory")
    path = tmp_path / "fleet.toml"
    text = (
        '[fleet]\nname = "x"\n[[driver]]\nname = "a"\nfolder = "memory/none/../own"\n'
        f'[[bridge]]\nname = "in"\nregion = "r"\nsource = "aeron:ipc?dir={tmp_path}/link/own"\n'
        '[[producer]]\nname = "p"\nkind = "demo"\nregion = "memory/sub/../p"\n'
        '[[node]]\nname = "n"\nregion = "link/p"\n'
    )
    path.write_text(text)
    services = services_of(load_fleet(path), {}, market_start_ns=0)
    assert services["in"].needs == {"a"}
    assert services["n"].needs == {"p"}
    assert "outside" in services["n"].command
    path.write_text(
        text + '[[driver]]\nname = "b"\nfolder = "memory/own"\n'
        '[[producer]]\nname = "q"\nkind = "demo"\nregion = "memory/p"\n'
    )
    with pytest.raises(FleetError) as refused:
        load_fleet(path)
    assert refused.value.errors == [
        f"fleet.toml: region {tmp_path}/memory/p has 2 writers (p, q); expected one",
        f"fleet.toml: folder {tmp_path}/memory/own has 2 media drivers (a, b); expected one",
    ]


@pytest.mark.parametrize(
    ("options", "is_refused"),
    [
        ("spin = true, rest = 50", True),
        ("spin = true, rest = 0", True),
        ("spin = true", False),
        ("rest = 50", False),
        ("spin = false, rest = 50", False),
    ],
)
def test_a_driver_that_never_sleeps_has_no_longest_sleep(
    tmp_path: Path, options: str, *, is_refused: bool
) -> None:
    """``spin`` and ``rest`` exclude each other in the file as on the command line."""
    path = tmp_path / "fleet.toml"
    path.write_text(f'[fleet]\nname = "x"\n[[driver]]\nname = "a"\noptions = {{ {options} }}\n')
    if not is_refused:
        load_fleet(path)
        return
    with pytest.raises(FleetError, match=r"a: options: spin .* expected one of them, found both"):
        load_fleet(path)


def test_a_driver_without_its_library_is_told_by_the_check(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """``--check`` names the extra; nothing is wrong where it is installed, as far as it knows."""
    path = tmp_path / "fleet.toml"
    path.write_text('[fleet]\nname = "x"\n[[driver]]\nname = "media"\n')
    settings = load_fleet(path)
    monkeypatch.setattr(importlib.util, "find_spec", lambda _: object())
    assert errors_of_services(settings) == []
    monkeypatch.setattr(importlib.util, "find_spec", lambda _: None)
    (error,) = errors_of_services(settings)
    assert error.startswith(
        "fleet.toml: media: Aeron's library is not installed: the extra `aeron`"
    )
