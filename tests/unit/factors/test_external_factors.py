"""ExternalFactors: a read-only mapping, and the custom Data type that Nautilus asks for."""

from __future__ import annotations

import json
import math
from typing import Final

import numpy as np
import pytest
from nautilus_trader.model import CustomData

from dolphin_strategies import (
    EXTERNAL_FACTORS,
    ExternalFactors,
    FactorSchema,
    UnknownFactorError,
)

SCHEMA: Final = FactorSchema(["basis", "spread", "imbalance"])


def factors(*values: float, sequence: int = 7) -> ExternalFactors:
    """Make a record of the schema."""
    return ExternalFactors.from_values(
        SCHEMA, values or (1.5, math.nan, -0.0), ts_event=10, ts_init=20, sequence=sequence
    )


def test_it_is_a_mapping_in_schema_order() -> None:
    """Names, values, length, membership, get with default, index access."""
    f = factors(1.0, 2.0, 3.0)
    assert dict(f) == {"basis": 1.0, "spread": 2.0, "imbalance": 3.0}
    assert list(f) == list(SCHEMA)
    assert len(f) == 3
    assert "spread" in f
    assert f.get("spread") == f["spread"] == f.value_at(SCHEMA.index("spread")) == 2.0
    assert f.get("unknown") is None
    assert f.get("unknown", 5.0) == 5.0
    assert (f.ts_event, f.ts_init, f.sequence) == (10, 20, 7)


def test_an_unknown_name_is_a_key_error_with_the_nearest_match() -> None:
    """A typing error is found at once."""
    with pytest.raises(UnknownFactorError, match="did you mean 'spread'"):
        factors()["sprea"]


def test_nothing_in_it_can_be_changed() -> None:
    """Neither by item, nor through the array."""
    f = factors(1.0, 2.0, 3.0)
    with pytest.raises(TypeError):
        f["basis"] = 2.0  # type: ignore[index]
    with pytest.raises(ValueError, match="read-only"):
        f.array[0] = 2.0
    assert f.array is f.array
    assert f.array.dtype == np.float64
    assert f.array.tolist() == [1.0, 2.0, 3.0]


def test_equality_compares_bits_and_stamps() -> None:
    """NaN equals NaN, 0.0 differs from -0.0, and each stamp counts."""
    f = factors()
    assert f == factors()
    assert hash(f) == hash(factors())
    assert f != factors(1.5, math.nan, 0.0)
    assert f != factors(sequence=8)
    assert f != {"basis": 1.5}


@pytest.mark.parametrize("values", [[], [1.0], [1.0] * 4, [[1.0, 2.0, 3.0]]])
def test_a_wrong_number_of_values_is_refused(values: list[float]) -> None:
    """The message gives both shapes."""
    with pytest.raises(ValueError, match=r"expected shape \(3,\), found"):
        ExternalFactors.from_values(SCHEMA, values, ts_event=1, ts_init=1)


def test_json_writes_nan_as_null_and_comes_back_equal() -> None:
    """Strict JSON, and nothing lost on the way."""
    f = factors()
    text = f.to_json()
    loaded = json.loads(text, parse_constant=lambda word: pytest.fail(f"{word} is not JSON"))
    assert loaded["factors"]["spread"] is None
    assert ExternalFactors.from_json(text) == f
    assert ExternalFactors.from_json(text.encode()) == f
    assert ExternalFactors.from_json(loaded) == f


def test_a_batch_holds_one_column_a_factor_and_comes_back_equal() -> None:
    """The catalog's form: named float64 columns, three stamps, any number of rows."""
    rows = [factors(float(i), math.nan, -0.0, sequence=i) for i in range(1, 6)]
    batch = rows[0].encode_record_batch_py(rows)
    assert batch.schema.names == [*SCHEMA, "sequence", "ts_event", "ts_init"]
    assert batch.num_rows == 5
    assert ExternalFactors.decode_record_batch_py({}, batch) == rows


def test_a_batch_of_nothing_or_of_two_schemas_is_refused() -> None:
    """One file, one schema."""
    other = ExternalFactors.from_values(FactorSchema(["a"]), [1.0], ts_event=1, ts_init=1)
    with pytest.raises(ValueError, match="at least one"):
        other.encode_record_batch_py([])
    with pytest.raises(ValueError, match="one schema"):
        other.encode_record_batch_py([other, factors()])


def test_nautilus_wraps_it_and_gives_the_same_object_back() -> None:
    """Stamps show on the wrapper; the object is not copied."""
    f = factors()
    wrapped = CustomData(EXTERNAL_FACTORS, f)
    assert wrapped.data is f
    assert (wrapped.ts_event, wrapped.ts_init) == (10, 20)
    assert EXTERNAL_FACTORS.type_name == ExternalFactors.type_name_static() == "ExternalFactors"
