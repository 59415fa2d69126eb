"""A made-up shop whose truth is known: the same seed gives the same log, byte for byte."""
