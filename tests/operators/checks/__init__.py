"""Checks that every operator passes, found by themselves: no operator names a check, and no check names an operator.

``bases`` picks cases that declare each operator once; ``kinds`` turns their rows into every kind of input; ``calendar`` puts
the kinds onto days of one input, so that one job proves them all; ``answers`` is the reference in memory.
"""
