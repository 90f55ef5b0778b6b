"""Text: figures and positions as a person reads them."""
