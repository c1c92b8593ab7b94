"""run: `git pull && ./conclave run` brings an installation to another version and back, and a backup brings it anywhere, with all it kept.

What is fetched and built is taken from this checkout, as builds have tests of their own; all else is what an operator does.
"""

import base64
import http.cookiejar
import json
import re
import secrets
import subprocess
import sys
import urllib.parse
import urllib.request
from pathlib import Path

import pytest

from tests.journeys.people import PASSWORD
from tests.journeys.world import ROOT, Installation, installation

# The version to come from while there is no tag.
EARLIER = "802be6aba57195538f6b7af499fad0fe0527d69b"
KEPT_IN = re.compile(r"is kept in (\S+\.tar)\.")
WAY_BACK = re.compile(r"\./conclave (admin restore \S+ --replace)")
# A table more, as a change of the database that this version does not know.
TOMORROW = """from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("meetings", "{latest}")]
    operations = [migrations.RunSQL("CREATE TABLE meetings_tomorrow (x INTEGER)")]
"""
# What the first start would make: the environment and both builds, said to be current as they are here.
FURNISH = """
from deploy import bootstrap, build
bootstrap.STAMP.write_text(bootstrap.wanted_stamp())
web, deploy = build.ROOT / "web", build.ROOT / "deploy"
build._set_stamp("web", build.fingerprint([*build.web_inputs(web), *sorted((build.ROOT / "mls" / "dist").glob("*")), deploy / "node.lock"]))
build._set_stamp("engine", build.fingerprint([build.ROOT / "engine" / "go.mod", build.ROOT / "engine" / "go.sum", deploy / "go.lock"]))
geo = deploy / "geo"
if geo.is_dir():
    build._set_stamp("geo", build.fingerprint([geo / "package.json", geo / "package-lock.json", deploy / "node.lock"]))
"""


def git(*arguments: str, cwd: Path) -> str:
    who = ("-c", "user.name=Alice", "-c", "user.email=alice@example.org", "-c", "core.hooksPath=/dev/null")
    done = subprocess.run(["git", *who, *arguments], cwd=cwd, capture_output=True, text=True, check=False)
    assert done.returncode == 0, f"git {arguments}: {done.stderr}"
    return done.stdout.strip()


def earlier() -> str:
    """Return the newest tagged version before this one, else a commit whose `run` worked."""
    here = git("rev-parse", "HEAD", cwd=ROOT)
    tags = git("tag", "--merged", "HEAD", "--sort=-creatordate", cwd=ROOT).split()
    return next((tag for tag in tags if git("rev-parse", f"{tag}^{{commit}}", cwd=ROOT) != here), EARLIER)


class Project:
    """Where versions are published, and the checkout of an operator who follows it."""

    def __init__(self, folder: Path, *, first: str | None) -> None:
        self.origin, self.checkout = folder / "origin", folder / "checkout"
        git("clone", "-q", "--shared", "--no-checkout", str(ROOT), str(self.origin), cwd=folder)
        git("checkout", "-q", "-B", "published", first or "HEAD", cwd=self.origin)
        if first is None:
            self.publish("this version")
        git("clone", "-q", "-b", "published", str(self.origin), str(self.checkout), cwd=folder)
        self.furnish()

    def publish(self, message: str) -> None:
        """Publish the files that are here now, committed or not, as the next version."""
        git("rm", "-rq", ".", cwd=self.origin)
        for name in git("ls-files", "-z", "--cached", "--others", "--exclude-standard", cwd=ROOT).split("\0"):
            if name and (ROOT / name).is_file():
                (self.origin / name).parent.mkdir(parents=True, exist_ok=True)
                (self.origin / name).write_bytes((ROOT / name).read_bytes())
                (self.origin / name).chmod((ROOT / name).stat().st_mode)
        git("add", "-A", cwd=self.origin)
        git("commit", "-qm", message, "--allow-empty", cwd=self.origin)

    def publish_a_change_of_the_database(self) -> None:
        """Publish a version that is newer than the one that is here."""
        folder = self.origin / "src" / "conclave" / "meetings" / "migrations"
        latest = max(path.stem for path in folder.glob("[0-9]*.py"))
        (folder / "9999_from_tomorrow.py").write_text(TOMORROW.format(latest=latest), encoding="utf-8")
        git("add", "-A", cwd=self.origin)
        git("commit", "-qm", "tomorrow", cwd=self.origin)

    def pull(self) -> None:
        """Do what the documents say."""
        git("pull", "-q", "--ff-only", cwd=self.checkout)
        self.furnish()

    def go_back(self) -> None:
        """Check out the version before."""
        git("checkout", "-q", "HEAD~1", cwd=self.checkout)
        self.furnish()

    def furnish(self) -> None:
        """Give the checkout what the first start would fetch and build."""
        home = self.checkout / ".conclave"
        (home / "venv").mkdir(parents=True, exist_ok=True)
        parts = [path for path in (ROOT / ".conclave" / "venv").iterdir() if path.name != "conclave-stamp"]
        for link, target in [(home / "bin", ROOT / ".conclave" / "bin"), (self.checkout / "web" / "dist", ROOT / "web" / "dist")] + [
            (home / "venv" / part.name, part) for part in parts
        ]:
            if not link.exists():
                link.symlink_to(target)
        packages = Path("deploy", "geo", "node_modules")
        if (self.checkout / packages).parent.is_dir() and not (self.checkout / packages).exists():
            (self.checkout / packages).symlink_to(ROOT / packages)
        done = subprocess.run([sys.executable, "-c", FURNISH], cwd=self.checkout, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr

    def server(self, state: Path, *, migrated: bool = False) -> Installation:
        """Return an installation that runs this checkout's `./conclave run`, `migrated` as installation() takes it."""
        own = installation(state, migrated=migrated)
        own.checkout, own.command = self.checkout, (str(self.checkout / "conclave"), "run")
        return own

    def conclave(self, own: Installation, command: str) -> subprocess.CompletedProcess[str]:
        """Type a command at the terminal of the installation."""
        arguments = [str(self.checkout / "conclave"), *command.split()]
        return subprocess.run(arguments, cwd=self.checkout, env=own.environment(), capture_output=True, text=True, check=False, timeout=120)


class Alice:
    """The owner, with the cookies of one browser."""

    def __init__(self, own: Installation) -> None:
        self.own = own
        self._browser = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(http.cookiejar.CookieJar()))

    def become_owner(self) -> None:
        """Use the owner link."""
        page = self._ask("/owner")
        found = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', page)
        assert found
        fields = {"name": "Alice", "email": "alice@example.org", "password": PASSWORD, "password_again": PASSWORD}
        token = self.own.owner_link.partition("#")[2]
        self._ask("/owner", urllib.parse.urlencode({**fields, "token": token, "csrfmiddlewaretoken": found[1]}).encode())

    def make_meeting(self, title: str) -> None:
        """Make a meeting, as her browser does."""
        ids = {name: base64.urlsafe_b64encode(secrets.token_bytes(16)).decode().rstrip("=") for name in ("meeting", "link_id", "host_hash")}
        self._ask("/api/v1/meetings", json.dumps({**ids, "title": title}).encode(), kind="application/json")

    def meetings(self) -> set[str]:
        """Return the titles of her meetings; she is still signed in."""
        return {meeting["title"] for meeting in json.loads(self._ask("/api/v1/meetings"))["meetings"]}

    def _ask(self, path: str, body: bytes | None = None, *, kind: str = "application/x-www-form-urlencoded") -> str:
        request = urllib.request.Request(f"{self.own.url}{path}", data=body, headers={"Content-Type": kind} if body else {})
        with self._browser.open(request, timeout=20) as answer:
            return str(answer.read().decode())


