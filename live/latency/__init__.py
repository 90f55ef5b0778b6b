"""The latency measurement: probes, producer, report."""
