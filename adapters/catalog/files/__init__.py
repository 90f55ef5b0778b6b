"""The files of a recording: journal, spool, Parquet parts, locks and recovery."""
