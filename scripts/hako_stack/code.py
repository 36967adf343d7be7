# SPDX-License-Identifier: Apache-2.0
"""The instructions of an image: how deep each function's own part of the stack is where it calls.

A function here is an address that something calls, jumps to from another function, or has a symbol.
Its instructions are followed along all ways, with the depth of the stack at each of them.
"""

import re
import subprocess
from dataclasses import dataclass, field

from .errors import StackError

CONDITIONS = "eq|ne|cs|cc|mi|pl|vs|vc|hi|ls|ge|lt|gt|le|al|hs|lo"
LABEL = re.compile(r"^([0-9a-f]+) <([^>]+)>:$")
LINE = re.compile(r"^(?:/\S*|\S+):(\d+)(?: \(discriminator \d+\))?$")
INSTRUCTION = re.compile(r"^([0-9a-f]+):\t([0-9a-f ]+?)\s*\t(\S+)(?:\t(.*))?$")
BRANCH = re.compile(rf"^b({CONDITIONS})?(\.n|\.w)?$")
CALL = re.compile(rf"^blx?({CONDITIONS})?$")
TARGET = re.compile(r"^([0-9a-f]+) <")
LIST = re.compile(r"\{([^}]*)\}")
NUMBER = re.compile(r"#(-?\d+)")
LITERAL = re.compile(r"(\w+), \[pc, #\d+\]\s*[;@] \(?([0-9a-f]+)")
CONSTANT_JUMP = re.compile(r"pc, \[pc, #-?\d+\]\s*[;@] \(?([0-9a-f]+)")
BY_REGISTER = re.compile(r"sp, (?:sp, )?(\w+)")
REGISTERS = ["r0", "r1", "r2", "r3", "r4", "r5", "r6", "r7", "r8", "r9", "sl", "fp", "ip", "sp", "lr",
             "pc"]


@dataclass(frozen=True)
class Instruction:
    address: int
    size: int
    name: str
    words: str
    place: str  # file:line of the source
    literal: int | None = None  # where what it adds to sp is, if that is a register, or loads into pc


@dataclass
class Function:
    """Depths in bytes."""
    name: str
    deepest: int = 0
    calls: dict = field(default_factory=dict)     # address: depth
    pointers: dict = field(default_factory=dict)  # the instruction of a call by a register: depth


def count(words):
    """How many registers a list has."""
    number = 0
    for part in LIST.search(words)[1].split(","):
        ends = [REGISTERS.index({"r10": "sl", "r11": "fp", "r12": "ip"}.get(one, one))
                for one in part.strip().split("-")]
        number += ends[-1] - ends[0] + 1
    return number


def growth(insn, constant):
    """By how many bytes an instruction makes the stack deeper."""
    name, words = insn.name, insn.words
    base = name.split(".")[0]
    if base.startswith("push"):
        return 4 * count(words)
    if base.startswith("pop"):
        return -4 * count(words)
    if base.startswith("stm") and words.startswith("sp!"):
        return 4 * count(words)
    if base.startswith("ldm") and words.startswith("sp!"):
        return -4 * count(words)
    if base.startswith(("str", "ldr")) and re.search(r"\[sp, #-?\d+\]!", words):
        return -int(NUMBER.search(words)[1])
    if base.startswith(("str", "ldr")) and re.search(r"\[sp\], #-?\d+", words):
        return -int(NUMBER.search(words)[1])
    if re.match(r"(add|sub)", base) and re.match(r"sp, ", words):
        number = re.fullmatch(r"sp, (?:sp, )?#(-?\d+)", words)
        if not number and insn.literal is None:
            raise StackError(f"{insn.place}: the stack changes by a register: {name} {words}")
        by = int(number[1]) if number else constant(insn.literal)
        by -= (by & 1 << 31) << 1
        return by * (-1 if base.startswith("add") else 1)
    return 0


def is_end(insn):
    """Whether what follows is not reached from here; a return with a condition is not one."""
    name, words = insn.name, insn.words
    if name in ("b", "b.n", "b.w", "bx", "udf", ".word", ".short", ".byte"):
        return True
    if name in ("pop", "pop.n") or name in ("ldmfd", "ldm", "ldmia"):
        return "pc" in words
    return name in ("ldr", "mov", "movs", "subs", "add") and words.startswith("pc")


def is_switch(insn):
    return bool(re.match(rf"(ldr|add)({CONDITIONS})?$", insn.name)
                and re.match(r"pc, (\[pc|pc), r?\w+, lsl", insn.words)
                or "__gnu_thumb1_case" in insn.words)


def is_pointer(insn):
    """A call, or a jump out of the function, to where a register or memory says."""
    name, words = insn.name, insn.words
    if CALL.match(name) or re.match(rf"bx({CONDITIONS})?$", name):
        return not TARGET.match(words) and not words.startswith("lr")
    if re.match(rf"(ldr|mov)({CONDITIONS})?$", name) and words.startswith("pc, "):
        return not is_switch(insn) and not re.match(r"pc, (lr|\[sp\], #4)", words)
    return False


