"""A real RabbitMQ for tests: Debian's server started on free ports under a folder of its own, and stopped again."""

import asyncio
import os
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import aiormq

from tests.support.ports import free_port

START_SECONDS = 90.0
HOST = "127.0.0.2"  # in a container 127.0.0.1 is read as the host `rabbitmq`
# Debian's /usr/sbin/rabbitmq-server becomes another user and writes to /var; the script behind it does neither.
SCRIPTS = "/usr/lib/rabbitmq/bin"


def rabbitmq_script() -> str | None:
    """The server's own start script, None where RabbitMQ is not installed."""
    return shutil.which("rabbitmq-server", path=SCRIPTS) or shutil.which("rabbitmq-server")


@contextmanager
def open_rabbit(folder: Path) -> Iterator[str]:
    """The URL of a broker that lives while the block runs."""
    port, epmd_port = free_port(), free_port()
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "plugins").write_text("[].")
    (folder / "rabbitmq.conf").write_text(f"listeners.tcp.1 = {HOST}:{port}\n")
    environment = {
        **os.environ,
        "HOME": str(folder),  # where Erlang keeps its cookie
        "ERL_EPMD_PORT": str(epmd_port),
        "ERL_EPMD_ADDRESS": "127.0.0.1",
        "RABBITMQ_NODENAME": f"test{port}@localhost",
        "RABBITMQ_DIST_PORT": str(free_port()),
        "RABBITMQ_MNESIA_BASE": str(folder / "mnesia"),
        "RABBITMQ_LOG_BASE": str(folder / "log"),
        "RABBITMQ_CONFIG_FILE": str(folder / "rabbitmq.conf"),
        "RABBITMQ_ENABLED_PLUGINS_FILE": str(folder / "plugins"),
        "RABBITMQ_PID_FILE": str(folder / "pid"),
    }
    with (folder / "out").open("wb") as out:
        # Erlang's name server would stay behind as a daemon; started by us, it ends with us.
        epmd = subprocess.Popen(["epmd", "-port", str(epmd_port)], env=environment, stdout=out, stderr=out)
        _wait_for("127.0.0.1", epmd_port, 10)
        server = subprocess.Popen(
            [str(rabbitmq_script())], env=environment, stdout=out, stderr=out, cwd=folder, start_new_session=True
        )
    try:
        _wait_for(HOST, port, START_SECONDS)
        yield f"amqp://guest:guest@{HOST}:{port}/"
    finally:
        os.killpg(server.pid, signal.SIGKILL)  # nothing in it is worth a slow farewell
        server.wait()
        epmd.kill()
        epmd.wait()


async def publish(url: str, queue: str, bodies: Sequence[bytes], *, message_ids: Iterable[str] | None = None) -> None:
    """Send messages that survive the broker, each confirmed by it; the queue is declared durable."""
    async with aiormq.connect(url) as connection:
        channel = await connection.channel()
        await channel.queue_declare(queue, durable=True)
        ids: list[str | None] = list(message_ids) if message_ids is not None else [None] * len(bodies)
        for start in range(0, len(bodies), 500):
            page = zip(bodies[start : start + 500], ids[start : start + 500], strict=True)
            await asyncio.gather(
                *(
                    channel.basic_publish(
                        body,
                        routing_key=queue,
                        properties=aiormq.spec.Basic.Properties(delivery_mode=2, message_id=message_id),
                    )
                    for body, message_id in page
                )
            )


def _wait_for(host: str, port: int, seconds: float) -> None:
    deadline = time.monotonic() + seconds
    while True:
        try:
            socket.create_connection((host, port), 1).close()
        except OSError:
            if time.monotonic() > deadline:
                raise TimeoutError(f"nobody listens on {host}:{port}") from None
            time.sleep(0.05)
        else:
            return
