"""The machine of a catalog: recordings, damage, quarantine, and queries meanwhile."""

from __future__ import annotations

import random
import shutil
import tempfile
import warnings
from pathlib import Path
from typing import TYPE_CHECKING, Final

from hypothesis import strategies as st
from hypothesis.stateful import initialize, precondition, rule

from adapters.catalog import FactorCatalog, RecordingWriter
from adapters.catalog.reading.factor_catalog import DamagedFileWarning
from tests.proof.accounting.recording import corruptions
from tests.proof.accounting.recording.published import FIRST_NS, SCHEMAS, Key, Stream, values_of
from tests.proof.accounting.stateful import CountedMachine

if TYPE_CHECKING:
    from dolphin_strategies.factors.batch import FactorBatch

NAMES: Final = ("one", "two")
DAMAGES: Final = (
    corruptions.truncate, corruptions.zero_pages, corruptions.flip_footer, corruptions.flip_data,
    corruptions.foreign_rows, corruptions.remove,
)  # fmt: skip


class CatalogMachine(CountedMachine):
    """Two recordings of the same streams, and what happens to their files."""

    @initialize()
    def begin(self) -> None:
        """Begin with an empty catalog."""
        self.folder = Path(tempfile.mkdtemp(prefix="dolphin_proof_"))
        self.path = self.folder / "catalog"
        (self.path / "data").mkdir(parents=True)
        self.streams = {1: Stream(1)}
        self.now_ns = FIRST_NS
        self.writers: dict[str, RecordingWriter] = {}
        self.last = dict.fromkeys(NAMES, (1, 0))
        """Of each recording the stream and the sequence that it recorded last."""
        self.held: dict[Path, list[Key]] = {}
        """What each Parquet file was made with."""
        self.spooled: dict[str, list[Key]] = {name: [] for name in NAMES}
        """Of each recording, what is flushed into its spool."""
        self.damaged: set[Path] = set()
        self.in_quarantine = 0
        """Records of files that were put aside."""

    def teardown(self) -> None:
        if hasattr(self, "folder"):
            for writer in self.writers.values():
                writer.close()
            shutil.rmtree(self.folder)

    def _files(self) -> set[Path]:
        return set((self.path / "data").rglob("*.parquet"))

    @rule(count=st.integers(1, 40), names=st.sampled_from(SCHEMAS))
    def publish(self, count: int, names: tuple[str, ...]) -> None:
        """Let the producer publish."""
        self.now_ns += 1_000_000
        max(self.streams.items())[1].publish(count, names, self.now_ns)

    @rule()
    def new_stream(self) -> None:
        """Let the producer begin anew."""
        number, stream = max(self.streams.items())
        if stream.newest:
            self.streams[number + 1] = Stream(number + 1)

    @rule(name=st.sampled_from(NAMES), count=st.integers(1, 60))
    def record(self, name: str, count: int) -> None:
        """Record what comes next, flushed; other names or another stream begin a new part."""
        if name not in self.writers:
            self.writers[name] = RecordingWriter(
                self.path, source="s", name=name, flush_s=0.0, rotate_bytes=1 << 30
            )
        number, last = self.last[name]
        if number + 1 in self.streams and last == self.streams[number].newest:
            number, last = number + 1, 0
        stream = self.streams[number]
        end = last + 1
        while end <= min(stream.newest, last + count) and (
            stream.schemas[end] == stream.schemas[last + 1]
        ):
            end += 1
        keys = [(number, n) for n in range(last + 1, end)]
        if not keys:
            return
        spooled = self.spooled[name]
        if spooled and self._kind(spooled[-1]) != self._kind(keys[0]):
            self.convert(name, is_closed=False)
        self.writers[name].write_factors(stream.batch([n for _, n in keys]))
        self.spooled[name] += keys
        self.last[name] = keys[-1]

    def _kind(self, key: Key) -> tuple[int, tuple[str, ...]]:
        return key[0], self.streams[key[0]].schemas[key[1]]

    @rule(name=st.sampled_from(NAMES), is_closed=st.booleans())
    def convert(self, name: str, *, is_closed: bool) -> None:
        """Make a file of the spool, and end the recording perhaps."""
        if name not in self.writers:
            return
        before = self._files()
        if is_closed:
            self.writers.pop(name).close()
        else:
            self.writers[name].rotate()
        made = self._files() - before
        assert len(made) == bool(self.spooled[name])
        self.held.update(dict.fromkeys(made, self.spooled[name]))
        self.spooled[name] = []

    @precondition(lambda self: set(self.held) - self.damaged)
    @rule(data=st.data(), seed=st.integers(0, 10**6), damage=st.sampled_from(DAMAGES))
    def damage(self, data: st.DataObject, seed: int, damage: corruptions.Damaging) -> None:
        """Damage a file."""
        path = data.draw(st.sampled_from(sorted(set(self.held) - self.damaged)))
        damage(path, random.Random(seed))  # noqa: S311 - test data
        self.damaged.add(path)

    @rule(quarantine=st.booleans())
    def verify(self, *, quarantine: bool) -> None:
        """Find exactly the damaged files; put them aside perhaps."""
        found = FactorCatalog(self.path).verify(quarantine=quarantine)
        assert {damage.path for damage in found} == self.damaged
        if quarantine:
            for path in self.damaged:
                assert not path.exists()
                self.in_quarantine += len(self.held.pop(path))
            self.damaged.clear()

    @precondition(lambda self: self.held and not self.damaged)
    @rule(data=st.data(), at=st.integers(0, 5))
    def query_while_it_goes_on(self, data: st.DataObject, at: int) -> None:
        """Ask, and let the recordings go on, convert and end before the answer is complete."""
        catalog = FactorCatalog(self.path)
        before = self._expected(set())
        batches = catalog.batches(max_rows=5)
        found = [batch for _, batch in zip(range(at), batches, strict=False)]
        name = data.draw(st.sampled_from(NAMES))
        self.record(name, 60)
        self.convert(name, is_closed=data.draw(st.booleans()))
        found += batches
        assert before <= self._keys(found) <= self._expected(set())
        assert catalog.damages == []

    def _expected(self, left_out: set[Path]) -> set[Key]:
        keys = {k for path, held in self.held.items() if path not in left_out for k in held}
        return keys | {k for spooled in self.spooled.values() for k in spooled}

    def _keys(self, batches: list[FactorBatch]) -> set[Key]:
        """Compare what a query gave with what was published; return the records."""
        found: list[Key] = []
        stamps: list[int] = []
        for batch in batches:
            stream, n = self.streams[batch.stream_id], batch.sequence.tolist()
            names = batch.schema.names
            assert (batch.values == values_of(stream.number, batch.sequence * 1.0, names)).all()
            assert all(stream.schemas[i] == names for i in n)
            assert batch.ts_init.tolist() == [stream.stamps[i] for i in n]
            found += [(batch.stream_id, i) for i in n]
            stamps += batch.ts_init.tolist()
        assert stamps == sorted(stamps)
        assert len(found) == len(set(found)), "a record came twice"
        return set(found)

    def holds(self) -> None:
        """Ask for everything: it comes once, in order, or the file that has it is named."""
        if not hasattr(self, "path"):
            return
        catalog = FactorCatalog(self.path)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DamagedFileWarning)
            found = self._keys(list(catalog.batches()))
        told = {damage.path for damage in catalog.damages}
        assert told <= self.damaged
        gone = {path for path in self.damaged if not path.exists()}
        missing = sum(len(self.held[path]) for path in gone) + self.in_quarantine
        assert sum(r.missing for r in catalog.recordings()) == missing
        assert self._expected(told | gone) <= found <= self._expected(gone)
