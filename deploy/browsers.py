"""The browsers of the real-browser tests: found on this machine, or installed."""

import os
import shutil
import sys
from pathlib import Path

from deploy import uv
from deploy.progress import SetupError, explain, step

CHROMIUM_NAMES = ("chromium", "chromium-browser", "google-chrome-stable", "google-chrome")
FIREFOX_NAMES = ("firefox-esr", "firefox")
MAC_CHROMIUM = (
    Path("/Applications/Google Chrome.app/Contents/MacOS/Google Chrome"),
    Path("/Applications/Chromium.app/Contents/MacOS/Chromium"),
)
MAC_FIREFOX = (Path("/Applications/Firefox.app/Contents/MacOS/firefox"),)
DOWNLOADS = uv.HOME / "browsers"


def main() -> None:
    """Find or install both browsers, and print where they are."""
    try:
        sys.stdout.write(f"{chromium()}\n{firefox()}\n")
    except SetupError as error:
        explain(error)
        sys.exit(1)


def chromium() -> Path:
    """Return a Chromium or Chrome, installing one if there is none.

    Raises:
        SetupError: there is none and none can be installed.
    """
    found = find(CHROMIUM_NAMES, MAC_CHROMIUM) or _downloaded()
    if found:
        return found
    if _may_install():
        _apt_install("chromium")
        found = find(CHROMIUM_NAMES, ())
    else:
        with step("Fetching a Chromium for the browser tests") as current:
            current.run(
                [sys.executable, "-m", "playwright", "install", "chromium"],
                log=uv.HOME / "log" / "browsers.log",
                env=dict(os.environ, PLAYWRIGHT_BROWSERS_PATH=str(DOWNLOADS)),
                cwd=uv.ROOT,
                advice="Install Chromium or Chrome with your system's packages, then run the same command again.",
            )
        found = _downloaded()
    return found or _missing("Chromium", package="chromium")


def firefox() -> Path:
    """Return a Firefox as Mozilla or Debian ships it, installing one if there is none.

    Raises:
        SetupError: there is none and none can be installed; a patched build of a test tool would prove nothing.
    """
    found = find(FIREFOX_NAMES, MAC_FIREFOX)
    if not found and _may_install():
        _apt_install("firefox-esr")
        found = find(FIREFOX_NAMES, ())
    return found or _missing("Firefox", package="firefox-esr")


def find(names: tuple[str, ...], places: tuple[Path, ...]) -> Path | None:
    """Return the first program of these names on the PATH or in the usual folders, None when there is none."""
    search = os.pathsep.join([os.environ.get("PATH", ""), "/usr/bin", "/usr/local/bin"])
    for name in names:
        program = shutil.which(name, path=search)
        if program:
            return Path(program)
    return next((place for place in places if place.exists()), None)


def _downloaded() -> Path | None:
    """Return Playwright's Chromium in the checkout, None when it was not fetched."""
    return next(iter(sorted(DOWNLOADS.glob("chromium-*/chrome-*/chrome"), reverse=True)), None)


def _may_install() -> bool:
    """Tell whether this user can install Debian packages."""
    return os.geteuid() == 0 and shutil.which("apt-get") is not None


def _apt_install(package: str) -> None:
    """Install one Debian package."""
    env = dict(os.environ, DEBIAN_FRONTEND="noninteractive")
    advice = f"Install {package} by hand, then run the same command again."
    log = uv.HOME / "log"
    with step("Reading Debian's package lists") as current:
        current.run(["apt-get", "update"], log=log / "apt-update.log", env=env, cwd=uv.ROOT, advice=advice)
    with step(f"Installing {package} for the browser tests") as current:
        command = ["apt-get", "install", "--yes", "--no-install-recommends", package]
        current.run(command, log=log / f"apt-{package}.log", env=env, cwd=uv.ROOT, advice=advice)


def _missing(name: str, *, package: str) -> Path:
    """Raise the sentence for a browser that cannot be had."""
    raise SetupError(
        f"The browser tests need {name}, which is not on this machine.",
        advice=f"Install it (on Debian: apt-get install {package}), then run the same command again.",
    )


if __name__ == "__main__":
    main()