class Code:
    def __init__(self, elf, endless=()):
        """@p endless: names of functions that do not return."""
        text = subprocess.run(["arm-none-eabi-objdump", "-dl", elf], check=True, capture_output=True,
                              text=True).stdout
        self.endless = set(endless)
        self.names = {}
        self.at = {}
        self._read(text)
        starts = sorted(self.names)
        self.end = dict(zip(starts, starts[1:] + [max(self.at) + 4]))
        self.functions = {}

    def _read(self, text):
        place, literals = "", {}  # register: where its value was last read from
        for line in text.splitlines():
            label = LABEL.match(line)
            if label:
                self.names[int(label[1], 16)] = label[2]
                place, literals = "", {}
                continue
            found = INSTRUCTION.match(line.strip())
            if found:
                address, words = int(found[1], 16), found[4] or ""
                literal = LITERAL.match(words)
                if literal and found[3].startswith("ldr"):
                    literals[literal[1]] = int(literal[2], 16)
                by = BY_REGISTER.match(words)
                self.at[address] = Instruction(
                    address, len(found[2].replace(" ", "")) // 2, found[3],
                    re.split(r"\s*[;@]", words)[0], place,
                    int(CONSTANT_JUMP.match(words)[1], 16) if CONSTANT_JUMP.match(words)
                    else literals.get(by[1]) if by else None)
            elif LINE.match(line):
                place = re.sub(r" \(disc.*", "", line)

    def constant(self, address):
        """A word among the code."""
        value = int(self.at[address].words, 16)
        return value

    def start_of(self, address):
        """The symbol an address belongs to."""
        return max((start for start in self.names if start <= address), default=address)

    def function(self, entry):
        if entry not in self.functions:
            self.functions[entry] = self._follow(entry)
        return self.functions[entry]

    def _follow(self, entry):
        first = entry if entry in self.names else self.start_of(entry)
        low, high = first, self.end[first]
        name = self.names[first] + (f"+{entry - first:#x}" if entry != first else "")
        found, seen, switch = Function(name), {}, None
        todo = [(entry, 0)]
        while todo:
            address, depth = todo.pop()
            popped = []
            while True:
                insn = self.at.get(address)
                if insn is None or insn.name.startswith("."):
                    break
                if not low <= address < high:
                    self._call(found, address, depth)
                    break
                if seen.get(address, -1) >= depth:
                    break
                if depth > 65536:
                    raise StackError(f"{name}: the stack grows in a loop")
                seen[address] = depth
                if insn.name.startswith("pop"):
                    popped = LIST.search(insn.words)[1].split(", ")
                after = depth + growth(insn, self.constant)
                found.deepest = max(found.deepest, after)
                target = TARGET.match(insn.words)
                if is_switch(insn):
                    switch = max(switch or 0, depth)
                elif insn.literal is not None and insn.words.startswith("pc"):
                    self._call(found, self.constant(insn.literal) & 0xfffffffe, depth)
                elif is_pointer(insn) and insn.words in popped:
                    break  # how Thumb code returns to ARM code
                elif is_pointer(insn):
                    found.pointers[insn] = max(found.pointers.get(insn, 0), depth)
                elif CALL.match(insn.name) and target and low < int(target[1], 16) < high:
                    todo.append((int(target[1], 16), depth))  # Thumb code's long jump
                    break
                elif CALL.match(insn.name) and target:
                    self._call(found, int(target[1], 16), depth)
                    if self._is_endless(int(target[1], 16)):
                        break
                elif BRANCH.match(insn.name) and target:
                    to = int(target[1], 16)
                    if low <= to < high:
                        todo.append((to, depth))
                    else:
                        self._call(found, to, depth)
                if is_end(insn):
                    break
                follows = address + insn.size
                if not low <= follows < high and CALL.match(insn.name):
                    break  # of something that does not return
                # What returns under a condition leaves the stack to those who do not.
                leaves = insn.name.startswith(("pop", "ldm")) and "pc" in insn.words
                address, depth = follows, depth if leaves else after
            if not todo and switch is not None:
                # The ways of a switch: what else there is.
                rest = next((a for a in range(low, high, 2) if a in self.at and a not in seen
                             and not self.at[a].name.startswith(".") and a >= entry), None)
                if rest is not None:
                    todo.append((rest, switch))
        return found

    def _is_endless(self, address):
        name = self.names.get(address, "")
        return re.sub(r"^__(.*)_(from_arm|from_thumb|veneer)$", r"\1", name) in self.endless

    @staticmethod
    def _call(found, address, depth):
        found.calls[address] = max(found.calls.get(address, 0), depth)
