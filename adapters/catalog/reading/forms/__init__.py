"""Forms: recorded factors as arrays and frames, as views of SQL, as data of an engine."""
