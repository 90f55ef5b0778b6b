"""Supervision: the processes of a fleet, their lives, their logs, and the one who watches them."""
