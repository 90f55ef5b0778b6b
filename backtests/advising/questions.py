"""The questions of an advice: the ranges of calendar factors whose trades are compared."""

from __future__ import annotations

from typing import Final, NamedTuple

from dolphin_strategies.calendar_factors.calendar_rule import CalendarRule

_DAYS: Final = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_HOURS: Final = 3
_EXCHANGES: Final = ("tokyo", "hong_kong", "london", "new_york")
_FLAGS: Final = (
    *(f"session_{name}" for name in _EXCHANGES),
    *("session_asia", "session_asia_london", "session_london_new_york", "month_turn"),
)
_WINDOWS: Final = {
    "funding_4h": 30, "funding_8h": 30, "daily_expiry": 60, "weekly_expiry": 240,
    "monthly_expiry": 1_440, "quarterly_expiry": 1_440, "cme_expiry": 1_440,
    "payrolls": 1_440, "cpi": 1_440, "fomc": 1_440,
}  # fmt: skip
"""Instants → the minutes before and after them that are compared with the rest."""
_OPEN_MINUTES: Final = 60
_MOON: Final = (
    ("moon_illumination < 0.25", "about new moon"),
    ("0.75 <= moon_illumination", "about full moon"),
    ("moon_phase < 180", "waxing moon"),
)


class Question(NamedTuple):
    """Whether trades that begin in a range differ from the others."""

    label: str
    rule: CalendarRule


def all_questions() -> tuple[Question, ...]:
    """Return every question, in the order of the tables."""
    texts = [(f"{i} <= utc_weekday < {i + 1}", day) for i, day in enumerate(_DAYS)]
    texts += [
        (f"{h} <= utc_hour < {h + _HOURS}", f"{h:02}:00 to {h + _HOURS:02}:00 UTC")
        for h in range(0, 24, _HOURS)
    ]
    texts += [(f"1 <= {name}", name.replace("_", " ")) for name in _FLAGS]
    for name in _EXCHANGES:
        city = name.replace("_", " ")
        texts.append((f"minutes_from_{name}_open < {_OPEN_MINUTES}", f"hour after {city}'s open"))
        texts.append((f"minutes_to_{name}_close < {_OPEN_MINUTES}", f"hour before {city}'s close"))
    for name, minutes in _WINDOWS.items():
        for end, word in (("to", "before"), ("from", "after")):
            text = f"{minutes} min {word} {name.replace('_', ' ')}"
            texts.append((f"minutes_{end}_{name} < {minutes}", text))
    texts += _MOON
    return tuple(Question(label, CalendarRule.from_str(text)) for text, label in texts)
