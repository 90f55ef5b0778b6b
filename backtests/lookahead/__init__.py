"""The look-ahead proof."""
