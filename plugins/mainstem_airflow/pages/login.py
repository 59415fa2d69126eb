"""The only file that touches Airflow's log-in, which is not part of its public SDK."""

from __future__ import annotations

from airflow.api_fastapi.core_api.security import get_user as signed_in

__all__ = ["signed_in"]
