"""The list of all metrics: what the endpoint serves and the documents are made from."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

BUCKETS_S: Final = tuple(float(f"{step}e{power}") for power in range(-6, 1) for step in (1, 2, 5))
"""Upper bounds of a latency's buckets, seconds; one more has no bound."""

type Kind = Literal["gauge", "counter", "histogram"]


@dataclass(frozen=True, kw_only=True, slots=True)
class Metric:
    """One metric, named as https://prometheus.io/docs/practices/naming/ wants it.

    Attributes
    ----------
    name : str
        Its name without the ending that a counter gets, ``_total``.
    kind : str
        ``gauge``, ``counter`` or ``histogram``.
    help : str
        One sentence.
    program : str
        What tells it: ``node``, ``exf``, ``bridge``, ``recorder``; empty: all of them.
    labels : tuple of str
        The names of its labels.
    query : str
        What its panel shows, in PromQL; empty: no panel of its own.
    legend : str
        How the panel names a line.
    unit : str
        The panel's unit, as Grafana names it.

    """

    name: str
    kind: Kind
    help: str
    program: str = ""
    labels: tuple[str, ...] = ()
    query: str = ""
    legend: str = "{{instance}}"
    unit: str = "short"

    @property
    def served(self) -> str:
        """The name under which Prometheus stores it."""
        return f"{self.name}_total" if self.kind == "counter" else self.name


def _p99(name: str, window: str) -> str:
    """Return the query of a p99 by instance: of native buckets where Prometheus has them."""
    native = f"sum by (instance) (rate({name}[{window}]))"
    classic = f"sum by (instance, le) (rate({name}_bucket[{window}]))"
    return f"histogram_quantile(0.99, {native}) or histogram_quantile(0.99, {classic})"


