"""Where jars come from: the user's mirror when there is one, else the public repository."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from xml.etree import ElementTree

from flink_jobs.core.errors import PlatformError

_EVERYTHING = {"*", "central", "external:*"}


def repository(env: Mapping[str, str] | None = None, home: Path | None = None) -> str:
    """Base address of a Maven repository, without a slash at its end.

    MAINSTEM_MAVEN_URL or MAVEN_REPO_URL, else a mirror named in ``~/.m2/settings.xml``, else the public default.
    """
    env = os.environ if env is None else env
    stated = env.get("MAINSTEM_MAVEN_URL") or env.get("MAVEN_REPO_URL")
    url = stated or _mirror((home or Path.home()) / ".m2" / "settings.xml") or _default()
    return url.rstrip("/")


def _mirror(settings: Path) -> str | None:
    if not settings.is_file():
        return None
    try:
        root = ElementTree.parse(settings).getroot()
    except ElementTree.ParseError as error:
        raise PlatformError(
            f"{settings} is not XML ({error}). Mend it, or name the repository: MAINSTEM_MAVEN_URL=https://..."
        ) from error
    for element in root.iter():
        if _name(element) == "mirror":
            fields = {_name(child): (child.text or "").strip() for child in element}
            if fields.get("mirrorOf") in _EVERYTHING and fields.get("url"):
                return fields["url"]
    return None


def _name(element: ElementTree.Element) -> str:
    return element.tag.rsplit("}", 1)[-1]


def _default() -> str:
    from jgo.constants import MAVEN_CENTRAL_URL

    return str(MAVEN_CENTRAL_URL)
