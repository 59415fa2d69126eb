"""Raw records: what a JSON record must look like to become a typed row, as Flink SQL. One text for all ways in.

The rule is about texts: a value fits its column when the text of the JSON scalar reads as the type, so ``12`` and ``"12"``
are both a bigint and ``1.5`` is none; a decimal is rounded to its scale, a time cut to milliseconds. What does not fit is
named by a reason and a field, and nothing is guessed. Of a field that stands twice in a record the last one counts.
"""

from __future__ import annotations

from flink_jobs.core import stamp
from flink_jobs.core.columns import flink_type, quote
from flink_jobs.core.dataset import Dataset
from flink_jobs.core.frame import interval
from flink_jobs.runtime.text import literal, timestamp

RAW = "`_raw`"
KNOWN_AT = "`_known_at`"
PROBLEM = "`_problem`"
TIME = "`_time`"
"""The event time as it was written; a live run's own column of that name carries the watermark and is never NULL."""
EPOCH = timestamp(0)
_END = "end of record"
_FOLLOWED = f"CONCAT('[', {RAW}, ',\"{_END}\"]')"
"""The record as first of two elements: Flink's parser stops after one value, and so ignores what follows it. Here anything
that follows breaks the array or moves its second element."""
_GREATEST = "1.7976931348623157E308"
_DIGITS = r"^[+-]?[0-9]+$"
_NUMBER = r"^[+-]?([0-9]+([.][0-9]*)?|[.][0-9]+)([eE][+-]?[0-9]+)?$"
_ISO = r"^[0-9]{4}-[0-9]{2}-[0-9]{2}[T ]([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9]([.][0-9]{1,9})?Z?$"


def judged(dataset: Dataset, place: list[str], source: str, *, live: bool, history_ms: int | None = None) -> str:
    """SELECT over records with ``_raw`` and ``_known_at``: ``place``, the typed columns, and ``_problem``.

    The event time comes out as ``_time``; live it was read already, for the watermark. Texts and values are each worked out
    once, see ``_once``.
    """
    kept, time = ", ".join(place), dataset.event_time
    fields = {_text(name): _field(name) for name in dataset.columns}
    values = {_named(dataset, name): _typed(dataset, name, _text(name)) for name in dataset.columns}
    if live:
        values[TIME] = (
            f"CASE WHEN {_is_time(dataset, _text(time), quote(time))} THEN CAST({quote(time)} AS TIMESTAMP(3)) END"
        )
    read = f"SELECT {kept}, {_once(fields)}\nFROM {source}"
    typed = f"SELECT {kept}, {', '.join(fields)}, {_once(values)} FROM (\n{read}\n)"
    return f"SELECT {kept}, {', '.join(values)}, {problem(dataset, history_ms)} AS {PROBLEM} FROM (\n{typed}\n)"


def _once(named: dict[str, str]) -> str:
    """Columns that the SELECT around them may use many times: the planner writes out every use of an expression in full, and
    works it out again each time, unless it could have another result then. The condition is always true; an UNNEST of one row
    would keep them apart as well, for three times the work.
    """
    return ", ".join(f"CASE WHEN RAND() >= 0 THEN {value} END AS {name}" for name, value in named.items())


def _typed(dataset: Dataset, name: str, text: str) -> str:
    word = dataset.columns[name]
    if word == "string":
        return text
    if word == "timestamp":
        return _time(text, dataset)
    if word == "boolean":
        return f"CASE {text} WHEN 'true' THEN TRUE WHEN 'false' THEN FALSE END"
    cast = f"TRY_CAST({text} AS {flink_type(word)})"
    finite = f" AND ABS({cast}) <= {_GREATEST}" if word == "double" else ""
    return f"CASE WHEN REGEXP({text}, {literal(_pattern(word))}){finite} THEN {cast} END"


def event_time(dataset: Dataset) -> str:
    """The time attribute of a live run: the event time where it is a time, else 1970; never NULL.

    The engine works it out again for each use, so the text is read in a way that is right for every good record and may
    read what the judgement will refuse.
    """
    text = _field(dataset.event_time)
    if dataset.time_format == "iso":
        return f"IFNULL({_iso_time(text)}, {EPOCH})"
    _, low, high = epoch_range(dataset)
    return epoch_time(f"GREATEST(LEAST(IFNULL(TRY_CAST({text} AS BIGINT), 0), {high - 1}), {low})", dataset)


def watermark(dataset: Dataset) -> str:
    """What a live run concludes from a record: nothing, where its time lies too far ahead of its arrival."""
    time = quote(dataset.event_time)
    return f"CASE WHEN {time} <= {_latest(dataset)} THEN {time} - {interval(dataset.watermark_delay)} END"


