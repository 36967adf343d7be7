# SPDX-License-Identifier: Apache-2.0
"""A small ARM in Supervisor mode, for tests of what the rewriter says about and does to code.

Written from ARM DDI 0100I, chapters A3 to A5, without a look at hako_rewrite/arm.py. It knows what
the tests use, and raises NotImplementedError for the rest. The page that guest and VMM share
(vcpu/pv_abi.h) behaves as the VMM makes it behave: its control byte is the CPSR's.
"""

PV_CTL_ADDRESS = 0xFFAFF000
PV_I_ONLY = 0x100
WORD = 0xFFFFFFFF
F_BIT, I_BIT = 0x40, 0x80


def _sign(value):
    return value >> 31 & 1


class Machine:
    """Registers, CPSR, bytes of memory. `copies` are words of the shared page, by address."""

    def __init__(self, code, registers, cpsr=0x13, copies=None):
        self.code = code  # address: word
        self.r = list(registers)
        self.cpsr = cpsr
        self.memory = {}
        self.copies = copies or {}
        self.p15 = {}  # MRC without rd: value
        self.fpexc = 0
        self.system = []  # accesses to FPEXC and LDRT, STRT: what proxies are for
        self._jumped = False

    def run(self, until, steps=1000):
        """Until pc is `until`; an address that has no code is an error."""
        while self.r[15] != until:
            steps -= 1
            assert steps, "endless"
            self.step(self.code[self.r[15]])

    def _condition(self, number):
        n, z, c, v = (self.cpsr >> bit & 1 for bit in (31, 30, 29, 28))
        tests = (z, c, n, v, c and not z, n == v, not z and n == v, True)
        return bool(tests[number >> 1]) != bool(number & 1) if number < 14 else number == 14

    def _read(self, number):
        return self.r[number] + 8 & WORD if number == 15 else self.r[number]

    def _shifted(self, word):
        carry = self.cpsr >> 29 & 1
        if word & 1 << 25:
            turn = word >> 7 & 30
            value = word & 0xFF
            value = (value >> turn | value << 32 - turn) & WORD
            return value, _sign(value) if turn else carry
        value, kind = self._read(word & 15), word >> 5 & 3
        if word & 1 << 4:
            amount = self.r[word >> 8 & 15] & 0xFF
            if not amount:
                return value, carry
        else:
            amount = word >> 7 & 31
            if not amount and kind == 3:  # RRX
                return carry << 31 | value >> 1, value & 1
            amount = amount or (32 if kind else 0)
            if not amount:
                return value, carry
        if kind == 0:
            return value << amount & WORD, value >> 32 - amount & 1 if amount <= 32 else 0
        if kind == 1:
            return value >> amount, value >> amount - 1 & 1
        if kind == 2:
            signed = value - (_sign(value) << 32)
            amount = min(amount, 32)
            return signed >> amount & WORD, signed >> amount - 1 & 1
        amount &= 31
        if not amount:
            return value, _sign(value)
        return (value >> amount | value << 32 - amount) & WORD, value >> amount - 1 & 1

    def _data_processing(self, word):
        opcode, rd = word >> 21 & 15, word >> 12 & 15
        a = self._read(word >> 16 & 15)
        b, carry = self._shifted(word)
        c_in = self.cpsr >> 29 & 1
        overflow = self.cpsr >> 28 & 1
        sums = {2: (a, ~b, 1), 3: (b, ~a, 1), 4: (a, b, 0), 5: (a, b, c_in), 6: (a, ~b, c_in),
                7: (b, ~a, c_in), 10: (a, ~b, 1), 11: (a, b, 0)}
        if opcode in sums:
            x, y, z = sums[opcode]
            y &= WORD
            total = x + y + z
            result, carry = total & WORD, total >> 32
            overflow = int(_sign(x) == _sign(y) != _sign(result))
        else:
            result = {0: a & b, 1: a ^ b, 8: a & b, 9: a ^ b, 12: a | b, 13: b, 14: a & ~b,
                      15: ~b}[opcode] & WORD
        if word & 1 << 20:
            self.cpsr = self.cpsr & 0x0FFFFFFF | _sign(result) << 31 | (result == 0) << 30 | \
                carry << 29 | overflow << 28
        if opcode & 12 != 8:
            self._write(rd, result)

    def _write(self, rd, value):
        self.r[rd] = value
        if rd == 15:
            self._jumped = True

    def load(self, address, size):
        if address == PV_CTL_ADDRESS and size == 1:
            return self.cpsr & 0xFF
        if size == 4 and address in self.copies:
            return self.copies[address]
        if size == 4 and address in self.code:
            return self.code[address]
        return sum(self.memory.get(address + i, 0) << 8 * i for i in range(size))

    def store(self, address, size, value):
        assert address not in self.code and address not in self.copies
        if address == PV_CTL_ADDRESS and size == 1:
            if self.cpsr & F_BIT and value & PV_I_ONLY:  # closed: the VMM emulates the store
                self.cpsr = self.cpsr & ~I_BIT | value & I_BIT
            else:
                self.cpsr = self.cpsr & ~0xFF | value & 0xFF
            return
        for i in range(size):
            self.memory[address + i] = value >> 8 * i & 0xFF

    def _load_store(self, word):
        rn, rd = word >> 16 & 15, word >> 12 & 15
        if word & 1 << 25:
            offset, _ = self._shifted(word & ~(1 << 25))
        else:
            offset = word & 0xFFF
        base = self._read(rn)
        moved = base + (offset if word & 1 << 23 else -offset) & WORD
        address = moved if word & 1 << 24 else base
        size = 1 if word & 1 << 22 else 4
        if not word & 1 << 24 and word & 1 << 21:
            self.system.append(address)
        if not word & 1 << 20:
            self.store(address, size, self._read(rd))
        if not word & 1 << 24 or word & 1 << 21:
            self.r[rn] = moved
        if word & 1 << 20:
            self._write(rd, self.load(address, size))

    def _multiple(self, word):
        rn, names = word >> 16 & 15, [i for i in range(16) if word >> i & 1]
        up, before = bool(word & 1 << 23), bool(word & 1 << 24)
        size = 4 * len(names)
        base = self.r[rn]
        address = base + 4 * before if up else base - size + 4 * (not before)
        values = []
        for i, name in enumerate(names):
            if word & 1 << 20:
                values.append((name, self.load(address + 4 * i & WORD, 4)))
            else:
                self.store(address + 4 * i & WORD, 4, self._read(name))
        if word & 1 << 21:
            self.r[rn] = base + (size if up else -size) & WORD
        for name, value in values:
            self._write(name, value)

    def _status(self, word):
        """MRS and MSR of the CPSR's control byte."""
        if word & 0x0FFF0FFF == 0x010F0000:
            self.r[word >> 12 & 15] = self.cpsr
        elif word & 0x0FFFFFF0 == 0x0121F000:
            self.cpsr = self.cpsr & ~0xFF | self.r[word & 15] & 0xFF
        elif word & 0x0FFFFF00 == 0x0321F000:
            self.cpsr = self.cpsr & ~0xFF | word & 0xFF
        else:
            return False
        return True

    def _fpexc(self, word):
        self.system.append("fpexc")
        if word & 1 << 20:
            self.r[word >> 12 & 15] = self.fpexc
        else:
            self.fpexc = self.r[word >> 12 & 15]

    def step(self, word):
        """Executes one instruction at pc."""
        self._jumped = False
        here = self.r[15]
        if self._condition(word >> 28):
            if self._status(word):
                pass
            elif word & 0x0FFFFFF0 == 0x012FFF10:
                self._write(15, self.r[word & 15])
            elif word & 0x0FC000F0 == 0x00000090:
                product = self.r[word & 15] * self.r[word >> 8 & 15]
                product += self.r[word >> 12 & 15] if word & 1 << 21 else 0
                self.r[word >> 16 & 15] = product & WORD
            elif word & 0x0FEF0FFF == 0x0EE80A10:
                self._fpexc(word)
            elif word & 0x0F100F10 == 0x0E100F10:
                self.r[word >> 12 & 15] = self.p15[word & 0x0FFF0FFF]
            elif word >> 25 & 7 == 5:
                offset = (word & 0xFFFFFF) << 2
                if word & 1 << 24:
                    self.r[14] = here + 4
                self._write(15, here + 8 + offset - (offset >> 25 << 26) & WORD)
            elif word >> 26 & 3 == 1:
                self._load_store(word)
            elif word >> 25 & 7 == 4:
                self._multiple(word)
            elif word >> 26 & 3 == 0 and not (word & 0x02000090 == 0x90) and \
                    word & 0x01900000 != 0x01000000:
                self._data_processing(word)
            else:
                raise NotImplementedError(f"{word:#010x}")
        if not self._jumped:
            self.r[15] = here + 4
