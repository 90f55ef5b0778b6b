"""Switching: the hand on a node: halt, reduce, flat, resume: asked for, done, written down."""
