"""The region under proof: its C as shipped or changed, in a process of its own."""
