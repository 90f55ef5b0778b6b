"""Exits: policies that say when an open position is reduced or closed, and what acts on them."""

from dolphin_strategies.exits.model.exit_model import ExitModel
from dolphin_strategies.exits.model.model_text import model_of, text_of
from dolphin_strategies.exits.policies.adaptive_exit import AdaptiveExit
from dolphin_strategies.exits.policies.exit_decision import HOLD, ExitDecision
from dolphin_strategies.exits.policies.exit_policy import ExitPolicy
from dolphin_strategies.exits.policies.exit_rules import (
    FixedExit,
    HoldExit,
    TimeExit,
    TrailingExit,
    TripleBarrierExit,
)
from dolphin_strategies.exits.policies.position_view import PositionView

__all__ = [
    "HOLD",
    "AdaptiveExit",
    "ExitDecision",
    "ExitModel",
    "ExitPolicy",
    "FixedExit",
    "HoldExit",
    "PositionView",
    "TimeExit",
    "TrailingExit",
    "TripleBarrierExit",
    "model_of",
    "text_of",
]
