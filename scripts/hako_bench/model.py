# SPDX-License-Identifier: Apache-2.0
"""The ARM926 model as the benchmark uses it: cycles instead of instructions."""

import re
import tempfile
from dataclasses import dataclass
from pathlib import Path

import hako_qemu
from hako_model import build as model_build
from hako_model.errors import ModelError

from . import facts
from .build import BuildError

PROFILES_SOURCE = Path("tests/arm926-model/profiles.c")

# The model is slow: fewer repeats than without it, of a part of each row's iterations.
REPEATS = 3
SHARE = 5
COMMAND_LINE = f"bench_repeats={REPEATS} bench_share={SHARE}"


@dataclass(frozen=True)
class Model:
    """What a Machine needs to run under the model."""

    plugin: Path
    memory: str  # a memory profile


def parse_profiles(text):
    """Names of the memory profiles in profiles.c; the first is the default."""
    names = re.findall(r'^\s*\.name = "([^"]+)"', text, re.MULTILINE)
    if not names:
        raise BuildError(f"{PROFILES_SOURCE}: no profile's .name")
    return names


def profiles(root):
    return parse_profiles((root / PROFILES_SOURCE).read_text(encoding="utf-8"))


def build(root, out):
    try:
        model_build.require_qemu()
    except ModelError as error:
        raise BuildError(str(error))
    return model_build.build_plugin(root, out)


def ram_file():
    """An empty file for QEMU's RAM, which the plugin maps, too; in memory if the system has that.

    Who asks for it removes it.
    """
    folder = Path("/dev/shm")
    with tempfile.NamedTemporaryFile(prefix="hako-bench-", delete=False,
                                     dir=folder if folder.is_dir() else None) as file:
        file.truncate(hako_qemu.MEMORY_MIB << 20)
        return Path(file.name)


def plugin_words(machine, ram):
    words = [f"ram={ram}", f"report={machine.out / (machine.label + '.findings')}",
             f"memory={machine.under.memory}",
             # The VMM's tables are exact whenever User mode runs; Linux gathers what it takes away.
             "rules=" + ("strict" if machine.vmm_range else "gather")]
    if facts.BOARDS[machine.board].ram_alias:
        words.append(f"alias={facts.BOARDS[machine.board].ram_alias:#x}")
    return words
