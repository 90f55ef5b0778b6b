"""ExternalFactors: all factors at one instant, an immutable mapping from name to float."""

from __future__ import annotations

import json
import math
import struct
from abc import ABCMeta
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any, ClassVar, Final

import numpy as np

from dolphin_strategies.factors.schema import FactorSchema

if TYPE_CHECKING:
    from collections.abc import Callable

    import pyarrow as pa
    from numpy.typing import ArrayLike, NDArray

_FLOAT64: Final = struct.Struct("<d")


class _RecordClass(ABCMeta):
    """A metaclass of its own, of which ``_gate`` makes one attribute of the class faster."""


class ExternalFactors(Mapping[str, float], metaclass=_RecordClass):
    """All factors at one instant: an immutable mapping from factor name to float.

    NaN means that a factor has no value now. Reading one value by name takes well under a
    microsecond; on a hot path resolve ``i = schema.index(name)`` once and use ``value_at(i)``.

    Parameters
    ----------
    schema : FactorSchema
        The names, in the order of the values.
    payload : bytes
        The values as little-endian float64, schema order.
    ts_event : int
        UNIX nanoseconds, the producer's clock: the instant the values describe.
    ts_init : int
        UNIX nanoseconds, the clock of this process or backtest: the instant of receipt.
    sequence : int
        The record's number at its publisher, contiguous from 1; 0 if unknown.
    published_mono_ns : int
        ``CLOCK_MONOTONIC`` nanoseconds of this machine when the producer published; 0 if
        unknown or from another machine.
    stream_id : int
        u64 that the publisher's run of sequences goes by; the same record has the same
        ``stream_id`` and ``sequence`` wherever it is seen. 0 if unknown.

    Notes
    -----
    Every parameter is also an attribute.

    """

    __slots__ = (
        "_array",
        "payload",
        "published_mono_ns",
        "schema",
        "sequence",
        "stream_id",
        "ts_event",
        "ts_init",
    )

    # Required by Nautilus's catalog of a custom data class; set by nautilus_type.
    arrow_schema_py: ClassVar[Callable[[], pa.Schema]]
    encode_record_batch_py: ClassVar[Callable[..., pa.RecordBatch]]
    decode_record_batch_py: ClassVar[Callable[..., list[ExternalFactors]]]

    def __init__(  # noqa: PLR0913, PLR0917 - positional, because one is made for every record
        self,
        schema: FactorSchema,
        payload: bytes,
        ts_event: int,
        ts_init: int,
        sequence: int = 0,
        published_mono_ns: int = 0,
        stream_id: int = 0,
    ) -> None:
        self.schema = schema
        self.payload = payload
        self.ts_event = ts_event
        self.ts_init = ts_init
        self.sequence = sequence
        self.published_mono_ns = published_mono_ns
        self.stream_id = stream_id

    @classmethod
    def from_values(  # noqa: PLR0913 - one for each attribute
        cls,
        schema: FactorSchema,
        values: ArrayLike,
        *,
        ts_event: int,
        ts_init: int,
        sequence: int = 0,
        stream_id: int = 0,
    ) -> ExternalFactors:
        """Make ExternalFactors from an array of values.

        Parameters
        ----------
        schema : FactorSchema
            The names, in the order of the values.
        values : array-like of shape ``(len(schema),)``
            Converted to float64; NaN: no value.
        ts_event : int
            UNIX nanoseconds, the producer's clock: the instant the values describe.
        ts_init : int
            UNIX nanoseconds, the clock of this process or backtest: the instant of receipt.
        sequence : int
            The record's number at its publisher; 0 if unknown.
        stream_id : int
            u64 of the publisher's run of sequences; 0 if unknown.

        Raises
        ------
        ValueError
            If ``values`` has another shape.

        """
        array = np.ascontiguousarray(values, dtype="<f8")
        if array.shape != (len(schema),):
            msg = f"values: expected shape ({len(schema)},), found {array.shape}"
            raise ValueError(msg)
        return cls(schema, array.tobytes(), ts_event, ts_init, sequence, 0, stream_id)

    def value_at(self, index: int) -> float:
        """Return the value at a position that ``schema.index`` returned."""
        return _FLOAT64.unpack_from(self.payload, 8 * index)[0]  # type: ignore[no-any-return]

    @property
    def array(self) -> NDArray[np.float64]:
        """The values as a read-only float64 vector of shape ``(len(schema),)``, schema order."""
        try:
            return self._array
        except AttributeError:
            self._array: NDArray[np.float64] = np.frombuffer(self.payload, dtype="<f8")
            return self._array

    def __getitem__(self, name: str) -> float:
        return self.value_at(self.schema.index(name))

    def get(self, name: str, default: Any = None) -> Any:
        """Return the value of ``name``, or ``default`` if the schema has no such name."""
        return self.value_at(self.schema.index(name)) if name in self.schema else default

    def __contains__(self, name: object) -> bool:
        return name in self.schema

    def __iter__(self) -> Iterator[str]:
        return iter(self.schema)

    def __len__(self) -> int:
        return len(self.schema)

    def __eq__(self, other: object) -> bool:
        """Compare stream, sequence, schema, times and the values' bits (NaN equals NaN)."""
        return (
            isinstance(other, ExternalFactors)
            and self.sequence == other.sequence
            and self.stream_id == other.stream_id
            and self.ts_event == other.ts_event
            and self.ts_init == other.ts_init
            and self.payload == other.payload
            and self.schema == other.schema
        )

    def __hash__(self) -> int:
        return hash((self.sequence, self.ts_event, self.ts_init, self.payload))

    def __repr__(self) -> str:
        return (
            f"ExternalFactors(sequence={self.sequence}, factors={len(self)}, "
            f"ts_event={self.ts_event}, ts_init={self.ts_init})"
        )

    # Nautilus calls this for every record that it wraps, so it is a bound C method.
    type_name_static = staticmethod("ExternalFactors".__str__)

    def to_dict(self) -> dict[str, Any]:
        """Return plain Python values; NaN is None, because JSON has no NaN."""
        return {
            "type": self.type_name_static(),
            "factors": {name: None if math.isnan(v) else v for name, v in self.items()},
            "sequence": self.sequence,
            "stream_id": self.stream_id,
            "ts_event": self.ts_event,
            "ts_init": self.ts_init,
        }

    @classmethod
    def from_dict(cls, values: dict[str, Any]) -> ExternalFactors:
        """Return the factors of a dict made by :meth:`to_dict`."""
        factors = values["factors"]
        return cls.from_values(
            FactorSchema(factors),
            [math.nan if v is None else v for v in factors.values()],
            ts_event=values["ts_event"],
            ts_init=values["ts_init"],
            sequence=values.get("sequence", 0),
            stream_id=values.get("stream_id", 0),
        )

    def to_json(self) -> str:
        """Return :meth:`to_dict` as JSON text."""
        return json.dumps(self.to_dict())

    @classmethod
    def from_json(cls, data: bytes | str | dict[str, Any]) -> ExternalFactors:
        """Return the factors of a text made by :meth:`to_json`, or of its parsed dict."""
        return cls.from_dict(data if isinstance(data, dict) else json.loads(data))
