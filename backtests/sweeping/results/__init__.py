"""The results of a sweep: figures, verdict, text and page."""
