"""What the service publishes into Hazelcast beside its region."""

from __future__ import annotations

import json
import math
import signal
from typing import TYPE_CHECKING, Any

from tests.support.eventually import eventually
from tests.support.exchange.exf import attached, exf_process, run_exf, status_of
from tests.support.exchange.local_exchange import local_exchange
from tests.support.transports.member import KEY, Member

if TYPE_CHECKING:
    from pathlib import Path


def test_the_entry_holds_what_the_region_holds(region_path: Path, member: Member) -> None:
    """Fault F02: name for name and bit for bit, through a cluster that dies and returns empty."""
    entries = member.map()

    def entry() -> dict[str, Any]:
        text = entries.get(KEY)
        return json.loads(text) if text else {}

    with local_exchange() as exchange:
        arguments = ("--base-url", exchange.url, "--hazelcast", member.url)
        with exf_process(region_path, *arguments) as exf, attached(region_path) as reader:
            exf.until_alive(100)

            def is_same() -> bool:
                values, newest = entry(), reader.latest()
                if newest is None or not values:
                    return False
                shown = {n: v for n, v in values.items() if not n.startswith("_")}
                held = {n: None if math.isnan(v) else v for n, v in newest.items()}
                return shown == held and shown["basis"] is not None

            eventually(is_same, "the same state in both")
            member.kill()
            published = reader.status().published
            eventually(lambda: reader.status().published > published + 3, "the region goes on")
            eventually(lambda: status_of(region_path)["hazelcast"]["problem"], "the problem")
            member.start()
            entries = member.map()
            eventually(is_same, "the same state again")
            exf.process.send_signal(signal.SIGTERM)
            assert exf.process.wait(240) == 0


def test_a_wrong_url_is_refused_before_anything_starts(region_path: Path) -> None:
    """Exit code 2, a sentence, no region."""
    result = run_exf("run", "--region", region_path, "--hazelcast", "http://localhost:5701")
    assert result.returncode == 2
    assert "hazelcast://" in result.stderr
    assert not region_path.exists()
