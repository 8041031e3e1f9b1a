"""What has to be done for a machine to trust an authority or forget it: steps, not yet taken."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from hanse.fleet.certificates.trust_store import (
    AnchorFolder,
    BrowserDatabase,
    Command,
    Keychain,
    Subject,
    SystemStore,
)

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from hanse.fleet.certificates.trust_store import Answer

    Which = Callable[[str], str | None]

LINUX_STORES = (
    (
        *("usr/local/share/ca-certificates", ".crt"),
        *("update-ca-certificates", "etc/ssl/certs/ca-certificates.crt"),
    ),
    (
        *("etc/pki/ca-trust/source/anchors", ".pem"),
        *("update-ca-trust", "etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem"),
    ),
    (
        *("etc/ca-certificates/trust-source/anchors", ".crt"),
        *("update-ca-trust", "etc/ca-certificates/extracted/tls-ca-bundle.pem"),
    ),
    (
        *("etc/pki/trust/anchors", ".pem"),
        *("update-ca-certificates", "var/lib/ca-certificates/ca-bundle.pem"),
    ),
)
"""Debian and Ubuntu, Fedora and its kin, Arch, openSUSE: folder, suffix, command, bundle."""

KEYCHAIN = "Library/Keychains/System.keychain"
CHROMIUM_PROGRAMS = ("chromium", "chromium-browser", "google-chrome", "brave-browser")
CHROMIUM_FOLDERS = (".pki/nssdb", ".local/share/pki/nssdb", "snap/chromium/current/.pki/nssdb")
FIREFOX_PROFILES = (
    ".mozilla/firefox/*",
    ".config/mozilla/firefox/*",
    "snap/firefox/common/.mozilla/firefox/*",
    ".var/app/org.mozilla.firefox/.mozilla/firefox/*",
    "Library/Application Support/Firefox/Profiles/*",
)
DATABASE = "cert9.db"
CERTUTIL_PACKAGES = {
    "apt-get": "apt install libnss3-tools",
    "dnf": "dnf install nss-tools",
    "pacman": "pacman -S nss",
    "zypper": "zypper install mozilla-nss-tools",
}


class Machine(NamedTuple):
    """What a plan has to know.

    Attributes:
        root: Folder of the whole system: `/`.
        home: Folder of the user.
        is_root: Whether this process may change the system.
        for_whom: Who called by sudo: browsers are theirs and not root's; else empty.
        is_mac: Whether it is macOS.
        which: Finds a program.
        ask: Runs a command that changes nothing.
    """

    root: Path
    home: Path
    is_root: bool
    for_whom: str
    is_mac: bool
    which: Which
    ask: Answer


class Step(NamedTuple):
    """Some commands that belong together, and what they are for."""

    purpose: str
    commands: tuple[Command, ...]
    needs_root: bool = False


class Plan(NamedTuple):
    """What to do.

    Attributes:
        steps: In turn.
        already: What is as it should be.
        notes: What cannot be done from here, and how a person can.
    """

    steps: tuple[Step, ...]
    already: tuple[str, ...]
    notes: tuple[str, ...]


def plan(machine: Machine, subject: Subject, *, uninstall: bool) -> Plan:
    """Works out what differs from what is wanted. Changes nothing."""
    stores, notes = _stores(machine, subject)
    steps: list[Step] = []
    already: list[str] = []
    for purpose, store in stores:
        needs_root = not isinstance(store, BrowserDatabase)
        if uninstall:
            due, commands = store.mentions(subject, machine.ask), store.remove(subject)
        else:
            due, commands = not store.trusts(subject, machine.ask), store.add(subject)
        if due:
            steps.append(Step(purpose, commands, needs_root))
        else:
            already.append(purpose)
    return Plan(tuple(steps), tuple(already), () if uninstall and not steps else tuple(notes))


def _stores(
    machine: Machine, subject: Subject
) -> tuple[list[tuple[str, SystemStore | BrowserDatabase]], list[str]]:
    stores: list[tuple[str, SystemStore | BrowserDatabase]] = []
    notes: list[str] = []
    system = system_store(machine)
    if system is None:
        notes.append(
            "Where this system keeps whom it trusts is not known here. Add the authority as its "
            f"papers say; it is {subject.file}"
        )
    else:
        stores.append(("the system: curl, Python and most programs", system))
    folders = browser_folders(machine)
    certutil = machine.which("certutil")
    if folders and machine.for_whom:
        notes.append(
            "Browsers keep lists of their own. Run the same again without sudo, as "
            f"{machine.for_whom}."
        )
    elif folders and certutil is None:
        notes.append(
            "Browsers keep lists of their own, which take certutil to change. Install it and run "
            f"hanse trust again: {_how_to_get_certutil(machine)}"
        )
    elif certutil is not None:
        stores += [
            (f"the browser of {folder}", BrowserDatabase(folder, certutil, is_new))
            for folder, is_new in folders
        ]
    return stores, notes


def system_store(machine: Machine) -> SystemStore | None:
    """The system's own list; None where it is none we know."""
    if machine.is_mac:
        return Keychain(machine.root / KEYCHAIN)
    for folder, suffix, program, bundle in LINUX_STORES:
        found = machine.which(program)
        if found is not None and (machine.root / folder).is_dir():
            return AnchorFolder(machine.root / folder, suffix, (found,), machine.root / bundle)
    return None


def browser_folders(machine: Machine) -> list[tuple[Path, bool]]:
    """Databases of this user's browsers; the flag says that one has yet to be made."""
    home = machine.home
    found = [home / one for one in CHROMIUM_FOLDERS if (home / one / DATABASE).exists()]
    if not found and not machine.is_mac and any(map(machine.which, CHROMIUM_PROGRAMS)):
        return [(home / CHROMIUM_FOLDERS[0], True), *_firefox(machine)]
    return [*((folder, False) for folder in found), *_firefox(machine)]


def _firefox(machine: Machine) -> list[tuple[Path, bool]]:
    found = (machine.home.glob(f"{profile}/{DATABASE}") for profile in FIREFOX_PROFILES)
    return [(file.parent, False) for files in found for file in sorted(files)]


def _how_to_get_certutil(machine: Machine) -> str:
    if machine.is_mac:
        return "brew install nss"
    prefix = "" if machine.is_root else "sudo "
    known = (how for tool, how in CERTUTIL_PACKAGES.items() if machine.which(tool))
    return prefix + next(known, "(in the package of NSS's tools)")
