"""R11: faults of Hazelcast and of exchanges' REST: when they are noticed, and when all is well."""
