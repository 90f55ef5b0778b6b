"""The spec of an import: its tables, how they are read from TOML, and local times."""
