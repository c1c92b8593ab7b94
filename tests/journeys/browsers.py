"""Real browsers behind one small interface: Chromium through Playwright, stock Firefox through WebDriver BiDi.

Each person has a browser process of their own, as the camera and microphone files are chosen when it starts.
"""

import json
import queue
import subprocess
import threading
import time
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Any, Protocol, Self, TypeVar

from playwright.sync_api import BrowserContext, ConsoleMessage, Page, Playwright, ViewportSize
from playwright.sync_api import Error as PlaywrightError

from deploy import browsers as programs
from tests.journeys import packages, pictures

T = TypeVar("T")

WAIT_SECONDS = 20.0
FIREFOX_SECONDS = 60.0
FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-features=WebRtcHideLocalIpsWithMdns",
    "--auto-accept-this-tab-capture",
)
FAKE_DEVICES = "--use-fake-device-for-media-stream"
FAKE_ANSWERS = "--use-fake-ui-for-media-stream"  # says yes to every question for a device


class Browser(Protocol):
    """What a person does with a browser, whichever it is."""

    def open(self, url: str) -> None:
        """Type an address."""

    def reload(self) -> None:
        """Press reload."""

    def address(self) -> str:
        """Return what the address bar shows."""

    def click(self, role: str, name: str) -> None:
        """Press what has this role and name, once it is there."""

    def fill(self, name: str, text: str) -> None:
        """Type into the field with this name."""

    def ask(self, body: str, argument: Any = None) -> Any:
        """Run a function in the page and return its result."""

    def screenshot(self, path: Path) -> None:
        """Keep a picture of the page."""

    def problems(self) -> list[str]:
        """Return the errors the console showed."""

    def requests(self) -> list[str]:
        """Return the addresses of everything the page asked for."""

    def close(self) -> None:
        """Close the window."""


class Chromium:
    """One page of one Chromium process."""

    def __init__(self, context: BrowserContext, *, owned: bool = True, page: Page | None = None) -> None:
        self.context = context
        self._owned = owned
        self.page: Page = page or context.new_page()
        self._problems: list[str] = []
        self._requests: list[str] = []
        self.watch(self.page)

    def sibling(self) -> "Chromium":
        """Open another window of the same device: same account, same key ring."""
        return Chromium(self.context, owned=False)

    def adopt(self, page: Page) -> "Chromium":
        """Return a window that the page opened by itself."""
        return Chromium(self.context, owned=False, page=page)

    def watch(self, page: Page) -> None:
        """Note the page's errors and requests."""
        page.on("console", self._console)
        page.on("pageerror", lambda error: self._problems.append(str(error)))
        page.on("request", lambda request: self._requests.append(request.url))
        page.on("websocket", lambda socket: self._requests.append(socket.url))
        page.set_default_timeout(WAIT_SECONDS * 1000)

    def open(self, url: str) -> None:
        """Type an address; as in a new tab, even if only the part after # differs."""
        self.page.goto("about:blank")
        self.page.goto(url, wait_until="domcontentloaded")

    def reload(self) -> None:
        """Press reload."""
        self.page.reload(wait_until="domcontentloaded")

    def address(self) -> str:
        """Return what the address bar shows."""
        return self.page.url

    def click(self, role: str, name: str) -> None:
        """Press what has this role and name, once it is there."""
        self.page.get_by_role(role, name=name, exact=True).first.click()  # type: ignore[arg-type]  # Playwright lists the roles as literals

    def fill(self, name: str, text: str) -> None:
        """Type into the field with this name."""
        self.page.get_by_label(name, exact=True).first.fill(text)

    def ask(self, body: str, argument: Any = None) -> Any:
        """Run a function in the page and return its result; once more if the page goes on to another meanwhile."""
        try:
            return self.page.evaluate(body, argument)
        except PlaywrightError as error:
            if "navigation" not in str(error):
                raise
            self.page.wait_for_load_state("domcontentloaded")
            return self.page.evaluate(body, argument)

    def screenshot(self, path: Path) -> None:
        """Keep a picture of the page."""
        self.page.screenshot(path=path)

    def problems(self) -> list[str]:
        """Return the errors the console showed."""
        return list(self._problems)

    def requests(self) -> list[str]:
        """Return the addresses of everything the page asked for."""
        return list(self._requests)

    def close(self) -> None:
        """Close the window; with the first window of a device its storage goes too."""
        if self._owned:
            self.context.close()
        else:
            self.page.close()

    def _console(self, message: ConsoleMessage) -> None:
        """Keep errors only."""
        if message.type == "error":
            self._problems.append(f"{message.text} ({message.location.get('url', '')})")


