"""A Flink home made of links: the packaged engine, our pinned connectors and this platform's configuration."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterable
from pathlib import Path

from flink_jobs.core.settings import Settings
from flink_jobs.services import jars, java, packages
from flink_jobs.services.flink_config import config_text, log4j_text


def build(settings: Settings) -> Path:
    """Make ``<home>/flink`` and fill it anew; the folder can be given as FLINK_HOME to any Flink client."""
    with (settings.folder("flink") / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # several services, and several processes, may ask at the same time
        return _build(settings)


def _build(settings: Settings) -> Path:
    source, home = packages.folder("pyflink"), settings.folder("flink")
    # Real folders with linked files: Flink walks them without following a linked folder.
    engine = [*(source / "lib").glob("*.jar"), *(source / "opt").glob("flink-python-*.jar")]
    _link(home / "lib", [*engine, *jars.ready("flink")])
    _link(home / "opt", (source / "opt").glob("*.jar"))
    for name in ("bin", "plugins"):
        _point(home / name, source / name)
    _configure(settings, source / "conf", home / "conf")
    for name in ("checkpoints", "savepoints", "tmp"):
        settings.folder(f"flink/{name}")
    return home


def _configure(settings: Settings, source: Path, conf: Path) -> None:
    conf.mkdir(exist_ok=True)
    texts = {file.name: file.read_text() for file in source.iterdir() if file.is_file()}
    texts["config.yaml"] = config_text(settings, java_options=java_options(), java_home=java.home())
    texts["log4j-server.properties"] = log4j_text()
    for name, text in texts.items():
        _write(conf / name, text)


def java_options() -> list[str]:
    """The module openings that the engine's own configuration asks for and the packaged runtime has."""
    import yaml

    stock = yaml.safe_load((packages.folder("pyflink") / "conf" / "config.yaml").read_text())
    options = str(stock["env"]["java"]["opts"]["all"]).split()
    return [option for option in options if "jdk.compiler" not in option]


def bash_java_utils() -> Path:
    """Flink's own tool for the arithmetic of memory."""
    return packages.folder("pyflink") / "bin" / "bash-java-utils.jar"


def _write(file: Path, text: str) -> None:
    """Whole or not at all: a client may read it meanwhile."""
    if file.exists() and file.read_text() == text:
        return
    part = file.with_suffix(f".{os.getpid()}")
    part.write_text(text)
    part.replace(file)


def _link(folder: Path, files: Iterable[Path]) -> None:
    folder.mkdir(exist_ok=True)
    wanted = {file.name: file.resolve() for file in files}
    for present in folder.iterdir():
        if present.name not in wanted:
            present.unlink()
    for name, target in wanted.items():
        _point(folder / name, target)


def _point(link: Path, target: Path) -> None:
    if link.is_symlink() and link.readlink() == target:
        return
    link.unlink(missing_ok=True)
    link.symlink_to(target)
