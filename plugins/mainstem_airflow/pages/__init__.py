"""Pages inside Airflow: what the plugin class of this package mounts and lists.

Nothing heavy loads here: workers and the scheduler import plugins too, but only the api-server shows pages.
"""

from __future__ import annotations

from typing import Any

from mainstem_airflow.pages.lazy import LazyApp
from mainstem_airflow.pages.links import BOARDS, PREFIX, PROOFS, ROUTE

fastapi_apps: list[dict[str, Any]] = [{"app": LazyApp(), "url_prefix": PREFIX, "name": "Mainstem pages"}]

external_views: list[dict[str, Any]] = [
    {
        "name": "Data quality",
        "href": f"{PREFIX}/quality",
        "destination": "nav",
        "url_route": ROUTE,
        "nav_top_level": True,
        "icon": f"{PREFIX}/static/quality-light.svg",
        "icon_dark_mode": f"{PREFIX}/static/quality-dark.svg",
    },
    {
        "name": "Proofs",
        "href": f"{PREFIX}/proofs",
        "destination": "nav",
        "url_route": PROOFS,
        "nav_top_level": True,
        "icon": f"{PREFIX}/static/proofs-light.svg",
        "icon_dark_mode": f"{PREFIX}/static/proofs-dark.svg",
    },
    {
        # The menu has room for twelve narrow letters.
        "name": "Boards",
        "href": f"{PREFIX}/boards",
        "destination": "nav",
        "url_route": BOARDS,
        "nav_top_level": True,
        "icon": f"{PREFIX}/static/boards-light.svg",
        "icon_dark_mode": f"{PREFIX}/static/boards-dark.svg",
    },
]
