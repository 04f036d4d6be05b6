"""A server of the protocol of S3 on loopback: moto's, in this process or in one of its own."""

from __future__ import annotations

import contextlib
import logging
import os
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from typing import Any

REGION = "us-east-1"
_SERVE = "from moto.server import main; main(['--host', '127.0.0.1', '--port', '{}'])"


def variables(port: int) -> dict[str, str]:
    """Returns the environment of a process that is to find the server."""
    return {
        "AWS_ENDPOINT_URL": f"http://127.0.0.1:{port}",
        "AWS_ACCESS_KEY_ID": "key",
        "AWS_SECRET_ACCESS_KEY": "secret",
        "AWS_DEFAULT_REGION": REGION,
        "AWS_EC2_METADATA_DISABLED": "true",
        "AWS_CONFIG_FILE": os.devnull,
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
    }


@contextlib.contextmanager
def in_process() -> Iterator[int]:
    """Starts a server in threads of this process, and gives its port."""
    from moto.server import ThreadedMotoServer

    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    try:
        yield server.get_host_and_port()[1]
    finally:
        server.stop()


@contextlib.contextmanager
def apart(port: int) -> Iterator[int]:
    """Starts a server in a process of its own, which lives on when others are killed."""
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    process = subprocess.Popen([sys.executable, "-c", _SERVE.format(port)], **quiet)
    try:
        _await(port)
        yield port
    finally:
        process.kill()
        process.wait()


def _await(port: int, seconds: float = 60.0) -> None:
    end = time.monotonic() + seconds
    while True:
        try:
            urllib.request.urlopen(f"http://127.0.0.1:{port}/moto-api/", timeout=5).close()
            return
        except OSError:
            if time.monotonic() > end:
                raise
            time.sleep(0.1)


def make_bucket(name: str, port: int | None = None) -> None:
    """Makes a bucket, on the server of this process's environment unless another one is given."""
    import boto3

    given = {} if port is None else _client_options(port)
    boto3.client("s3", region_name=REGION, **given).create_bucket(Bucket=name)


def client(port: int) -> Any:
    """Returns a client of AWS for a server."""
    import boto3

    return boto3.client("s3", region_name=REGION, **_client_options(port))


def _client_options(port: int) -> dict[str, str]:
    of = variables(port)
    return {
        "endpoint_url": of["AWS_ENDPOINT_URL"],
        "aws_access_key_id": of["AWS_ACCESS_KEY_ID"],
        "aws_secret_access_key": of["AWS_SECRET_ACCESS_KEY"],
    }
