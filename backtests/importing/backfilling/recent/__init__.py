"""Recent: the weeks after the archives, from what the exchanges' endpoints tell of the past."""
