# SPDX-License-Identifier: Apache-2.0
"""Deriving a source of backports from what a machine's apt has."""

import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]

ONE_LINE = """# deb http://off.example/debian bookworm main
deb-src http://source.example/debian bookworm main
deb http://security.example/debian-security bookworm-security main
deb [arch=amd64,armel signed-by=/k.gpg] http://one.example/debian/ bookworm main contrib # mine
deb http://two.example/debian bookworm main
"""
ONE_LINE_FIELDS = ["URIs: http://one.example/debian/", "Architectures: amd64 armel",
                   "Signed-By: /k.gpg"]

STANZAS = """# the first is another suite, the second another component, the third is off
Types: deb
URIs: http://updates.example/debian
Suites: bookworm-updates
Components: main

Types: deb
URIs: http://contrib.example/debian
Suites: bookworm
Components: contrib

Enabled: no
Types: deb
URIs: http://off.example/debian
Suites: bookworm
Components: main

Types: deb deb-src
# a remark
URIs: http://one.example/debian
 http://two.example/debian
Suites: bookworm bookworm-updates
Components: main
  non-free-firmware
Signed-By:
 -----BEGIN PGP PUBLIC KEY BLOCK-----
 .
 abcd
 -----END PGP PUBLIC KEY BLOCK-----
"""
STANZA_FIELDS = ["URIs: http://one.example/debian", " http://two.example/debian", "Signed-By:",
                 " -----BEGIN PGP PUBLIC KEY BLOCK-----", " .", " abcd",
                 " -----END PGP PUBLIC KEY BLOCK-----"]


def derive(folder, codename, files):
    """The script's exit status, its lines without remarks, and what it complains about."""
    for name in ("sources.list.d", "apt.conf.d"):
        (folder / name).mkdir()
    for name, text in files.items():
        (folder / name).write_text(text)
    config = folder / "apt.conf"
    config.write_text(f'Dir::Etc "{folder}";\n')
    done = subprocess.run([ROOT / "scripts/backports_source", codename], text=True,
                          capture_output=True, env={"PATH": "/usr/bin:/bin",
                                                    "APT_CONFIG": str(config)}, check=False)
    lines = [line for line in done.stdout.splitlines() if not line.startswith("#")]
    return done.returncode, lines, done.stderr


@pytest.mark.parametrize("files, fields", [
    ({"sources.list": ONE_LINE}, ONE_LINE_FIELDS),
    ({"sources.list.d/a.list": ONE_LINE}, ONE_LINE_FIELDS),
    ({"sources.list.d/a.sources": STANZAS}, STANZA_FIELDS),
    ({"sources.list": "# nothing\n", "sources.list.d/a.sources": STANZAS}, STANZA_FIELDS),
    ({"sources.list.d/a.sources": STANZAS.rstrip("\n")}, STANZA_FIELDS),
])
def test_address_key_and_options_are_the_machines_own(tmp_path, files, fields):
    status, lines, _ = derive(tmp_path, "bookworm", files)
    assert status == 0
    assert lines == ["Types: deb", *fields, "Suites: bookworm-backports", "Components: main"]


@pytest.mark.parametrize("files", [
    {},
    {"sources.list": "deb http://one.example/debian stable main\n"},
    {"sources.list": "deb http://one.example/debian bookworm contrib\n"},
    {"sources.list.d/a.sources": STANZAS.replace("bookworm bookworm-updates", "trixie")},
    {"sources.list.d/a.sources.off": STANZAS},
])
def test_without_a_source_of_the_release_it_says_so(tmp_path, files):
    status, lines, complaint = derive(tmp_path, "bookworm", files)
    assert status == 1
    assert lines == []
    assert "no enabled apt source names the suite bookworm" in complaint


def test_apt_understands_what_is_derived(tmp_path):
    """apt itself reads it: its list of what it would fetch names the backports."""
    _, lines, _ = derive(tmp_path, "bookworm", {"sources.list": ONE_LINE})
    (tmp_path / "sources.list").write_text("")
    (tmp_path / "sources.list.d/b.sources").write_text("\n".join(lines) + "\n")
    done = subprocess.run(["apt-get", "update", "--print-uris"], text=True, capture_output=True,
                          env={"PATH": "/usr/bin:/bin", "APT_CONFIG": str(tmp_path / "apt.conf")},
                          check=False)
    assert "one.example/debian/dists/bookworm-backports/InRelease" in done.stdout, done.stderr