METRICS: Final = (
    Metric(
        name="dolphin_program_info", kind="gauge", labels=("program", "version"),
        help="1, with the program and its version as labels.",
        query="count by (program) (dolphin_program_info)", legend="{{program}}",
    ),
    Metric(
        name="dolphin_told_timestamp_seconds", kind="gauge", unit="s",
        help="When the process last told its numbers, UNIX seconds; it does so every 1 or 2 s.",
        query="time() - dolphin_told_timestamp_seconds",
    ),
    # A node.
    Metric(
        name="dolphin_node_phase", kind="gauge", program="node", labels=("phase",),
        help="1 for the phase that the run is in: starting, running, stopping or ended.",
        query='dolphin_node_phase{phase="running"}',
    ),
    Metric(
        name="dolphin_node_factor_latency_seconds", kind="histogram", program="node", unit="s",
        help="From the producer's write to the strategy's on_factors.",
        query=_p99("dolphin_node_factor_latency_seconds", "$__rate_interval"),
        legend="p99 {{instance}}",
    ),
    Metric(
        name="dolphin_node_factor_age_seconds", kind="gauge", program="node", unit="s",
        help="Since the instant of the newest factors that the node published; NaN before them.",
        query="dolphin_node_factor_age_seconds",
    ),
    Metric(
        name="dolphin_node_source_live", kind="gauge", program="node",
        help="1 while the source of factors is live, 0 while it waits or is stale.",
        query="dolphin_node_source_live",
    ),
    Metric(
        name="dolphin_node_records", kind="counter", program="node", labels=("outcome",),
        help="Records of factors by outcome: delivered, conflated or lost.",
        query="sum by (instance, outcome) (rate(dolphin_node_records_total[$__rate_interval]))",
        legend="{{outcome}} {{instance}}", unit="cps",
    ),
    Metric(
        name="dolphin_node_pending_records", kind="gauge", program="node",
        help="Records of factors that are published and that the node has not read.",
        query="dolphin_node_pending_records",
    ),
    Metric(
        name="dolphin_node_position_quantity", kind="gauge", program="node",
        labels=("instrument",),
        help="Quantity of the open position, below 0 if it is short; 0 once it is closed.",
        query="dolphin_node_position_quantity", legend="{{instrument}} {{instance}}",
    ),
    Metric(
        name="dolphin_node_profit_usdt", kind="gauge", program="node",
        help="Profit of the run after fees, the open positions' included, in USDT.",
        query="dolphin_node_profit_usdt",
    ),
    Metric(
        name="dolphin_node_orders", kind="counter", program="node",
        help="Orders that the node has made.",
        query="rate(dolphin_node_orders_total[$__rate_interval])", unit="cps",
    ),
    Metric(
        name="dolphin_node_orders_open", kind="gauge", program="node",
        help="Orders that are open or on their way.", query="dolphin_node_orders_open",
    ),
    Metric(
        name="dolphin_node_order_events", kind="counter", program="node", labels=("event",),
        help="Order events that the strategy got: filled, denied, rejected, canceled, expired.",
        query="sum by (instance, event) "
        "(rate(dolphin_node_order_events_total[$__rate_interval]))",
        legend="{{event}} {{instance}}", unit="cps",
    ),
    # The ExtF service.
    Metric(
        name="dolphin_exf_factors", kind="gauge", program="exf",
        help="Factors that the service publishes.",
    ),
    Metric(
        name="dolphin_exf_factors_alive", kind="gauge", program="exf",
        help="Factors that have a value which is not too old.",
        query="dolphin_exf_factors_alive / dolphin_exf_factors", unit="percentunit",
    ),
    Metric(
        name="dolphin_exf_records", kind="counter", program="exf",
        help="Records that the service has published.",
        query="rate(dolphin_exf_records_total[$__rate_interval])", unit="cps",
    ),
    Metric(
        name="dolphin_exf_publish_errors", kind="counter", program="exf",
        help="Records that could not be published.",
        query="increase(dolphin_exf_publish_errors_total[$__rate_interval])",
    ),
    Metric(
        name="dolphin_exf_source_up", kind="gauge", program="exf", labels=("source",),
        help="1 if the newest poll of the source was answered, 0 if it failed or there is none.",
        query="dolphin_exf_source_up", legend="{{source}}",
    ),
    Metric(
        name="dolphin_exf_source_polls", kind="counter", program="exf", labels=("source",),
        help="Polls of a source.",
        query="rate(dolphin_exf_source_polls_total[$__rate_interval])", legend="{{source}}",
        unit="cps",
    ),
    Metric(
        name="dolphin_exf_source_failures", kind="counter", program="exf", labels=("source",),
        help="Polls of a source that failed.",
        query="increase(dolphin_exf_source_failures_total[$__rate_interval])",
        legend="{{source}}",
    ),
    Metric(
        name="dolphin_exf_source_success_timestamp_seconds", kind="gauge", program="exf",
        labels=("source",), unit="s",
        help="When the source last answered, UNIX seconds; absent before its first answer.",
        query="time() - dolphin_exf_source_success_timestamp_seconds", legend="{{source}}",
    ),
    Metric(
        name="dolphin_exf_stream_connected", kind="gauge", program="exf", labels=("venue",),
        help="1 while the venue's streams are connected; absent without --streams.",
    ),
    Metric(
        name="dolphin_exf_stream_messages", kind="counter", program="exf", labels=("venue",),
        help="Messages that a venue's streams have brought; absent without --streams.",
    ),
    # The bridge from Hazelcast.
    Metric(
        name="dolphin_bridge_source_live", kind="gauge", program="bridge",
        help="1 while the entry is live, 0 while the bridge waits or the entry is stale.",
        query="dolphin_bridge_source_live",
    ),
    Metric(
        name="dolphin_bridge_records", kind="counter", program="bridge", labels=("outcome",),
        help="Records of the entry by outcome: delivered (bridged) or lost.",
        query="sum by (instance, outcome) (rate(dolphin_bridge_records_total[$__rate_interval]))",
        legend="{{outcome}}", unit="cps",
    ),
    # The recorder.
    Metric(
        name="dolphin_recorder_records", kind="counter", program="recorder", labels=("outcome",),
        help="Records by outcome: recorded, lost before they were read, or dropped.",
        query="sum by (instance, outcome) "
        "(rate(dolphin_recorder_records_total[$__rate_interval]))",
        legend="{{outcome}}", unit="cps",
    ),
    Metric(
        name="dolphin_recorder_waiting_records", kind="gauge", program="recorder",
        help="Records that are read and not yet written.",
        query="dolphin_recorder_waiting_records",
    ),
    Metric(
        name="dolphin_recorder_problem", kind="gauge", program="recorder",
        help="1 while the catalog cannot be written, or once the counts do not add up.",
        query="dolphin_recorder_problem",
    ),
)  # fmt: skip

