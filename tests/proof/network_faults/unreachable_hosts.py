"""G02, G05: hosts that cannot be reached, or are not who they say: no value, and the reason."""

from __future__ import annotations

import asyncio
import math
import socket
import time
from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING, Final

from tests.proof.network_faults.exchange_faults import LANES
from tests.proof.network_faults.outcomes import NEVER, Outcome
from tests.support.exchange.exf import running_service
from tests.support.exchange.registries import packaged
from tests.support.transports.faulty_line import FaultyLine, make_certificate

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.proof.figures import Form
    from tests.support.exchange.local_exchange import LocalExchange

BACKLOG: Final = 8
PAUSE_S: Final = 0.02
PATIENCE_S: Final = 30.0
DEFINITIONS: Final = "no value from the start; the list of instruments may take 5 s"


@contextmanager
def _accepts_nobody() -> Iterator[str]:
    """Give the address of a server whose queue of connections is full."""
    with socket.create_server(("127.0.0.1", 0), backlog=0) as server, ExitStack() as stack:
        for _ in range(BACKLOG):
            waiting = stack.enter_context(socket.socket())
            waiting.settimeout(0)
            waiting.connect_ex(server.getsockname())
        yield f"http://127.0.0.1:{server.getsockname()[1]}"


async def unreachable(exchange: LocalExchange, form: Form) -> list[Outcome]:
    """Names that cannot be looked up, certificates of somebody else: no value, and the reason."""
    registry = packaged().only_venues(["binance_usdm", "binance_spot"])
    context, _ = make_certificate(form.folder)
    outcomes = []
    with FaultyLine(exchange.port, context) as encrypted, _accepts_nobody() as silent:
        url = f"https://{encrypted.address.replace('127.0.0.1', 'localhost')}"
        for name, wrong, kinds in (
            ("G05 DNS", "http://exchange.invalid", {"dns", "timeout"}),
            ("G05 certificate", url, {"tls", "timeout"}),
            ("G02 connecting hangs", silent, {"timeout"}),
        ):
            begin_s, noticed_s = time.monotonic(), NEVER
            urls = {"binance_usdm": wrong}
            async with running_service(registry, exchange.url, urls=urls) as running:
                while noticed_s == NEVER and time.monotonic() - begin_s < PATIENCE_S:
                    if set(running.source(LANES[0].source)["errors"]) & kinds:
                        noticed_s = time.monotonic() - begin_s
                    await asyncio.sleep(PAUSE_S)
                stale = int(not math.isnan(running.value(LANES[0].factor)))
            by_design = DEFINITIONS if wrong == silent else ""
            outcomes.append(
                Outcome(
                    fault=name,
                    side="service",
                    noticed_s=noticed_s,
                    stale=stale,
                    by_design=by_design,
                )
            )
    return outcomes
