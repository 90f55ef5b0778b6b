"""Text: figures as a person reads them."""
