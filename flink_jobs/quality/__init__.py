"""Runs suites on finished files, judges them with Great Expectations, and keeps the reports beside the tables."""
