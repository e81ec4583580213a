"""`coopgva ui`: `dagster dev` on a home, on loopback.

This process becomes `dagster dev` instead of starting it: whoever stops the command stops the whole tree.
"""

from __future__ import annotations

import os
import signal
import socket
import sys
from typing import NoReturn

from pipelines.instance import prepare_instance
from resources.errors import ConfigurationError
from resources.home import REPOSITORY, Home

LOOPBACK = ("127.0.0.1", "::1", "localhost")


def serve(home: Home, *, host: str, port: int) -> NoReturn:
    """Turn this process into `dagster dev` on the home's instance.

    Raises:
        ConfigurationError: the port is taken, or the home cannot be written.
    """
    folder = prepare_instance(home)
    _check_free(host, port)
    if host not in LOOPBACK:
        print(f"coopgva: {host} is not loopback and Dagster has no login: put a proxy in front", file=sys.stderr)
    print(f"Dagster UI: http://{host}:{port} (home {home.root}; Ctrl-C stops it)", file=sys.stderr, flush=True)
    # dagster copies its SIGINT handling to SIGTERM. Started in the background of a script, SIGINT is ignored, and
    # SIGTERM would then be ignored for ever; so both are put back to their defaults first.
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_DFL)
    environment = os.environ | {
        "DAGSTER_HOME": str(folder),
        "COOPGVA_HOME": str(home.root),
        "PYTHONWARNINGS": os.environ.get("PYTHONWARNINGS", "ignore"),
        "GX_ANALYTICS_ENABLED": "false",
    }
    command = [sys.executable, "-m", "dagster", "dev", "--host", host, "--port", str(port)]
    command += ["--workspace", str(REPOSITORY / "workspace.yaml")]
    sys.stdout.flush()
    os.execve(sys.executable, command, environment)


def _check_free(host: str, port: int) -> None:
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        with socket.socket(family, kind, protocol) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(address)
    except OSError as error:
        raise ConfigurationError(
            f"cannot listen there ({error.strerror})", where=f"{host}:{port}", action="choose another --port"
        ) from None
