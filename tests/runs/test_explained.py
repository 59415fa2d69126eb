"""The nodes that join and keep, out of the engine's text of a plan."""

from __future__ import annotations

from flink_jobs.runs.explained import shortened

TEXT = """
Calc(select=[a, b])
+- IntervalJoin(joinType=[InnerJoin], windowBounds=[isRowTime=true, leftLowerBound=0], where=[(a = b)], select=[a, b])
   :- Exchange(distribution=[hash[a]])
   :  +- Deduplicate(keep=[FirstRow], key=[a], order=[PROCTIME], outputInsertOnly=[true])(reuse_id=[1])
   +- Deduplicate(keep=[FirstRow], key=[a], order=[PROCTIME], outputInsertOnly=[true])
"""


def test_each_node_stands_once_without_the_columns_that_it_hands_on() -> None:
    assert shortened(TEXT) == [
        "IntervalJoin(joinType=[InnerJoin], windowBounds=[isRowTime=true, leftLowerBound=0], where=[(a = b)])",
        "Deduplicate(keep=[FirstRow], key=[a], order=[PROCTIME], outputInsertOnly=[true])",
    ]
