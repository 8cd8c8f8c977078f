"""A headless Chromium, steered over its DevTools protocol through two pipes."""

from __future__ import annotations

import fcntl
import json
import os
import select
import shutil
import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

NAMES = ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable"]
CHROMIUM = next(filter(None, map(shutil.which, NAMES)), None)
FLAGS = [
    *("--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"),
    *("--disable-background-networking", "--disable-component-update", "--disable-sync"),
    *("--disable-dev-shm-usage", "--window-size=1400,900", "--remote-debugging-pipe"),
    # No name is found: a page that needs the network fails here even where there is one.
    "--host-resolver-rules=MAP * ~NOTFOUND",
]
# Seconds, on a slow and busy machine too.
PATIENCE = 60.0
# Where to click: the middle of an element, once nothing moves any more and nothing covers it.
MIDDLE = """given => {
    const element = (FINDER)(...given);
    if (!element || document.getAnimations().length) return null;
    element.scrollIntoView({block: "center"});
    const box = element.getBoundingClientRect();
    const [x, y] = [box.x + box.width / 2, box.y + box.height / 2];
    return element.contains(document.elementFromPoint(x, y)) && {x, y};
}"""
EMBEDDED = ("file:", "data:", "blob:", "about:")


class Page:
    """One page in a browser of its own."""

    def __init__(self, profile: Path) -> None:
        assert CHROMIUM is not None
        self.errors: list[str] = []
        self.fetched: list[str] = []
        self._count = 0
        self._unread = b""
        self._answers: dict[int, dict[str, Any]] = {}
        # The browser reads commands from its descriptor 3 and answers on 4.
        theirs_in, self._in = map(_high, os.pipe())
        self._out, theirs_out = map(_high, os.pipe())
        self._process = subprocess.Popen(
            [
                *("bash", "-c", f'exec "$@" 3<&{theirs_in} 4>&{theirs_out}', "bash", CHROMIUM),
                *FLAGS,
                f"--user-data-dir={profile}",
                "about:blank",
            ],
            pass_fds=(theirs_in, theirs_out),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        os.close(theirs_in)
        os.close(theirs_out)
        self._session: str | None = None
        targets = self.send("Target.getTargets")["targetInfos"]
        target = next(target["targetId"] for target in targets if target["type"] == "page")
        attached = self.send("Target.attachToTarget", targetId=target, flatten=True)
        self._session = attached["sessionId"]
        for domain in ("Page", "Runtime", "Log", "Network"):
            self.send(f"{domain}.enable")

    def open(self, path: Path) -> None:
        """Open a file."""
        failed = self.send("Page.navigate", url=path.resolve().as_uri()).get("errorText")
        assert not failed, failed
        self.wait_for("document.readyState === 'complete'")

    def evaluate(self, expression: str, *arguments: Any) -> Any:
        """Give an expression's value; with arguments, that of the function that it is."""
        if arguments:
            expression = f"({expression})(...{json.dumps(arguments)})"
        answer = self.send(
            "Runtime.evaluate", expression=expression, awaitPromise=True, returnByValue=True
        )
        assert "exceptionDetails" not in answer, answer["exceptionDetails"]
        return answer["result"].get("value")

    def wait_for(self, expression: str, *arguments: Any) -> Any:
        """Give the value of an expression as soon as it is true."""
        end = time.monotonic() + PATIENCE
        while not (value := self.evaluate(expression, *arguments)):
            assert time.monotonic() < end, f"never came true: {expression} {arguments}"
            time.sleep(0.05)
        return value

    def click(self, finder: str, *arguments: Any) -> None:
        """Click with the mouse into the middle of the element that a function finds."""
        place = self.wait_for(MIDDLE.replace("FINDER", finder), [*arguments])
        for kind in ("mousePressed", "mouseReleased"):
            self.send("Input.dispatchMouseEvent", type=kind, button="left", clickCount=1, **place)

    def send(self, method: str, **parameters: Any) -> dict[str, Any]:
        """Send a command and wait for its answer, taking note of what happens meanwhile."""
        self._count += 1
        message: dict[str, Any] = {"id": self._count, "method": method, "params": parameters}
        if self._session:
            message["sessionId"] = self._session
        os.write(self._in, json.dumps(message).encode() + b"\0")
        end = time.monotonic() + PATIENCE
        while self._count not in self._answers:
            self._read(end - time.monotonic())
        answer = self._answers.pop(self._count)
        assert "error" not in answer, (method, answer["error"])
        return answer["result"]

    def close(self) -> None:
        """End the browser."""
        self.send("Page.close")
        self._session = None
        os.write(self._in, b'{"id": 0, "method": "Browser.close"}\0')
        try:
            self._process.wait(PATIENCE)
        finally:
            self._process.kill()
            os.close(self._in)
            os.close(self._out)

    def _read(self, seconds: float) -> None:
        assert select.select([self._out], [], [], max(seconds, 0))[0], "the browser does not answer"
        received = os.read(self._out, 1 << 20)
        assert received, "the browser ended"
        *messages, self._unread = (self._unread + received).split(b"\0")
        for message in map(json.loads, messages):
            if "id" in message:
                self._answers[message["id"]] = message
            elif note := NOTED.get(message["method"]):
                note(self, message["params"])

    def _note_request(self, event: dict[str, Any]) -> None:
        if not (url := event["request"]["url"]).startswith(EMBEDDED):
            self.fetched.append(url)

    def _note_call(self, event: dict[str, Any]) -> None:
        if event["type"] in ("error", "assert"):
            said = [str(a.get("value", a.get("description"))) for a in event["args"]]
            self.errors.append(" ".join(said))

    def _note_entry(self, event: dict[str, Any]) -> None:
        if event["entry"]["level"] == "error":
            self.errors.append(event["entry"]["text"])

    def _note_exception(self, event: dict[str, Any]) -> None:
        details = event["exceptionDetails"]
        self.errors.append(details.get("exception", {}).get("description", details["text"]))


NOTED: dict[str, Callable[[Page, dict[str, Any]], None]] = {
    "Network.requestWillBeSent": Page._note_request,
    "Runtime.consoleAPICalled": Page._note_call,
    "Log.entryAdded": Page._note_entry,
    "Runtime.exceptionThrown": Page._note_exception,
}


def _high(descriptor: int) -> int:
    """Move a descriptor out of the way of 3 and 4."""
    moved = fcntl.fcntl(descriptor, fcntl.F_DUPFD_CLOEXEC, 10)
    os.close(descriptor)
    return moved
