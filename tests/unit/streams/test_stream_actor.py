"""StreamActor: what an exception of one datum does."""

from adapters.computing.computing_actor import ComputingActorConfig
from adapters.streams.hosting.health.stream_health import StreamHealth
from adapters.streams.hosting.stream_actor import StreamActor
from dolphin_strategies.computed.factor_set import ComputedFactors
from dolphin_strategies.computed.spec import ComputedSpec

MID = ComputedSpec(
    name="mid",
    class_name="Mid",
    instruments=("DOGEUSDT-LINEAR.BYBIT",),
    low=0.0,
    high=10.0,
    time_to_live_s=2.0,
)


def test_an_exception_of_a_datum_is_handed_over_and_not_raised() -> None:
    """Of Nautilus's own types and of a client's own: a node would log it where nobody looks."""
    errors: list[Exception] = []
    actor = StreamActor(
        ComputedFactors([MID]),
        lambda *record: None,
        ComputingActorConfig(),
        (),
        StreamHealth(()),
        on_error=errors.append,
    )
    actor.on_quote(None)  # type: ignore[arg-type]
    actor.on_data(None)  # type: ignore[arg-type]
    assert [type(error) for error in errors] == [AttributeError, AttributeError]
