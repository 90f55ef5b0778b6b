"""The evaluation of factors: what each says about later returns, how surely, and what it pays."""
