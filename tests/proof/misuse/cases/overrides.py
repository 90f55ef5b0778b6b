"""Strategies whose class is wrong: overrides, coroutines, types of what they declare."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from tests.proof.misuse.case import Case, add, misuse, reached

if TYPE_CHECKING:
    from collections.abc import Callable


def _with(**members: Any) -> Callable[[], Any]:
    """Return a maker of a Holder with other members."""

    def make() -> Any:
        from tests.proof.misuse.holder import Holder

        return type("Mine", (Holder,), members)

    return make


async def _coroutine(self: Any, *arguments: Any) -> None:
    reached()


async def _async_generator(self: Any, *arguments: Any) -> Any:
    reached()
    yield


def _generator(self: Any, *arguments: Any) -> Any:
    reached()
    yield


def _raising(self: Any, *arguments: Any) -> Any:
    msg = "planted"
    raise RuntimeError(msg)


def _nothing(self: Any, *arguments: Any) -> None:
    pass


def _no_arguments() -> None:
    pass


for _name in ("on_start", "on_factors", "on_quote", "on_stop", "on_schema", "on_order_filled"):
    add(
        Case(
            name=f"overrides/async_{_name}",
            make=_with(**{_name: _coroutine}),
            must_fail=True,
            is_reached=False,
        )
    )
for _what, _function in (("generator", _generator), ("async_generator", _async_generator)):
    add(
        Case(
            name=f"overrides/{_what}_on_factors",
            make=_with(on_factors=_function),
            must_fail=True,
            is_reached=False,
        )
    )
MEMBERS: Final[dict[str, dict[str, Any]]] = {
    "on_factors_none": {"on_factors": None},
    "on_factors_text": {"on_factors": "buy"},
    "on_factors_property": {"on_factors": property(_raising)},
    "on_factors_static": {"on_factors": staticmethod(_no_arguments)},
    "on_factors_without_argument": {"on_factors": lambda self: None},
    "on_factors_a_class": {"on_factors": type("Callable", (), {})},
    "on_start_without_super": {"on_start": _nothing},
    "on_start_none": {"on_start": None},
    "on_data_none": {"on_data": None},
    "on_data_without_super": {"on_data": _nothing},
    "on_historical_data_none": {"on_historical_data": None},
    "init_without_super": {"__init__": _nothing},
    "init_without_config": {"__init__": lambda self: None},
    "init_returns": {"__init__": lambda self, config: 5},
    "new_returns_none": {"__new__": lambda cls, config: None},
    "getattr_raises": {"__getattr__": _raising},
    "getattribute_raises": {"__getattribute__": _raising},
    "setattr_raises": {"__setattr__": _raising},
    "repr_raises": {"__repr__": _raising, "__str__": _raising},
    "hash_raises": {"__hash__": _raising, "__eq__": _raising},
    "required_text": {"required_factors": "imbal_btc"},
    "required_none": {"required_factors": None},
    "required_numbers": {"required_factors": (1, 2)},
    "required_wildcard": {"required_factors": ("*",)},
    "required_unknown": {"required_factors": ("imbal_btd",)},
    "max_age_number": {"max_age": 5},
    "max_age_negative": {"max_age": __import__("datetime").timedelta(-1)},
    "max_age_huge": {"max_age": __import__("datetime").timedelta.max},
    "history_number": {"factor_history": 5},
    "history_negative": {"factor_history": __import__("datetime").timedelta(-1)},
    "clock_replaced": {"clock": None},
    "cache_replaced": {"cache": property(_raising)},
    "gate_replaced": {"_gate": None},
    "accept_replaced": {"_accept": _raising},
    "on_order_filled_none": {"on_order_filled": None},
    "slots": {"__slots__": ("other",)},
}
for _name, _members in MEMBERS.items():
    add(
        Case(
            name=f"overrides/{_name}",
            make=_with(**_members),
            is_reached=False,
            must_fail=_name
            in {
                "on_factors_none",
                "on_factors_text",
                "on_factors_without_argument",
                "on_start_without_super",
                "on_data_none",
                "required_text",
                "required_none",
                "required_numbers",
                "required_wildcard",
                "required_unknown",
                "max_age_number",
                "max_age_negative",
            },
        )
    )


@misuse("overrides")
def required_changed(s: Any) -> None:
    type(s).required_factors = ("imbal_btc", "no_such")


@misuse("overrides")
def max_age_changed(s: Any) -> None:
    type(s).max_age = "a second"


@misuse("overrides")
def on_factors_set_on_the_instance(s: Any) -> None:
    s.on_factors = None


@misuse("overrides")
def gate_deleted(s: Any) -> None:
    del s._gate


@misuse("overrides")
def gate_called_with_nonsense(s: Any) -> None:
    s._gate(5)


@misuse("overrides")
def gate_required_nonsense(s: Any) -> None:
    s._gate.require([10**6])


@misuse("overrides")
def gate_made_anew(s: Any) -> None:
    s._gate.__init__(s, -5)


@misuse("overrides")
def subscribed_twice(s: Any) -> None:
    from dolphin_strategies.factors.nautilus_type import EXTERNAL_FACTORS

    s.subscribe_data(EXTERNAL_FACTORS)
    s.subscribe_quotes(s.resting.instrument_id)


@misuse("overrides")
def unsubscribed(s: Any) -> None:
    from dolphin_strategies.factors.nautilus_type import EXTERNAL_FACTORS

    s.unsubscribe_data(EXTERNAL_FACTORS)


@misuse("overrides")
def started_again(s: Any) -> None:
    s.start()


@misuse("overrides")
def on_start_again(s: Any) -> None:
    s.on_start()


@misuse("overrides")
def stopped(s: Any) -> None:
    s.stop()


@misuse("overrides")
def stopped_and_resumed(s: Any) -> None:
    s.stop()
    s.resume()


@misuse("overrides")
def shut_down(s: Any) -> None:
    s.shutdown_system("planted")


@misuse("overrides")
def saved(s: Any) -> None:
    s.on_save = lambda: 5
    s.save()


@misuse("overrides")
def loaded(s: Any) -> None:
    s.load(5)


@misuse("overrides")
def request_of_nonsense(s: Any) -> None:
    s.request_bars(None)


@misuse("overrides")
def request_of_the_future(s: Any) -> None:
    import datetime as dt

    later = s.clock.utc_now() + dt.timedelta(days=1)
    s.request_quotes(s.resting.instrument_id, start=later, end=s.clock.utc_now())


@misuse("overrides")
def publishes_wrong_factors(s: Any) -> None:
    from nautilus_trader.model import CustomData

    from dolphin_strategies.factors.nautilus_type import EXTERNAL_FACTORS

    s.publish_data(EXTERNAL_FACTORS, CustomData(EXTERNAL_FACTORS, object()))


@misuse("overrides")
def publishes_a_number(s: Any) -> None:
    from dolphin_strategies.factors.nautilus_type import EXTERNAL_FACTORS

    s.publish_data(EXTERNAL_FACTORS, 5)
