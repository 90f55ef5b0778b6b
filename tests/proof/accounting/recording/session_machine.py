"""The machine of a node's session: inputs in pieces of any size, kills at any step, full disks."""

from __future__ import annotations

import json
import os
import resource
import shutil
import tempfile
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Final

import numpy as np
import pyarrow.parquet as pq
from hypothesis import strategies as st
from hypothesis.stateful import initialize, precondition, rule
from nautilus_trader.model import InstrumentId, Price, Quantity, QuoteTick

from adapters.catalog import FactorCatalog
from adapters.catalog.files.market_tables import DELIVERY_NUMBER
from adapters.catalog.writing import recording_parts
from adapters.session import wire_format
from adapters.session.session_files import LINES_FILE
from adapters.session.session_sink import SessionSink
from dolphin_strategies import ConfigError, ExternalFactors, FactorSchema
from tests.proof.accounting.recording.published import FIRST_NS, SCHEMAS
from tests.proof.accounting.recording.recorder_machine import FULL_AT, KILLED, die_at
from tests.proof.accounting.stateful import CountedMachine

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

BTC: Final = InstrumentId.from_str("BTCUSDT-PERP.BINANCE")
KINDS: Final = ("factors", "factors of other names", "quotes", "history", "lines")


class SessionMachine(CountedMachine):
    """One session after another in a folder each, and their crashes."""

    @initialize()
    def begin(self) -> None:
        """Begin with no session."""
        self.root = Path(tempfile.mkdtemp(prefix="dolphin_proof_"))
        recording_parts.RETRY_S = 0.0  # type: ignore[misc]
        self.sink: SessionSink | None = None
        self.limit = resource.RLIM_INFINITY
        self.has_been_full = False
        self.sessions = 0
        self.now_ns = FIRST_NS

    def teardown(self) -> None:
        if hasattr(self, "root"):
            if self.sink is not None:
                self._let_go()
            shutil.rmtree(self.root)

    @contextmanager
    def _disk(self) -> Iterator[None]:
        """Let no file grow over the limit meanwhile."""
        _, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
        resource.setrlimit(resource.RLIMIT_FSIZE, (self.limit, hard))
        try:
            yield
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, (hard, hard))

    @precondition(lambda self: self.sink is None)
    @rule()
    def start(self) -> None:
        """Start a session in a folder of its own."""
        self.sessions += 1
        self.folder = self.root / str(self.sessions)
        try:
            with self._disk():
                self.sink = SessionSink(self.folder, "s")
        except ConfigError:
            assert self.limit != resource.RLIM_INFINITY
            return
        self.packed = bytearray()
        self.packer = wire_format.Packer(
            lambda n, what: self.packed.extend(wire_format.pack_define(n, what))
        )
        self.number = self.skipped = self.lines = 0
        self.handed: set[int] = set()
        """Numbers of the inputs that arrived whole."""
        self.recorded = 0
        """What had been recorded at the last flush."""

    @precondition(lambda self: self.sink is not None)
    @rule(
        kind=st.sampled_from(KINDS), count=st.integers(1, 40), share=st.floats(0, 1),
    )  # fmt: skip
    def hand_over(self, kind: str, count: int, share: float) -> None:
        """Send inputs in two pieces, cut anywhere."""
        for _ in range(count):
            self._pack(kind)
        self._feed(int(share * len(self.packed)))

    def _pack(self, kind: str) -> None:
        if kind == "lines":
            self.lines += 1
            self.packed += wire_format.pack_line({"line": self.lines})
            return
        self.number += 1
        self.now_ns += 1_000
        self.handed.add(self.number)
        stamps = self.number, self.now_ns
        if kind == "quotes":
            price, size = Price.from_str("60000.0"), Quantity.from_str("5.000")
            tick = QuoteTick(BTC, price, price, size, size, self.now_ns, self.now_ns)
            self.packed += self.packer.quote(*stamps, tick)
            return
        schema = FactorSchema(SCHEMAS[0] if kind == "factors" else SCHEMAS[2])
        payload = np.full(len(schema), float(self.number)).tobytes()
        record = ExternalFactors(schema, payload, self.now_ns, self.now_ns, self.number, 0, 1)
        what = wire_format.HISTORY if kind == "history" else wire_format.FACTORS
        # Packing may define a stream, which has to come before.
        frame = self.packer.factors(what, *stamps, record)
        self.packed += frame

    def _feed(self, cut: int) -> None:
        assert self.sink is not None
        content, self.packed[:] = bytes(self.packed), b""
        self.sink.feed(content[:cut])
        self.sink.feed(content[cut:])

    @precondition(lambda self: self.sink is not None)
    @rule(count=st.integers(1, 9))
    def lose(self, count: int) -> None:
        """Let the node hand nothing over for a while: numbers that never come."""
        self.number += count
        self.skipped += count

    @precondition(lambda self: self.sink is not None)
    @rule(what=st.sampled_from(["flush", "tick"]))
    def keep_up(self, what: str) -> None:
        """Write everything, or what is due."""
        assert self.sink is not None
        with self._disk():
            getattr(self.sink, what)()
        if what == "flush":
            self._adds_up()

    def _adds_up(self) -> None:
        assert self.sink is not None
        assert self.sink.recorded + self.sink.dropped == len(self.handed)
        assert self.sink.dropped == 0 or self.has_been_full
        self.recorded = self.sink.recorded

    @rule(limit=st.sampled_from([*FULL_AT, resource.RLIM_INFINITY, resource.RLIM_INFINITY]))
    def fill_the_disk(self, limit: int) -> None:
        """Let no file grow over a limit from now on, or let all grow again."""
        self.limit = limit
        self.has_been_full |= limit != resource.RLIM_INFINITY

    @precondition(lambda self: self.sink is not None)
    @rule()
    def end(self) -> None:
        """End the session: recorded + dropped + never handed over = published."""
        sink = self.sink
        assert sink is not None
        header = wire_format.pack_json(wire_format.HEADER, 0, {"published": self.number})
        sink.feed(header)
        with self._disk():
            sink.close(published=self.number)
        self._adds_up()
        lines, self.sink = self.lines - sink.dropped_lines, None
        found = self._found()
        assert len(found) == sink.recorded
        dropped = sum(recording.dropped for recording in FactorCatalog(self.folder).recordings())
        assert len(found) + dropped == self.number or self.has_been_full
        if not sink.problem:
            assert len(self._lines()) == lines

    @precondition(lambda self: self.sink is not None)
    @rule(step=st.integers(1, 14), kind=st.sampled_from(KINDS), ends=st.booleans())
    def crash(self, step: int, kind: str, ends: bool) -> None:  # noqa: FBT001 - drawn
        """Die at a step of the file system, in a process that is the writer at this instant."""
        for _ in range(5):
            self._pack(kind)
        self._feed(0)
        work: Callable[[], object] = self.sink.close if ends else self.sink.flush  # type: ignore[union-attr]
        if (pid := os.fork()) == 0:
            die_at(step, str(self.folder))
            with self._disk():
                work()
            os._exit(KILLED)
        assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == KILLED
        self._let_go()
        assert len(self._found()) >= self.recorded
        self._lines()

    def _let_go(self) -> None:
        """Close what the kernel closes with a killed process."""
        assert self.sink is not None
        for writer in self.sink._writers:
            for table in writer._tables.values():
                if table.spool is not None:
                    table.spool.close()
            writer._held.close()
        os.close(self.sink._lines._fd)
        self.sink = None

    def _found(self) -> list[int]:
        """Recover the folder; return the numbers in its files: each once, all handed over."""
        FactorCatalog(self.folder).recover()
        assert FactorCatalog(self.folder).verify() == []
        found = [
            number
            for path in self.folder.rglob("*.parquet")
            for number in pq.read_table(path).column(DELIVERY_NUMBER).to_pylist()
        ]
        assert len(found) == len(set(found))
        assert set(found) <= self.handed
        return found

    def _lines(self) -> list[int]:
        """Return the lines of the file that are not its own: whole, in order, none twice."""
        text = (self.folder / LINES_FILE).read_text(encoding="utf-8")
        assert text.endswith("\n") or not text
        rows = [json.loads(line) for line in text.splitlines()]
        lines = [row["line"] for row in rows if "line" in row]
        assert lines == sorted(set(lines))
        assert set(lines) <= {*range(1, self.lines + 1)}
        return lines

    def holds(self) -> None:
        """Nothing is counted that did not arrive."""
        if getattr(self, "sink", None) is not None:
            assert self.sink is not None
            assert self.sink.recorded + self.sink.dropped <= len(self.handed)