@pytest.mark.journey("run")
def test_an_older_version_is_brought_to_this_one_and_back_with_everything_in_it(tmp_path: Path) -> None:
    project = Project(tmp_path, first=earlier())
    own = project.server(tmp_path / "var")
    alice = Alice(own)
    try:
        own.start(seconds=60)
        alice.become_owner()
        alice.make_meeting("Made before")
        own.stop()

        project.publish("this version")
        project.pull()
        own.start(seconds=60)
        kept = KEPT_IN.search(own.output)
        assert alice.meetings() == {"Made before"}
        alice.make_meeting("Made after")
        own.stop()

        if kept:  # this version changed the database: the way back leads over the backup
            assert project.conclave(own, f"admin restore {kept[1]} --replace").returncode == 0
        project.go_back()
        own.start(seconds=60)
        assert alice.meetings() == {"Made before"} | ({"Made after"} if not kept else set())
    finally:
        own.stop()


@pytest.mark.journey("run")
def test_a_change_of_the_database_is_backed_up_and_the_older_version_names_the_way_back(tmp_path: Path) -> None:
    project = Project(tmp_path, first=None)
    own = project.server(tmp_path / "var", migrated=True)
    alice = Alice(own)
    try:
        own.start(seconds=60)
        alice.become_owner()
        alice.make_meeting("Made before")
        own.stop()

        project.publish_a_change_of_the_database()
        project.pull()
        own.start(seconds=60)
        kept = KEPT_IN.search(own.output)
        assert kept
        assert alice.meetings() == {"Made before"}
        alice.make_meeting("Made after")
        own.stop()

        project.go_back()
        own.launch()
        assert own.wait(seconds=60) == 1
        assert "A newer version of Conclave has changed the database (it has meetings.9999_from_tomorrow)" in own.output
        assert "[database_newer]" in own.output
        assert "Traceback" not in own.output
        named = WAY_BACK.search(own.output)
        assert named
        assert kept[1] in named[1]

        done = project.conclave(own, named[1])
        assert done.returncode == 0, done.stderr
        own.start(seconds=60)
        assert alice.meetings() == {"Made before"}
        (aside,) = own.state.glob("before-restore-*")
        assert (aside / "conclave.sqlite3").exists()
    finally:
        own.stop()


@pytest.mark.journey("run")
def test_a_backup_made_while_the_server_runs_brings_it_to_another_machine(tmp_path: Path) -> None:
    old, new = installation(tmp_path / "old", migrated=True), installation(tmp_path / "new")
    file = tmp_path / "usb" / "conclave.tar"
    alice = Alice(old)

    def admin(own: Installation, *arguments: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "conclave.cli", "admin", *arguments]
        return subprocess.run(command, cwd=ROOT, env=own.environment(), capture_output=True, text=True, check=False, timeout=120)

    try:
        old.start()
        alice.become_owner()
        alice.make_meeting("On the old machine")
        done = admin(old, "backup", str(file))
        assert done.returncode == 0, done.stderr
        assert f"The backup is in {file}: it was unpacked again and compared." in done.stdout
        assert file.stat().st_mode & 0o777 == 0o600
        refused = admin(old, "restore", str(file), "--replace")
        assert refused.returncode == 1
        assert "[installation_running]" in refused.stderr
        assert alice.meetings() == {"On the old machine"}
        old.stop()

        assert admin(new, "restore", str(file)).returncode == 0
        new.start()
        alice.own = new
        assert alice.meetings() == {"On the old machine"}
        assert "Owner link" not in new.output
    finally:
        old.stop()
        new.stop()
