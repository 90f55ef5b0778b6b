"""The files of an import as rows and columns."""
