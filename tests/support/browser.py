"""A real Chromium, driven over its pipe: pages opened, looked at, and used with real mouse and keyboard events."""

import json
import os
import select
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from shutil import which

PROGRAM = which("chromium") or which("chromium-browser") or which("google-chrome")
FLAGS = (
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-sync", "--mute-audio",
    "--disable-background-networking", "--disable-component-update", "--disable-dev-shm-usage",
    "--host-resolver-rules=MAP * ~NOTFOUND", "--allow-file-access-from-files", "--hide-scrollbars",
    "--remote-debugging-pipe", "about:blank",
)  # fmt: skip
ON_3_AND_4 = """import fcntl, os, sys
high = [fcntl.fcntl(int(number), fcntl.F_DUPFD, 10) for number in sys.argv[1:3]]
for number, handle in enumerate(high, start=3):
    os.dup2(handle, number)
os.execv(sys.argv[3], sys.argv[3:])"""
"""The browser reads its commands from the handle 3 and answers on 4."""
PATIENCE = 120
"""Seconds, however busy the machine is."""
KEYS = {"Tab": 9, "Enter": 13, "Escape": 27, " ": 32}


class Browser:
    """One page of a browser. `said` is what the pages have written to the console, or failed with."""

    def __init__(self, process: "subprocess.Popen[bytes]", reader: int, writer: int) -> None:
        self.process = process
        self.said: list[str] = []
        self._reader, self._writer = reader, writer
        self._number, self._session = 0, ""
        self._buffer, self._loaded = b"", set[str]()
        page = next(one for one in self.call("Target.getTargets")["targetInfos"] if one["type"] == "page")
        attached = self.call("Target.attachToTarget", targetId=page["targetId"], flatten=True)
        self._session = attached["sessionId"]
        for domain in ("Page", "Runtime", "Log"):
            self.call(f"{domain}.enable")
        self.call("Page.setLifecycleEventsEnabled", enabled=True)

    def call(self, method: str, **params: object) -> dict:
        """What the browser answers to a command of its protocol."""
        self._number += 1
        message = {"id": self._number, "method": method, "params": params}
        message |= {"sessionId": self._session} if self._session else {}
        os.write(self._writer, json.dumps(message).encode() + b"\0")
        answer = self._until(lambda one: one.get("id") == self._number)
        assert "error" not in answer, (method, answer)
        return answer["result"]

    def _until(self, wanted) -> dict:
        end = time.monotonic() + PATIENCE
        while True:
            while b"\0" not in self._buffer:
                ready, _, _ = select.select([self._reader], [], [], max(0, end - time.monotonic()))
                assert ready, "the browser says nothing"
                content = os.read(self._reader, 1 << 20)
                assert content, "the browser has ended"
                self._buffer += content
            raw, _, self._buffer = self._buffer.partition(b"\0")
            message = json.loads(raw)
            self._note(message)
            if wanted(message):
                return message

    def _note(self, message: Mapping) -> None:
        params = message.get("params", {})
        if message.get("method") == "Page.lifecycleEvent" and params["name"] == "load":
            self._loaded.add(params["loaderId"])
        elif message.get("method") == "Runtime.exceptionThrown":
            self.said.append(json.dumps(params["exceptionDetails"]))
        elif message.get("method") == "Log.entryAdded" and "ERR_FILE_NOT_FOUND" not in params["entry"]["text"]:
            self.said.append(params["entry"]["text"])

    def open(self, path: Path, address: str = "", *, width: int = 1280, height: int = 1600) -> None:
        """Open a page of the disk from its beginning, in a window of this size, until it is loaded."""
        self.resize(width, height)
        self.color("light")
        self.call("Page.navigate", url="about:blank")  # or another address would open the same page
        loader = self.call("Page.navigate", url=path.as_uri() + address)["loaderId"]
        if loader not in self._loaded:
            self._until(lambda _: loader in self._loaded)

    def move(self, address: str) -> None:
        """Change the part of the address behind `#`, as a link does; a page that is opened anew takes half a second."""
        self.js(f"""new Promise((done) => {{
          if (location.hash === {json.dumps(address)}) return done();
          addEventListener("hashchange", () => requestAnimationFrame(done), {{ once: true }});
          location.hash = {json.dumps(address)};
        }})""")

    def resize(self, width: int, height: int) -> None:
        """Give the window this size."""
        self.call("Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=False)

    def color(self, scheme: str) -> None:
        """Prefer `light` or `dark` pages."""
        self.call("Emulation.setEmulatedMedia", features=[{"name": "prefers-color-scheme", "value": scheme}])

    def js(self, expression: str):
        """The value of an expression in the page, awaited where it is a promise."""
        answer = self.call("Runtime.evaluate", expression=expression, awaitPromise=True, returnByValue=True,
                           userGesture=True)  # fmt: skip
        assert "exceptionDetails" not in answer, answer
        return answer["result"].get("value")

    def wait(self, expression: str, wanted: object) -> None:
        """Wait until an expression in the page has this value, frame after frame."""
        end = time.monotonic() + PATIENCE
        while (value := self.js(expression)) != wanted:
            assert time.monotonic() < end, f"{expression} is {value}"
            self.js("new Promise(requestAnimationFrame)")

    def mouse(self, kind: str, x: float, y: float) -> None:
        """Move the mouse (`Moved`), or press or release its button."""
        more = {} if kind == "Moved" else {"button": "left", "clickCount": 1}
        self.call("Input.dispatchMouseEvent", type=f"mouse{kind}", x=x, y=y, **more)

    def click(self, x: float, y: float) -> None:
        """Move the mouse there and click."""
        for kind in ("Moved", "Pressed", "Released"):
            self.mouse(kind, x, y)

    def press(self, key: str) -> None:
        """Press a key."""
        facts = {"key": key, "windowsVirtualKeyCode": KEYS.get(key, ord(key[0].upper()))}
        text = {"text": "\r" if key == "Enter" else key} if len(key) == 1 or key == "Enter" else {}
        self.call("Input.dispatchKeyEvent", type="keyDown", **facts, **text)
        self.call("Input.dispatchKeyEvent", type="keyUp", **facts)


@contextmanager
def open_browser(profile: Path) -> Iterator[Browser]:
    """A browser with a profile of its own."""
    assert PROGRAM is not None, "there is no chromium"
    (to_read, writer), (reader, to_write) = os.pipe(), os.pipe()
    command = [sys.executable, "-c", ON_3_AND_4, str(to_read), str(to_write), PROGRAM, *FLAGS]
    with subprocess.Popen(
        [*command[:-1], f"--user-data-dir={profile}", command[-1]], pass_fds=(to_read, to_write),
        stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    ) as process:  # fmt: skip
        os.close(to_read)
        os.close(to_write)
        try:
            yield Browser(process, reader, writer)
        finally:
            process.kill()
            os.close(writer)
            os.close(reader)
