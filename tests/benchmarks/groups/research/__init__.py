"""Groups of benchmarks that need the extra ``research``."""