def problem(dataset: Dataset, history_ms: int | None = None) -> str:
    """``reason:field`` of the first thing wrong with a record, NULL for a good one; over the layers of ``judged``."""
    tests = [f"WHEN ({_whole(dataset)}) IS NOT TRUE THEN 'not_json:'"]
    for name, word in dataset.columns.items():
        tests += _tests(dataset, name, word)
    tests.append(f"WHEN {TIME} > {_latest(dataset)} THEN 'too_far_ahead:{dataset.event_time}'")
    if history_ms is not None:
        tests.append(f"WHEN {TIME} < {timestamp(history_ms)} THEN 'in_history:{dataset.event_time}'")
    return "CASE " + " ".join(tests) + " END"


def _whole(dataset: Dataset) -> str:
    """One JSON object and nothing else. A text that the parser could read and whose first ``}`` is its last character is one;
    only others, which hold objects or odd spaces or nothing useful, are read a second time.
    """
    brace = f"SUBSTRING({RAW}, 1, 1) = '{{' AND POSITION('}}' IN {RAW}) = CHAR_LENGTH({RAW})"
    read = f"{_text(dataset.key[0])} IS NOT NULL"
    ended = f"REGEXP({RAW}, '^\\s*[{{]') AND JSON_VALUE({_FOLLOWED}, '$[1]') = '{_END}'"
    return f"CASE WHEN {read} AND {brace} THEN TRUE ELSE {ended} END"


def _tests(dataset: Dataset, name: str, word: str) -> list[str]:
    text, column = _text(name), _named(dataset, name)
    nested = f"JSON_QUERY({RAW}, '$.{name}') IS NOT NULL"
    tests = [f"WHEN {text} IS NULL AND {nested} THEN 'wrong_type:{name}'"]
    if dataset.required(name):
        tests.append(f"WHEN {text} IS NULL THEN 'missing:{name}'")
    if word != "string":
        if word in ("bigint", "int", "double") or word.startswith("decimal"):
            fits = literal(_pattern(word))
            tests.append(f"WHEN {column} IS NULL AND REGEXP({text}, {fits}) THEN 'out_of_range:{name}'")
        tests.append(f"WHEN {column} IS NULL AND {text} IS NOT NULL THEN 'wrong_type:{name}'")
    allowed = dataset.allowed.get(name)
    if allowed:
        listed = ", ".join(literal(a) for a in allowed)
        tests.append(f"WHEN {text} NOT IN ({listed}) THEN 'not_allowed:{name}'")
    return tests


def _named(dataset: Dataset, name: str) -> str:
    return TIME if name == dataset.event_time else quote(name)


def _text(name: str) -> str:
    return quote(f"_text_{name}")


def _field(name: str) -> str:
    return f"JSON_VALUE({RAW}, '$.{name}')"


def _pattern(word: str) -> str:
    if word in ("bigint", "int"):
        return _DIGITS
    return r"^[0-9]{4}-[0-9]{2}-[0-9]{2}$" if word == "date" else _NUMBER


def _time(text: str, dataset: Dataset) -> str:
    if dataset.time_format == "iso":
        read, time = stamp.day(text, cast="TRY_CAST"), _iso_time(text)
    else:
        read, time = "", epoch_time(f"TRY_CAST({text} AS BIGINT)", dataset)
    return f"CASE WHEN {_is_time(dataset, text, read)} THEN {time} END"


def _is_time(dataset: Dataset, text: str, read: str) -> str:
    """Whether the text is a time. ``read`` is what a cast made of it; a real day is one that still has its text: the cast takes
    30 February for the 1st or 2nd of March, and a live run takes no time at all for 1970. Texts are compared because a cast
    of times before 1970 to days is a day off.
    """
    if dataset.time_format == "iso":
        return (
            f"REGEXP({text}, {literal(_ISO)}) AND SUBSTRING(CAST({read} AS STRING), 1, 10) = SUBSTRING({text}, 1, 10)"
        )
    _, low, high = epoch_range(dataset)
    return f"TRY_CAST({text} AS BIGINT) >= {low} AND TRY_CAST({text} AS BIGINT) < {high}"


def epoch_time(number: str, dataset: Dataset) -> str:
    """The time that a number of the dataset's units is; one beyond ``epoch_range`` would fail."""
    return f"CAST(TO_TIMESTAMP_LTZ({number} * {epoch_range(dataset)[0]}, 3) AS TIMESTAMP(3))"


def epoch_range(dataset: Dataset) -> tuple[int, int, int]:
    """Milliseconds a unit, and years 1 to 9999 in units: beyond them the conversion would fail and stop the job."""
    scale = 1000 if dataset.time_format == "epoch_s" else 1
    return scale, -62_135_596_800_000 // scale, 253_402_300_800_000 // scale


def _iso_time(text: str) -> str:
    return stamp.time(text, clock=f"REPLACE(SUBSTRING({text}, 12, 12), 'Z', '')", cast="TRY_CAST")


def _latest(dataset: Dataset) -> str:
    return f"{KNOWN_AT} + {interval(dataset.max_ahead)}"
