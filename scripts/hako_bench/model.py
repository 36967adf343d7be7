# SPDX-License-Identifier: Apache-2.0
"""The ARM926 model as the benchmark uses it: cycles instead of instructions."""

import json
import re
import tempfile
from dataclasses import dataclass
from pathlib import Path

import hako_qemu
from hako_model import build as model_build
from hako_model.errors import ModelError

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


def ram_file(folder):
    """An empty file for QEMU's RAM, which the plugin maps, too. Who asks for it removes it."""
    with tempfile.NamedTemporaryFile(prefix="hako-bench-", delete=False,
                                     dir=hako_qemu.ram_folder(folder)) as file:
        file.truncate(hako_qemu.MEMORY_MIB << 20)
        return Path(file.name)


def plugin_words(machine, ram):
    return model_build.plugin_words(machine.board, ram, machine.findings, machine.under.memory,
                                    bool(machine.vmm_range))


def disagreements(machine):
    """How often the model did not follow QEMU in a run that has ended; None: it left no report."""
    try:
        report = json.loads(machine.findings.with_suffix(".findings.json").read_text("ascii"))
    except (OSError, ValueError):
        return None
    return report["counts"]["disagreements"]
