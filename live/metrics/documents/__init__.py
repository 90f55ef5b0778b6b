"""Documents: the table, the dashboard and the alert rules that are made of the list of metrics."""