class ChromiumProcess:
    """One Chromium with one person's camera and microphone; every window of it is a device of its own."""

    def __init__(
        self,
        playwright: Playwright,
        folder: Path,
        who: str,
        *,
        devices: bool = True,
        answers: bool = True,
        flags: tuple[str, ...] = (),
        camera: pictures.Camera = pictures.SMALL,
        program: Path | None = None,
    ) -> None:
        look = pictures.LOOKS[who]
        arguments = [*FLAGS, *flags, *([FAKE_ANSWERS] if answers else [])]
        if devices:
            picture = pictures.write_camera(folder / f"{who}.y4m", look, camera)
            microphone = pictures.write_microphone(folder / f"{who}.wav", look)
            arguments += [FAKE_DEVICES, f"--use-file-for-fake-video-capture={picture}", f"--use-file-for-fake-audio-capture={microphone}"]
        self._browser = playwright.chromium.launch(
            executable_path=program or programs.chromium(), args=arguments, headless=True, ignore_default_args=["--mute-audio"]
        )

    def window(
        self,
        *,
        locale: str = "en-GB",
        viewport: ViewportSize | None = None,
        dark: bool = False,
        bypass_csp: bool = False,
        init_script: str | None = None,
        permissions: tuple[str, ...] = (),
        touch: bool = False,
        sharp: bool = False,
        record: Path | None = None,
        javascript: bool = True,
    ) -> Chromium:
        """Open a window that shares nothing with the others but the camera and the microphone."""
        context = self._browser.new_context(
            locale=locale,
            viewport=viewport or {"width": 1280, "height": 800},
            color_scheme="dark" if dark else "light",
            bypass_csp=bypass_csp,
            permissions=list(permissions),
            has_touch=touch,
            device_scale_factor=2 if sharp else 1,
            reduced_motion="reduce",
            java_script_enabled=javascript,
            record_har_path=record,
            record_har_content="embed" if record else None,
        )
        if init_script:
            context.add_init_script(init_script)
        return Chromium(context)

    def close(self) -> None:
        """End the process."""
        self._browser.close()


class Firefox:
    """One stock Firefox, driven by firefox.mjs."""

    def __init__(self, *, tone: int) -> None:
        self._process = subprocess.Popen(
            ["node", str(packages.HERE / "firefox.mjs"), str(packages.modules()), str(tone)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env={**packages.environment(), "CONCLAVE_TEST_FIREFOX": str(programs.firefox())},
        )
        self._answers: queue.Queue[dict[str, Any]] = queue.Queue()
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()
        self.version = str(self._answers.get(timeout=FIREFOX_SECONDS)["ready"])

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.close()

    def open(self, url: str) -> None:
        """Type an address."""
        self._call("goto", url="about:blank")
        self._call("goto", url=url)

    def reload(self) -> None:
        """Press reload."""
        self._call("reload")

    def address(self) -> str:
        """Return what the address bar shows."""
        return str(self._call("url"))

    def click(self, role: str, name: str) -> None:
        """Press what has this role and name, once it is there."""
        self._call("click", role=role, name=name)

    def click_css(self, css: str) -> None:
        """Press what this selector finds."""
        self._call("click", css=css)

    def fill(self, name: str, text: str) -> None:
        """Type into the field with this name."""
        self._call("fill", role="textbox", name=name, text=text)

    def ask(self, body: str, argument: Any = None) -> Any:
        """Run a function in the page and return its result."""
        return self._call("evaluate", body=body, argument=argument)

    def screenshot(self, path: Path) -> None:
        """Keep a picture of the page."""
        self._call("screenshot", path=str(path))

    def problems(self) -> list[str]:
        """Return the errors the console showed."""
        return list(self._call("problems"))

    def requests(self) -> list[str]:
        """Return the addresses of everything the page asked for."""
        return list(self._call("requests"))

    def close(self) -> None:
        """End the process, and the browser with it."""
        if self._process.poll() is None:
            assert self._process.stdin is not None
            self._process.stdin.write('{"command": "close"}\n')
            self._process.stdin.close()
            try:
                self._process.wait(WAIT_SECONDS)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()
        self._reader.join(5)
        assert self._process.stdout is not None
        self._process.stdout.close()

    def _call(self, command: str, **arguments: Any) -> Any:
        """Send one request and return its answer.

        Raises:
            AssertionError: Firefox could not do it.
        """
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps({"id": 1, "command": command, **arguments}) + "\n")
        self._process.stdin.flush()
        answer = self._answers.get(timeout=FIREFOX_SECONDS)
        assert "error" not in answer, f"Firefox, {command} {arguments}: {answer['error']}"
        return answer["result"]

    def _read(self) -> None:
        """Hand on what the script says."""
        assert self._process.stdout is not None
        for line in self._process.stdout:
            self._answers.put(json.loads(line))


def until(look: Callable[[], T], *, what: str, seconds: float = WAIT_SECONDS, seen: Callable[[], object] = lambda: "") -> T:
    """Look again and again until the answer is true.

    Args:
        look: asks.
        what: is waited for, in words.
        seconds: at most.
        seen: what to show of the screen if it did not come.

    Returns:
        The answer.

    Raises:
        AssertionError: it was not true in time; with the last answer.
    """
    end = time.monotonic() + seconds
    while True:
        answer = look()
        if answer:
            return answer
        if time.monotonic() > end:
            raise AssertionError(f"Not within {seconds:.0f} s: {what}; last answer: {answer!r}; on screen:\n{seen()}")
        time.sleep(0.1)
