"""Tests of what needs the extra ``research``; they skip without it."""
