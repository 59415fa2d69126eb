"""A Flink session cluster: one JobManager, one TaskManager, started by plain ``java``."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from tempfile import TemporaryDirectory

from flink_jobs.core.errors import PlatformError
from flink_jobs.core.settings import Settings
from flink_jobs.services import environment, flink_config, flink_home, health, jars, java
from flink_jobs.services.program import Launch, Launches, Program, Service

_MAIN = {
    "jm": "org.apache.flink.runtime.entrypoint.StandaloneSessionClusterEntrypoint",
    "tm": "org.apache.flink.runtime.taskexecutor.TaskManagerRunner",
}
_MARK = "BASH_JAVA_UTILS_EXEC_RESULT:"


def prepare(settings: Settings) -> Launches:
    """Build the home and the two command lines."""
    home = flink_home.build(settings)
    settings.folder("log")
    engine = sorted((home / "lib").glob("*.jar"))
    sizes = _sizes(flink_config.memory(settings), engine)
    return {f"flink-{part}": _launch(settings, part, sizes[part], engine) for part in _MAIN}


def _launch(settings: Settings, part: str, sizes: list[str], engine: list[Path]) -> Launch:
    home, conf = settings.home / "flink", settings.home / "flink" / "conf"
    jvm, dynamic = (text.split() for text in sizes)
    options = [*jvm, *flink_home.java_options(), *_collector(part)]
    options += [
        f"-Dlog.file={settings.home}/log/flink-{part}.log",
        f"-Dlog4j.configurationFile={(conf / 'log4j-server.properties').as_uri()}",
    ]
    # The name holds the content's hash, so that the supervisor sees a change of anything the process reads.
    content = (conf / "config.yaml").read_text() + repr(options) + repr(engine)
    file = home / f"{part}-{hashlib.sha256(content.encode()).hexdigest()[:8]}.args"
    arguments = java.argument_file(file, options, engine)
    command = (str(java.executable()), arguments, _MAIN[part], "--configDir", str(conf), *dynamic)
    if part == "tm":
        command = _in_clean_folder(home / "tm", command)
    return Launch(command=command, directory=home, env=environment.flink(settings), own_log=True)


def _in_clean_folder(folder: Path, command: tuple[str, ...]) -> tuple[str, ...]:
    """The command with a folder of its own for what it spills, emptied at each start: a killed process leaves all behind.

    Flink itself could use the folder again, but only under a fixed resource id. The ResourceManager goes on sending its
    heartbeats for a known id to the process that died, and then takes the new one for dead too (HeartbeatManagerImpl 2.3).
    """
    clean = 'rm -rf "$0" && mkdir -p "$0" && exec "$@"'
    return ("/bin/sh", "-c", clean, str(folder), *command, "-D", f"io.tmp.dirs={folder}")


def _collector(part: str) -> list[str]:
    """The garbage collector. On two cores one that stops the job and uses both: a live job with much state in memory needs
    a third less time than with one thread, and one that works beside the job takes its cores away.
    """
    if part == "jm":
        return ["-XX:+UseSerialGC"]
    return ["-XX:+UseParallelGC"] if (os.cpu_count() or 1) <= 2 else ["-XX:+UseG1GC"]


def _sizes(memory: dict[str, str | int | float | bool], engine: Iterable[Path]) -> dict[str, list[str]]:
    """JVM options and dynamic options by part, as Flink computes them; two short JVMs, once for each size."""
    names = [path.name for path in engine]
    key = hashlib.sha256(json.dumps([memory, names]).encode()).hexdigest()[:12]
    cache = jars.folder("flink").parent / f"flink-memory-{key}.json"
    if not cache.exists():
        with ThreadPoolExecutor(2) as pool:
            sizes = dict(zip(_MAIN, pool.map(lambda part: _compute(part, memory, engine), _MAIN), strict=True))
        part = cache.with_suffix(f".{os.getpid()}")
        part.write_text(json.dumps(sizes))
        part.replace(cache)
    found: dict[str, list[str]] = json.loads(cache.read_text())
    return found


def _compute(part: str, memory: dict[str, str | int | float | bool], engine: Iterable[Path]) -> list[str]:
    with TemporaryDirectory(prefix="mainstem-") as folder:
        (Path(folder) / "config.yaml").write_text(flink_config.as_yaml(memory))
        classes = ":".join(map(str, [flink_home.bash_java_utils(), *engine]))
        tool = ["org.apache.flink.runtime.util.bash.BashJavaUtils", f"GET_{part.upper()}_RESOURCE_PARAMS"]
        command = [str(java.executable()), "-XX:TieredStopAtLevel=1", "-cp", classes, *tool, "--configDir", folder]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
    lines = [line.split(_MARK, 1)[1] for line in done.stdout.splitlines() if _MARK in line]
    if len(lines) != 2:
        raise PlatformError(
            f"Flink refuses the memory sizes {memory}: {_cause(done.stdout + done.stderr)} "
            "Set MAINSTEM_TM_MEMORY to at least 1g."
        )
    return lines


def _cause(text: str) -> str:
    causes = [line for line in text.splitlines() if "Exception" in line and not line.lstrip().startswith("at ")]
    return causes[-1].strip() if causes else text.strip()[-500:]


SERVICE = Service(
    name="flink",
    programs=(
        Program("flink-jm", ports=("flink", "flink_rpc", "flink_blob"), healthy=health.job_manager),
        Program("flink-tm", ports=("flink_tm_data",), healthy=health.task_manager),
    ),
    prepare=prepare,
    elsewhere="MAINSTEM_FLINK_URL",
)
