"""Says who may see what, by Airflow's own login and permissions. A model is seen by those who may read its monitoring.

Applications that a plugin mounts inherit no authentication, so that each route asks for it here.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Annotated

from airflow.api_fastapi.app import get_auth_manager
from airflow.api_fastapi.core_api.security import GetUserDep, requires_access_dag
from airflow.models.dag import DagModel
from airflow.utils.session import create_session
from fastapi import Depends, HTTPException, Request
from sqlalchemy import select

if TYPE_CHECKING:
    from airflow.api_fastapi.auth.managers.models.base_user import BaseUser

PREFIX = "monitor__"
"""Says how the id of a model's monitoring DAG begins."""


class Viewer:
    """The person who asks.

    Parameters
    ----------
    request : Request
        The request.
    user : BaseUser
        The user whom Airflow has authenticated.
    """

    def __init__(self, request: Request, user: BaseUser) -> None:
        self._request = request
        self._user = user

    def may_read(self, model: str) -> bool:
        """Return whether the person may read a model."""
        try:
            self.require(model)
        except HTTPException:
            return False
        return True

    def require(self, model: str) -> None:
        """Refuse with 403 whoever may not read a model, whether there is such a model or not.

        Raises
        ------
        HTTPException
            If the person may not read its monitoring DAG.
        """
        requires_access_dag("GET", None, f"{PREFIX}{model}")(self._request, self._user)

    def readable(self, models: Iterable[str]) -> frozenset[str]:
        """Return those of some models that the person may read, asked at once."""
        wanted = {f"{PREFIX}{model}" for model in models}
        manager = get_auth_manager()
        allowed = wanted & manager.get_authorized_dag_ids(user=self._user, method="GET")
        # A spec that was broken from the beginning has no DAG. Airflow is asked for its id all the same.
        with create_session() as session:
            there = set(session.scalars(select(DagModel.dag_id).where(DagModel.dag_id.startswith(PREFIX))))
        if unknown := wanted - there:
            allowed |= manager.filter_authorized_dag_ids(dag_ids=unknown, user=self._user, method="GET")
        return frozenset(dag_id.removeprefix(PREFIX) for dag_id in allowed)


def _viewer(request: Request, user: GetUserDep) -> Viewer:
    return Viewer(request, user)


ViewerDep = Annotated[Viewer, Depends(_viewer)]
"""Says what each route with data takes: without a valid login it answers 401."""
