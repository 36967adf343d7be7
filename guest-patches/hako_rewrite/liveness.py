# SPDX-License-Identifier: Apache-2.0
"""Which registers the code behind a place does not need: a scan forward over all its ways.

A register is free if each way writes it before it is read. What a way meets:

    a branch            both sides, wherever they go within C code
    bl, to C code       r0 to r3 may be arguments; they, ip and lr are lost in the call (AAPCS)
    blx                 likewise; what it goes to is a function that C code can call
    bl, to other code   may have a calling convention of its own: anything can be read but lr
    a return            r0 and r1 may be results, r4 to r11 are the caller's. ip is lost in any
                        call: a veneer may use it (AAPCS, 5.3.1.1). r2 and r3 are lost if this
                        function writes them; if not, its callers may know that (gcc -fipa-ra)
    a faulting access   may go on at its fixup (__ex_table), too
    a jump label        may be turned into a branch at run time (__jump_table)
    anything else       unknown code, data, too long a way: everything may be read
"""

from typing import Dict, List, Tuple

from .arm import (BRANCH, CALL, CALL_REGISTER, FLAGS, IP, LR, RETURN, SP, STOP, branch_target,
                  effects, flag_effects)
from .linux import Kernel

ARGUMENTS = 0b1111
LOST_IN_CALL = ARGUMENTS | 1 << IP | 1 << LR
SCRATCH = 0b1100  # r2 and r3
LIVE_AT_RETURN = 0xFFF | 1 << SP
FUNCTION_MAX = 4096  # words to look back for the function's own writes
CANDIDATES = 0x5FFF  # all but sp and pc
STEPS_MAX = 400

# Of several free registers any will do; those of a call first, they are free most often.
PREFERENCE = (12, 3, 2, 1, 0, 14, 11, 10, 9, 8, 7, 6, 5, 4)


class Scanner:
    """Answers for one kernel; `kernel` gives its original code."""

    def __init__(self, kernel: Kernel):
        self.kernel = kernel
        self._live_at_return = LIVE_AT_RETURN

    def _scratch(self, addr: int) -> int:
        """Of r2 and r3 those that the function writes before `addr`."""
        found = 0
        start = self.kernel.function_start(addr)
        for at in range(addr - 4, max(start, addr - 4 * FUNCTION_MAX) - 4, -4):
            word = self.kernel.c_word(at)
            if word is not None:
                found |= effects(word).writes & SCRATCH
            if found == SCRATCH:
                break
        return found

    def free_registers(self, addr: int) -> int:
        """A mask of the registers that are free when `addr`, in C code, is about to run."""
        live = 0
        self._live_at_return = LIVE_AT_RETURN & ~self._scratch(addr)
        seen: Dict[int, int] = {}
        todo: List[Tuple[int, int]] = [(addr, CANDIDATES)]
        steps = 0
        while todo:
            at, mask = todo.pop()
            while True:
                mask &= ~(live | seen.get(at, 0))
                if not mask:
                    break
                seen[at] = seen.get(at, 0) | mask
                word = self.kernel.c_word(at)
                steps += 1
                if word is None or steps > STEPS_MAX:
                    live |= mask
                    break
                now_live, after, ways = self._step(at, word, mask)
                live |= now_live
                todo += [(way, after) for way in ways[1:]]
                if not ways:
                    break
                at, mask = ways[0], after
        return CANDIDATES & ~live

    def flags_free(self, addr: int) -> bool:
        """Whether each way from `addr`, in C code, writes each flag before it is read.

        Calls and returns lose them (AAPCS, 5.1.1).
        """
        seen: Dict[int, int] = {}
        todo: List[Tuple[int, int]] = [(addr, FLAGS)]
        steps = 0
        while todo:
            at, mask = todo.pop()
            mask &= ~seen.get(at, 0)
            if not mask:
                continue
            seen[at] = seen.get(at, 0) | mask
            word = self.kernel.c_word(at)
            steps += 1
            if word is None or steps > STEPS_MAX:
                return False
            found = effects(word)
            reads, writes = flag_effects(word)
            if reads & mask or found.flow == STOP:
                return False
            lost = found.flow in (CALL, CALL_REGISTER, RETURN)
            if found.conditional or not lost and found.flow != BRANCH:
                todo.append((at + 4, mask & ~writes))
            if found.flow == BRANCH:
                todo.append((branch_target(word, at), mask))
            todo += [(way, mask) for way in self._hidden_ways(at)]
        return True

    def _hidden_ways(self, at: int) -> List[int]:
        return [way for way in (self.kernel.fixups.get(at), self.kernel.jumps.get(at)) if way]

    def _step(self, at: int, word: int, mask: int) -> Tuple[int, int, List[int]]:
        """One instruction: registers found live, those still open behind it, where it goes."""
        found = effects(word)
        live = mask & found.reads
        after = mask & ~found.reads & ~found.writes
        ways = [at + 4]
        if found.flow == STOP:
            return mask, 0, []
        if found.flow == RETURN:
            live |= after & self._live_at_return
            ways = [at + 4] if found.conditional else []
        elif found.flow == BRANCH:
            ways = [branch_target(word, at)] + ([at + 4] if found.conditional else [])
        elif found.flow in (CALL, CALL_REGISTER):
            if found.flow == CALL and not self.kernel.is_c(branch_target(word, at)):
                return mask & ~(1 << LR), 0, []
            live |= after & ARGUMENTS
            if not found.conditional:
                after &= ~LOST_IN_CALL
        # Where it can also go. At a fixup nothing has been written yet.
        hidden = self._hidden_ways(at)
        if hidden:
            after = mask & ~found.reads
        return live, after, ways + hidden


def pick(free: int) -> int:
    """One register of a mask that is not 0."""
    return next(register for register in PREFERENCE if free >> register & 1)
