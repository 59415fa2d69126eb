"""Runs suites on finished files, judges them with Great Expectations, and keeps the verdicts beside the tables."""
