# SPDX-License-Identifier: Apache-2.0
"""The documents name what is there: files, make targets and variables, options, functions, tests."""

import re
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
DOCUMENTS = sorted(path.relative_to(ROOT) for path in
                   [*ROOT.glob("*.md"), *ROOT.glob("docs/*.md"), ROOT / "guest-patches/README.md"])
FOLDERS = ("arch", "board", "configs", "devemu", "docs", "domain", "guest-patches", "net", "scripts",
           "tests", "vcpu", "vmm")
SOURCES = [path for folder in FOLDERS for path in (ROOT / folder).rglob("*")
           if path.is_file() and path.suffix not in (".md", ".svg", ".pyc")]
SOURCES += [ROOT / "Makefile"]


# Of Linux.
LINUX_FILES = ("arch/arm/boot/compressed/vmlinux", "arch/arm/mm/alignment.c", "arch/arm/lib")
LINUX_FUNCTIONS = {"copy_to_user", "copy_from_user", "uaccess_restore", "uaccess_save_and_enable"}


def text_of(document):
    return (ROOT / document).read_text(encoding="utf-8")


def quoted(document):
    """What stands between backticks, and the lines of code blocks."""
    text = text_of(document)
    blocks = re.findall(r"^```\w*\n(.*?)^```", text, re.S | re.M)
    inline = re.findall(r"`([^`\n]+)`", re.sub(r"^```.*?^```", "", text, flags=re.S | re.M))
    return inline + [line for block in blocks for line in block.splitlines()]


@pytest.fixture(scope="module")
def sources():
    return "\n".join(path.read_text(encoding="utf-8", errors="replace") for path in SOURCES)


@pytest.mark.parametrize("document", DOCUMENTS, ids=str)
def test_files_exist(document):
    """A path from the root, or in the folder of the document; a pattern matches something."""
    missing = []
    for words in quoted(document):
        for word in re.findall(r"(?<![\w./<-])((?:%s)/[\w./*<>-]*)" % "|".join(FOLDERS), words):
            pattern = re.sub(r"<\w+>|NAME", "*", word.rstrip("./"))
            if pattern not in LINUX_FILES and not any(ROOT.glob(pattern)):
                missing.append(word)
    assert not missing


@pytest.mark.parametrize("document", DOCUMENTS, ids=str)
def test_links_lead_somewhere(document):
    folder = (ROOT / document).parent
    for link in re.findall(r"\]\(([^)]+)\)", text_of(document)):
        path, _, anchor = link.partition("#")
        if "://" in link:
            continue
        target = folder / path if path else ROOT / document
        assert target.exists(), link
        if anchor:
            titles = re.findall(r"^#+ (.*)$", target.read_text(encoding="utf-8"), re.M)
            anchors = [re.sub(r"[^\w -]", "", title.lower()).replace(" ", "-")
                       for title in titles]
            assert anchor in anchors, link


def make_targets():
    text = "".join(path.read_text(encoding="utf-8") for path in
                   [ROOT / "Makefile", *ROOT.glob("scripts/*.mk"), *ROOT.glob("tests/*/*.mk")])
    return set(re.findall(r"^([a-z][\w-]*):(?!=)", text, re.M)), text


@pytest.mark.parametrize("document", DOCUMENTS, ids=str)
def test_make_knows_its_targets_and_variables(document):
    targets, text = make_targets()
    for words in quoted(document):
        match = re.match(r"\s*(?:[\w=]+ )*make((?: [\w./=-]+)+)", words.split(" #")[0])
        for word in match[1].split() if match else ():
            name, equals, _ = word.partition("=")
            if equals:
                assert re.search(r"\b%s\b" % name, text), words
            elif "/" not in name and not name.startswith("-"):
                assert name in targets, words


COMMANDS = ("scripts/bench", "scripts/bundle", "scripts/model", "scripts/model_mutants",
            "scripts/trace", "scripts/setup", "scripts/qemu", "guest-patches/rewrite",
            "tests/guest/run.py")


def help_of(command):
    done = subprocess.run([ROOT / command, "--help"], text=True, capture_output=True, check=True)
    return done.stdout


@pytest.mark.parametrize("command", COMMANDS)
def test_options_are_those_of_the_help(command):
    known = set(re.findall(r"(?<![\w-])--?[a-z][\w-]*", help_of(command)))
    for document in DOCUMENTS:
        for words in quoted(document):
            for text in re.findall(r"(?<![\w./-])%s((?: +[^|;&#'()]+)?)" % re.escape(command), words):
                for option in re.findall(r"(?<!\S)--?[a-z][\w-]*", text):
                    assert option in known, f"{document}: {words}"


