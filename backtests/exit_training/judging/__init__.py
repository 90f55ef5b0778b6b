"""Judging: folds, error bars and buckets of assets."""
