"""The Hazelcast transport: an entry of a map as a factor source, and a publisher into one."""

from adapters.hazelcast_map.publisher import HazelcastPublisher
from adapters.hazelcast_map.settings import HazelcastSettings
from adapters.hazelcast_map.source import HazelcastSource

__all__ = ["HazelcastPublisher", "HazelcastSettings", "HazelcastSource"]
