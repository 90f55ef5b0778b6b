"""Evaluation of factors: planted ones are found, peers agree, error bars are true."""
