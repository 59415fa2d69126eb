"""Listens to the supervisor: notes each death, and ends what the dead process left behind.

Runs alone (``python -I -S reaper.py FILE``), so it imports the standard library only. A process that is killed cannot
end its children (a TaskManager its Python workers, say); they are in its process group, which outlives it.
"""

from __future__ import annotations

import os
import signal
import sys
import time
from pathlib import Path
from typing import TextIO


def fields(text: str) -> dict[str, str]:
    """The supervisor's ``name:value`` pairs."""
    return dict(pair.split(":", 1) for pair in text.split())


def note(event: dict[str, str], exits: Path) -> None:
    """One line: when, which process, its id."""
    with exits.open("a") as file:
        file.write(f"{int(time.time())} {event['processname']} {event.get('pid', '0')}\n")


def end_group(pid: int) -> bool:
    """Kill what is left of a dead process's group; False when nothing was."""
    try:
        os.killpg(pid, signal.SIGKILL)
    except ProcessLookupError:
        return False
    return True


def listen(events: TextIO, answers: TextIO, exits: Path) -> None:
    """Serve until the supervisor closes the stream."""
    while True:
        answers.write("READY\n")
        answers.flush()
        line = events.readline()
        if not line:
            return
        header = fields(line)
        event = fields(events.read(int(header["len"])))
        note(event, exits)
        if "pid" in event:
            end_group(int(event["pid"]))
        answers.write("RESULT 2\nOK")
        answers.flush()


if __name__ == "__main__":
    listen(sys.stdin, sys.stdout, Path(sys.argv[1]))
