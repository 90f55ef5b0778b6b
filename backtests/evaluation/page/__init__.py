"""What an evaluation leaves: the page, evaluation.json and the printed summary."""
