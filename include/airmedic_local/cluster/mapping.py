"""Maps what a compose file says of containers to processes on this machine.

Each port of a service becomes a free port on loopback, each folder of a container one under the cluster's home, and a
service's program the one that is installed here. Every address that a text still holds afterwards is an error.
"""

from __future__ import annotations

import re
import socket
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from airmedic_local.cluster.compose import ComposeError, Service
from airmedic_local.ports import HOST, free_port

AIRFLOW_HOME = "/opt/airflow"
"""``AIRFLOW_HOME`` of Airflow's image, on which the project's image rests."""

_LISTENS = {
    "postgres": 5432,
    "redis": 6379,
    "api-server": 8080,
    "scheduler": 8974,
    "celery worker": 8793,
    "triggerer": 8794,
}
"""Program → the port that it listens on where nothing else is said."""
_MOVED_BY = {
    "api-server": "AIRFLOW__API__PORT",
    "scheduler": "AIRFLOW__SCHEDULER__SCHEDULER_HEALTH_CHECK_SERVER_PORT",
    "celery worker": "AIRFLOW__LOGGING__WORKER_LOG_SERVER_PORT",
    "triggerer": "AIRFLOW__LOGGING__TRIGGER_LOG_SERVER_PORT",
}
"""Program of Airflow → the variable that moves its port."""
_ON_LOOPBACK = {"AIRFLOW__API__HOST": HOST, "AIRFLOW__SCHEDULER__SCHEDULER_HEALTH_CHECK_SERVER_HOST": HOST}


def kind_of(service: Service) -> str:
    """Return what a service is: ``postgres``, ``redis``, ``mlflow``, ``init``, or a command of Airflow.

    Raises
    ------
    ComposeError
        If it is nothing that is known here.
    """
    image = service.image.partition(":")[0]
    if image in {"postgres", "redis"}:
        return image
    if image == "airmedic":
        if service.entrypoint[:2] == ("mlflow", "server"):
            return "mlflow"
        if service.entrypoint == ("/bin/bash",) and service.command[:1] == ("-c",):
            return "init"
        command = " ".join(service.command)
        if not service.entrypoint and command in {*_MOVED_BY, "dag-processor"}:
            return command
    raise ComposeError(
        f"services.{service.name}: image {service.image!r} with entrypoint {list(service.entrypoint)} and command "
        f"{list(service.command)} is not known here."
    )


@dataclass(frozen=True)
class Machine:
    """Says where the services of a compose file are on this machine.

    Parameters
    ----------
    home : Path
        Folder of all state.
    services : mapping
        The services.
    project : Path
        The folder of the compose file.
    image_env : mapping
        What the image sets.
    replaced : mapping
        Source of a mount in the compose file → the folder that is mounted in its place.
    """

    home: Path
    services: Mapping[str, Service]
    project: Path
    image_env: Mapping[str, str]
    replaced: Mapping[str, Path] = field(default_factory=dict)
    ports: dict[tuple[str, int], int] = field(init=False, default_factory=dict)
    """Service and port inside → port on this machine."""

    def __post_init__(self) -> None:
        for name, service in self.services.items():
            usual = _LISTENS.get(kind_of(service))
            for port in {*service.published, *service.exposed, *([usual] if usual else [])}:
                self.ports[name, port] = service.published.get(port) or free_port()

    def port(self, service: str) -> int:
        """Return the only port of a service."""
        (port,) = [outside for (name, _), outside in self.ports.items() if name == service]
        return port

    def folders(self) -> dict[str, Path]:
        """Return folder inside → folder on this machine, the longest first."""
        mounts = {mount.target: mount.source for service in self.services.values() for mount in service.mounts}
        inside = {AIRFLOW_HOME: self.home / "airflow"}
        inside |= {target: self._folder(source) for target, source in mounts.items()}
        return dict(sorted(inside.items(), key=lambda item: -len(item[0])))

    def make_folders(self) -> None:
        """Make the folders of named volumes, and lay what is mounted from the project where Airflow looks for it."""
        (self.home / "airflow").mkdir(parents=True, exist_ok=True)
        for target, folder in self.folders().items():
            folder.mkdir(parents=True, exist_ok=True)
            inside = Path(target)
            if inside.parent == Path(AIRFLOW_HOME):
                link = self.home / "airflow" / inside.name
                if link.is_symlink():
                    link.unlink()
                if link != folder:
                    link.symlink_to(folder)

    def text(self, service: Service, text: str) -> str:
        """Return a text of a service with its addresses and paths as they are here.

        Parameters
        ----------
        service : Service
            Whose text it is: ``localhost`` means itself.
        text : str
            A value of its environment, or a word of a command.

        Raises
        ------
        ComposeError
            If it names a port that no service listens on.
        """
        names = "|".join(map(re.escape, self.services))
        text = re.sub(rf"(?<![\w.-])({names}):(\d+)", lambda m: self._address(service, m[1], int(m[2])), text)
        text = re.sub(rf"(?:(?<=@)|(?<=://))({names})(?=/|$)", lambda m: f"{HOST}:{self.port(m[1])}", text)
        text = re.sub(r"\blocalhost:(\d+)", lambda m: self._local(service, int(m[1])), text)
        text = text.replace("0.0.0.0", HOST)  # noqa: S104  that is what is replaced
        for inside, folder in self.folders().items():
            text = re.sub(rf"(?<![\w.-]){re.escape(inside)}(?![\w-])", str(folder), text)
        if left := re.search(rf"(?:@|://)({names})\b", text):
            raise ComposeError(f"services.{service.name}: {left[1]} is still an address in {_shown(text)!r}.")
        return text

    def environment(self, service: Service) -> dict[str, str]:
        """Return the variables of a service: those of its image, its own, and those that move its ports."""
        built = kind_of(service) not in {"postgres", "redis"}
        told = {**(self.image_env if built else {}), **service.environment}
        env = {name: self.text(service, value) for name, value in told.items()}
        if built:
            env |= {"AIRFLOW_HOME": str(self.home / "airflow"), "HOSTNAME": socket.gethostname()} | _ON_LOOPBACK
            for name, other in self.services.items():
                variable = _MOVED_BY.get(kind_of(other))
                if variable:
                    env[variable] = str(self.ports[name, _LISTENS[kind_of(other)]])
        return env

    def _folder(self, source: str) -> Path:
        if source in self.replaced:
            return self.replaced[source]
        if source.startswith("."):
            return (self.project / source).resolve()
        return Path(source) if source.startswith("/") else self.home / "volumes" / source

    def _address(self, service: Service, name: str, port: int) -> str:
        outside = self.ports.get((name, port))
        if outside is None:
            raise ComposeError(f"services.{service.name}: {name}:{port} is named, and {name} does not listen there.")
        return f"{HOST}:{outside}"

    def _local(self, service: Service, port: int) -> str:
        if outside := self.ports.get((service.name, port)):
            return f"{HOST}:{outside}"
        if port in self.ports.values():
            return f"{HOST}:{port}"
        raise ComposeError(f"services.{service.name}: localhost:{port} is named, and nothing listens there.")


def image_environment(dockerfile: Path) -> dict[str, str]:
    """Return the variables that a Dockerfile sets."""
    text = dockerfile.read_text(encoding="utf-8").replace("\\\n", " ")
    return {
        name: value
        for line in re.findall(r"^ENV (.+)$", text, re.MULTILINE)
        for name, value in re.findall(r"(\w+)=(\S+)", line)
    }


def _shown(text: str) -> str:
    """Return a text without what may be a password."""
    return re.sub(r"://[^@/]*@", "://…@", text)
