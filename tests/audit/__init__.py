"""The audit of dependencies: known vulnerabilities, and a bill of materials."""