@pytest.mark.parametrize("document", DOCUMENTS, ids=str)
def test_functions_exist(document, sources):
    """`name()` that looks like ours: with an underscore."""
    names = {name for words in quoted(document)
             for name in re.findall(r"\b(\w+_\w+)\(", words)}
    assert not [name for name in sorted(names - LINUX_FUNCTIONS)
                if not re.search(r"\b%s\(" % name, sources)]


@pytest.mark.parametrize("document", DOCUMENTS, ids=str)
def test_tests_exist(document):
    """`test_name`, with or without its suffix; `*` for several."""
    for words in quoted(document):
        for name in re.findall(r"(?<![\w/.-])(test_[\w*]+(?:\.(?:py|c))?)(?![\w(])", words):
            assert any(ROOT.glob(f"tests/*/{name}" + ("" if "." in name else ".*"))), name


@pytest.mark.parametrize("picture", sorted((ROOT / "docs").glob("*.svg")), ids=lambda p: p.name)
def test_pictures_name_what_is_there(picture, sources):
    """Files, and functions by `name()`. The instructions of the steps are those of the sum."""
    texts = re.findall(r"<text[^>]*>(.*?)</text>", picture.read_text(encoding="utf-8"))
    for text in texts:
        for path in re.findall(r"(?:%s)/[\w./-]+" % "|".join(FOLDERS), text):
            assert (ROOT / path).exists(), text
        for name in re.findall(r"\b(\w+)\(\)", text):
            assert re.search(r"\b%s\(" % name, sources), text
    numbers = [int(text) for text in texts if text.isdigit()]
    assert not numbers or sum(numbers[:-1]) == numbers[-1]


def test_every_test_family_is_in_the_test_document():
    """Each kind of test guest, and each file of scenarios."""
    text = text_of("docs/testing.md")
    for path in [*ROOT.glob("tests/qemu/test_*.py"), *ROOT.glob("tests/model/test_*.py")]:
        assert f"`{path.name}`" in text, path.name
    rules = (ROOT / "tests/guest/guest.mk").read_text(encoding="utf-8")
    listed = re.search(r"^GUEST_PROGRAMS := ((?:.*\\\n)*.*)", rules, re.M)[1]
    singles = re.findall(r"(?<![\w(])[a-z]\w+\b", listed.replace("\\\n", " "))
    families = re.findall(r"addprefix (\w+_),", rules)
    singles += re.search(r"^GUEST_PV := (.*)", rules, re.M)[1].split()
    singles += re.search(r"^GUEST_PROGRAMS_\w+ := (.*)", rules, re.M)[1].split()
    for name in singles + families:
        assert re.search(rf"\b{name}", text), name
    for family, last in re.findall(r"addprefix (\w+_),\$\(shell seq (\d+)\)", rules):
        assert f"`{family}{last}`" in text, f"{family}1 to {family}{last}"


def test_the_readme_has_every_document():
    text = text_of("README.md")
    for document in DOCUMENTS:
        if str(document) != "README.md":
            assert f"({document})" in text, document


def test_every_folder_and_source_is_in_the_file_tables():
    """docs/architecture.md has a line per source of the VMM, README.md one per folder."""
    readme, files = text_of("README.md"), text_of("docs/architecture.md").split("\n## Files\n")[1]
    for folder in FOLDERS:
        assert re.search(rf"^\| `{folder}/", readme, re.M), folder
    named = re.findall(r"`([\w*.]+\.[cS])`", files)
    for folder in ("arch/arm", "vcpu", "domain", "devemu", "net", "vmm", *(f"vmm/{name}" for name in (
            "config", "console", "disk", "remote", "start"))):
        for path in (ROOT / folder).glob("*.[cS]"):
            assert any(path.match(name) for name in named), path.relative_to(ROOT)


def test_lines_are_wrapped():
    """Outside of tables and code."""
    for document in DOCUMENTS:
        text = re.sub(r"^```.*?^```", lambda block: "\n" * block[0].count("\n"),
                      text_of(document), flags=re.S | re.M)
        for number, line in enumerate(text.splitlines(), 1):
            assert len(line) <= 140 or line.startswith(("|", "!", "    ")), f"{document}:{number}"
