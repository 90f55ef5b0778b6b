"""Tardis: the files of datasets.tardis.dev, of any exchange."""
