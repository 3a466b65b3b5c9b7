"""A real browser for tests: Chromium without a window, driven over a pipe by its DevTools protocol."""

import asyncio
import base64
import json
import os
import shutil
import sys
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from itertools import count
from typing import Any

BINARIES = ("chromium", "chromium-browser", "google-chrome")
FLAGS = (
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run", "--hide-scrollbars",
    "--disable-background-networking", "--disable-component-update", "--remote-debugging-pipe", "about:blank",
)  # fmt: skip
# The protocol's pipe is file descriptors 3 and 4, which a process must take for itself before it becomes the browser.
BECOME = (
    "import os, sys; there, back = map(int, sys.argv[1:3]); os.dup2(there, 100); os.dup2(back, 101);"
    " os.dup2(100, 3); os.dup2(101, 4); os.execv(sys.argv[3], sys.argv[3:])"
)
KEYS = {"Tab": (9, ""), "Enter": (13, "\r"), "Space": (32, " "), "Escape": (27, "")}


class Refused(Exception):
    """The browser could not do as it was told."""


def chromium() -> str | None:
    """Where Chromium is, None where it is not installed."""
    return next((found for name in BINARIES if (found := shutil.which(name))), None)


class Browser:
    """One tab. `complaints` are what its console was told of errors and refusals, such as a content policy's."""

    def __init__(self, reader: asyncio.StreamReader, writer: Any) -> None:
        self.complaints: list[str] = []
        self._reader = reader
        self._writer = writer
        self._numbers = count(1)
        self._waiting: dict[int, asyncio.Future[Any]] = {}
        self._session: str | None = None
        self._listening = asyncio.create_task(self._listen())

    async def open(self, *, width: int, height: int, dark: bool = False) -> None:
        """Take a tab of this size, in CSS pixels."""
        target = await self.send("Target.createTarget", url="about:blank")
        attached = await self.send("Target.attachToTarget", targetId=target["targetId"], flatten=True)
        self._session = attached["sessionId"]
        for domain in ("Page", "Runtime", "Log"):
            await self.send(f"{domain}.enable")
        scheme = {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}
        await self.send("Emulation.setEmulatedMedia", features=[scheme])
        await self.resize(width, height)

    async def resize(self, width: int, height: int) -> None:
        """Another size, in CSS pixels; a narrow one is a phone."""
        await self.send(
            "Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=width < 600
        )

    async def visit(self, url: str) -> None:
        """Go to an address, which may hold a user name and password."""
        failed = (await self.send("Page.navigate", url=url)).get("errorText")
        assert not failed, failed
        await self.until("document.readyState === 'complete' && location.href !== 'about:blank'")

    async def ask(self, script: str) -> Any:
        """The value of an expression of the page."""
        answer = await self.send("Runtime.evaluate", expression=script, returnByValue=True, awaitPromise=True)
        assert "exceptionDetails" not in answer, answer["exceptionDetails"]
        return answer["result"].get("value")

    async def until(self, script: str, seconds: float = 20.0) -> None:
        """Wait until an expression holds."""
        async with asyncio.timeout(seconds):
            while True:
                with suppress(Refused):  # while one page gives way to the next there is none to ask
                    if await self.ask(f"!!({script})"):
                        return
                await asyncio.sleep(0.03)

    async def press(self, key: str, *, shift: bool = False) -> None:
        """One key, as a person without a mouse presses it."""
        code, text = KEYS[key]
        name = " " if key == "Space" else key
        common = {"key": name, "code": key, "windowsVirtualKeyCode": code, "modifiers": 8 if shift else 0}
        await self.send("Input.dispatchKeyEvent", type="keyDown" if text else "rawKeyDown", text=text, **common)
        await self.send("Input.dispatchKeyEvent", type="keyUp", **common)

    async def write(self, text: str) -> None:
        """Text into what has the focus."""
        await self.send("Input.insertText", text=text)

    async def picture(self, *, whole: bool = True) -> bytes:
        """A screenshot of the page, as PNG."""
        answer = await self.send("Page.captureScreenshot", captureBeyondViewport=whole)
        return base64.b64decode(answer["data"])

    async def send(self, method: str, **params: Any) -> Any:
        """One command of the protocol."""
        number = next(self._numbers)
        message = {"id": number, "method": method, "params": params}
        if self._session is not None:
            message["sessionId"] = self._session
        answered = self._waiting[number] = asyncio.get_running_loop().create_future()
        self._writer.write(json.dumps(message).encode() + b"\0")
        return await asyncio.wait_for(answered, 15)

    async def close(self) -> None:
        """Hear nothing more."""
        self._listening.cancel()
        self._writer.close()

    async def _listen(self) -> None:
        while True:
            message = json.loads((await self._reader.readuntil(b"\0"))[:-1])
            if "id" in message:
                answered = self._waiting.pop(message["id"])
                if answered.done():
                    continue
                if "error" in message:
                    answered.set_exception(Refused(message["error"]))
                else:
                    answered.set_result(message["result"])
            elif message["method"] == "Runtime.exceptionThrown":
                self.complaints.append(str(message["params"]["exceptionDetails"]))
            elif message["method"] == "Log.entryAdded" and message["params"]["entry"]["level"] == "error":
                entry = message["params"]["entry"]
                self.complaints.append(f"{entry['source']}: {entry['text']} {entry.get('url', '')}")


@asynccontextmanager
async def open_browser(*, width: int = 1280, height: int = 900, dark: bool = False) -> AsyncIterator[Browser]:
    """Start Chromium and end it again."""
    binary = chromium()
    assert binary is not None
    to_read, to_write = os.pipe()
    from_read, from_write = os.pipe()
    with tempfile.TemporaryDirectory(prefix="browser", ignore_cleanup_errors=True) as folder:
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-c", BECOME, str(to_read), str(from_write), binary, f"--user-data-dir={folder}", *FLAGS,
            pass_fds=(to_read, from_write), stdout=asyncio.subprocess.DEVNULL, stderr=asyncio.subprocess.DEVNULL,
        )  # fmt: skip
        os.close(to_read)
        os.close(from_write)
        loop = asyncio.get_running_loop()
        reader = asyncio.StreamReader(limit=2**26)
        await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), os.fdopen(from_read, "rb"))
        writer, _ = await loop.connect_write_pipe(asyncio.Protocol, os.fdopen(to_write, "wb"))
        browser = Browser(reader, writer)
        try:
            await browser.open(width=width, height=height, dark=dark)
            yield browser
        finally:
            await browser.close()
            if process.returncode is None:
                process.terminate()
            await process.wait()
