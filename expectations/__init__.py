"""Suites: what must hold of a partition before it is published, as typed Great Expectations objects.

A suite is a function from a ``PartitionContext`` to expectations. ``registry.build`` finds it by name.
"""