BY_NAME: Final = {metric.name: metric for metric in METRICS}


@dataclass(frozen=True, kw_only=True, slots=True)
class Rule:
    """An alert: when it fires, for how long that must have been so, and what is told."""

    name: str
    expr: str
    holds: str
    severity: Literal["critical", "warning"]
    summary: str


RULES: Final = (
    Rule(
        name="DolphinProcessDoesNotTurn", holds="0s", severity="critical",
        expr="time() - dolphin_told_timestamp_seconds > 10",
        summary="{{ $labels.instance }} has told nothing for {{ $value | humanizeDuration }}.",
    ),
    Rule(
        name="DolphinFactorsStale", holds="10s", severity="critical",
        expr="dolphin_node_source_live == 0",
        summary="The node {{ $labels.instance }} gets no live factors.",
    ),
    Rule(
        name="DolphinRecordsLost", holds="0s", severity="warning",
        expr='increase(dolphin_node_records_total{outcome="lost"}[5m]) > 0',
        summary="The node {{ $labels.instance }} lost records: it reads too slowly.",
    ),
    Rule(
        name="DolphinLatencyHigh", holds="2m", severity="warning",
        expr=f"({_p99('dolphin_node_factor_latency_seconds', '2m')}) > 0.01",
        summary="p99 from write to on_factors of {{ $labels.instance }} is "
        "{{ $value | humanizeDuration }}.",
    ),
    Rule(
        name="DolphinOrdersRefused", holds="0s", severity="warning",
        expr='increase(dolphin_node_order_events_total{event=~"denied|rejected"}[5m]) > 0',
        summary="Orders of {{ $labels.instance }} were denied or rejected.",
    ),
    Rule(
        name="DolphinSourceDead", holds="1m", severity="warning",
        expr="dolphin_exf_source_up == 0", summary="{{ $labels.source }} does not answer.",
    ),
    Rule(
        name="DolphinHalfOfFactorsMissing", holds="30s", severity="critical",
        expr="dolphin_exf_factors_alive / dolphin_exf_factors < 0.5",
        summary="Only {{ $value | humanizePercentage }} of the factors have a value.",
    ),
    Rule(
        name="DolphinCannotPublish", holds="0s", severity="critical",
        expr="increase(dolphin_exf_publish_errors_total[1m]) > 0",
        summary="{{ $labels.instance }} cannot publish its factors.",
    ),
    Rule(
        name="DolphinBridgeStale", holds="10s", severity="critical",
        expr="dolphin_bridge_source_live == 0",
        summary="The bridge {{ $labels.instance }} gets no live factors.",
    ),
    Rule(
        name="DolphinRecordingIncomplete", holds="0s", severity="warning",
        expr='increase(dolphin_recorder_records_total{outcome=~"lost|dropped"}[5m]) > 0 '
        "or dolphin_recorder_problem == 1",
        summary="The recorder {{ $labels.instance }} does not keep everything.",
    ),
)  # fmt: skip
