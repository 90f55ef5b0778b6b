#!/usr/bin/env bash
# self.x costs more than twice as much in a strategy or an actor as in a plain Python class.
#
# CPython keeps the attributes of a plain object inline; objects of a class that inherits from a
# native one, as every Nautilus strategy, are larger and have a dictionary of their own. So what is
# used for each message belongs in a plain object that the strategy holds.
# Expected: three reads and three writes of attributes cost the same in both.
# Seen: about 230 ns against 80 ns on CPython 3.13. Only a ratio above 1.4 is asserted: the best of
# 50 rounds of each, taken in turn, so that other work on the machine touches both.
set -euo pipefail
. "$(dirname "$0")/environment.bash" nautilus_trader==2.0.0rc7

cat >attributes.py <<'PYTHON'
import sys
import timeit

from nautilus_trader.trading import Strategy


class Plain:
    def __init__(self):
        self.a = self.b = self.c = 1


class Subclass(Strategy):
    def __init__(self):
        self.a = self.b = self.c = 1


def step(o):
    o.a = o.a + 1
    o.b = o.b + 1
    o.c = o.c + 1


def step_too(o):
    o.a = o.a + 1
    o.b = o.b + 1
    o.c = o.c + 1


# A function of its own for each: the interpreter specialises its code for one class.
timers = [timeit.Timer(lambda o=Plain(): step(o)), timeit.Timer(lambda o=Subclass(): step_too(o))]
rounds = [[timer.timeit(20_000) / 20_000 * 1e9 for timer in timers] for _ in range(50)]
plain, subclass = (min(times) for times in zip(*rounds))
print(f"plain {plain:.0f} ns, subclass {subclass:.0f} ns", file=sys.stderr)
print("slower in the subclass" if subclass > 1.4 * plain else "the same")
PYTHON

report "the same" "slower in the subclass" "$(python attributes.py)"
