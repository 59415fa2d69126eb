"""What is wrong with a YAML text, in plain words: the library's own wording is for people who know its insides."""

from __future__ import annotations

import yaml

_PLAIN = (
    ("'\\t'", "A tab stands where spaces are needed. Indent with spaces."),
    (
        "mapping values are not allowed here",
        "A ':' stands where none can be. Put a value that holds one into quotes; a name on the line above needs its own.",
    ),
    ("could not find expected ':'", "A name without a ':' after it. Write 'name: value'."),
    ("expected <block end>", "The indentation does not fit the lines above. Align the line with its neighbours."),
    ("expected ',' or", "A bracket is not closed, or a comma is missing, in the list or mapping that begins above."),
    ("found unexpected end of stream", "A quote is opened and never closed."),
    ("found undefined alias", "An alias (*name) names an anchor (&name) that does not exist above it."),
    (
        "found unknown escape character",
        "A backslash in double quotes starts an escape that does not exist. Use single quotes.",
    ),
    ("but found another document", "The file holds two documents (a line '---'). Give each its own file."),
    ("cannot start any token", "A character stands where no value can begin. Put the value into quotes."),
    ("special characters are not allowed", "The file holds control characters. Save it as UTF-8 text."),
)


def syntax_problem(error: yaml.YAMLError) -> tuple[int, int, str]:
    """Line, column (from 1) and plain words of a parser's error."""
    said = str(error)
    mark = getattr(error, "problem_mark", None) or getattr(error, "context_mark", None)
    line, column = (mark.line + 1, mark.column + 1) if mark else (1, 1)
    for sign, words in _PLAIN:
        if sign in said:
            return line, column, words
    return line, column, f"This is not YAML: {getattr(error, 'problem', None) or said}."
