# SPDX-License-Identifier: Apache-2.0
"""A U-Boot at the other end of a pty, as far as scripts/flash talks to it: it echoes, runs commands on a
medium and RAM of its own, and, when it is told to, loses characters, takes its time, or is restarted in
the middle of a command. Its command `slot` is the real one.
"""

import ctypes
import mmap
import os
import random
import re
import select
import subprocess
import threading
import time
import tty
import zlib
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
RAM_SIZE = 128 << 20
SECTOR = 512
BANNER = "\r\n\r\nU-Boot 2023.01 (Jan 01 1970 - 00:00:00 +0000)\r\n\r\nDRAM:  128 MiB\r\n"
HELP = "Unknown command '{}' - try 'help'\n"


class Restart(Exception):
    """The board's power has gone and come back."""


class Layout(ctypes.Structure):
    _fields_ = [("board", ctypes.c_char_p), ("medium", ctypes.c_char_p),
                ("record", ctypes.c_uint32 * 2), ("record_size", ctypes.c_uint32),
                ("slot", ctypes.c_uint32 * 2), ("slot_size", ctypes.c_uint32)]


def slot_library(folder):
    path = folder / "slot.so"
    sources = [f"vmm/slots/boot_{name}.c" for name in ("command", "record", "slot")]
    subprocess.run(["gcc", "-std=gnu11", "-shared", "-fPIC", "-I.", "-o", path,
                    "tests/host/slot_command.c", *sources], cwd=ROOT, check=True)
    return ctypes.CDLL(str(path))


class FakeUboot(threading.Thread):
    """`commands`: all that it was asked to do. `restart_at`: numbers of commands, counted over all of
    its life, in which it is restarted; `lose`: one character of so many is lost, either way."""

    def __init__(self, layout, library, *, lose=0, restart_at=(), slow=0, seed=1, tftp=None,
                 prompt="=> ", autoboot=True):
        super().__init__(daemon=True)
        self.layout, self.library = layout, library
        self.lose, self.restart_at, self.slow = lose, set(restart_at), slow
        self.random = random.Random(seed)
        self.tftp, self.prompt, self.autoboot = tftp, prompt, autoboot
        self.master, slave = os.openpty()
        tty.setraw(slave)
        self.path = os.ttyname(slave)
        self.slave = slave
        self.ram = mmap.mmap(-1, RAM_SIZE)
        self.medium = bytearray(b"\xff" if layout.medium == "flash" else b"\0") * layout.size
        self.areas = ctypes.create_string_buffer(b"\xff" * 0x20000, 0x20000)
        self.commands, self.restarts, self.erased = [], 0, 0
        self.is_running = False  # what it has started
        self.geometry = (layout.size >> 20, layout.size // layout.block)
        self.real_layout = self._layout(layout)
        self.stopped = False
        self.heard = bytearray()

    @staticmethod
    def _layout(layout):
        parts = layout.parts
        return Layout(layout.board.encode(), layout.medium.encode(),
                      (parts["record-a"].offset, parts["record-b"].offset), parts["record-a"].size,
                      (parts["slot-a"].offset, parts["slot-b"].offset), parts["slot-a"].size)

    # ---- the line ------------------------------------------------------------------------------

    def say(self, text):
        data = bytearray(text.replace("\n", "\r\n").encode())
        if self.lose:
            data = bytes(c for c in data if self.random.randrange(self.lose))
        self.say_bytes(data)

    def say_bytes(self, data):
        while data:
            data = data[os.write(self.master, data):]

    def hear(self, seconds=0.1):
        """A character, or None."""
        while not self.heard and not self.stopped:
            if not select.select([self.master], [], [], seconds)[0]:
                return None
            try:
                heard = os.read(self.master, 4096)
            except OSError:
                return None
            if self.lose:
                heard = bytes(c for c in heard if self.random.randrange(self.lose))
            self.heard += heard
        if self.stopped:
            raise SystemExit
        c = self.heard[:1]
        del self.heard[0]
        return bytes(c)

    # ---- the board -----------------------------------------------------------------------------

    def run(self):
        while not self.stopped:
            try:
                if self._boot():
                    self._serve()
                while not self.stopped:
                    self.hear()  # something else runs, and does not answer
            except Restart:
                self.restarts += 1
                self.ram = mmap.mmap(-1, RAM_SIZE)
            except SystemExit:
                return

    def stop(self):
        self.stopped = True
        self.join()
        os.close(self.master)
        os.close(self.slave)

    def _boot(self):
        self.has_address = False
        self.say(BANNER + "Hit any key to stop autoboot:  1 ")
        end = time.monotonic() + (2 if self.autoboot else 0)
        while time.monotonic() < end:
            if self.hear() is not None:
                self.say("\b\b\b 0 \n")
                return True
        self.is_running = self.autoboot
        return not self.autoboot

    def _serve(self):
        typed = b""
        self.say(self.prompt)
        while True:
            c = self.hear()
            if c is None:
                continue
            if c == b"\x03":
                typed = b""
                self.say("<INTERRUPT>\n" + self.prompt)
            elif c == b"\r":
                self.say("\n")
                self._line(typed.decode("latin-1"))
                typed = b""
                self.say(self.prompt)
            elif c >= b" ":
                typed += c
                self.say(c.decode("latin-1"))

    def _line(self, text):
        status = 0
        for part in text.split(";"):
            for command in part.split("&&"):
                words = command.replace("$?", str(status)).split()
                if not words:
                    continue
                status = self._command(words)
                if status:
                    break

    def _command(self, words):
        if words[0] != "echo":
            self.commands.append(" ".join(words))
            time.sleep(self.slow)
        name = "do_" + words[0].replace(".", "_")
        if not hasattr(self, name):
            self.say(HELP.format(words[0]))
            return 1
        return getattr(self, name)(*words[1:]) or 0

    def _may_restart(self, half):
        """In the middle of a command: `half` does a part of it."""
        if len(self.commands) in self.restart_at:
            self.restart_at.discard(len(self.commands))
            half()
            raise Restart

    # ---- commands ------------------------------------------------------------------------------

    def do_echo(self, *words):
        self.say(" ".join(words) + "\n")

    def do_setenv(self, *_):
        self._may_restart(lambda: None)

    def do_version(self):
        self._may_restart(lambda: None)
        self.say("U-Boot 2023.01 (Jan 01 1970 - 00:00:00 +0000)\n\narm-linux-gnueabi-gcc 12.2.0\n")

    def do_flinfo(self):
        self._may_restart(lambda: None)
        size, count = self.geometry
        self.say(f"\nBank # 1: CFI conformant flash (32 x 16)  Size: {size} MB in {count} Sectors\n"
                 "  Intel Extended command set, Manufacturer ID: 0x00, Device ID: 0x00\n")

    def do_mmc(self, what, *words):
        if what == "dev":
            self.say("switch to partitions #0, OK\nmmc0 is current device\n")
            return 0
        if what == "info":
            self.say(f"Device: mmc@1c000000\nCapacity: {self.layout.size >> 20} MiB\n")
            return 0
        address, block, count = (int(word, 16) for word in words)
        length, at = count * SECTOR, block * SECTOR
        if what == "read":
            self._may_restart(lambda: None)
            self.ram[address:address + length] = bytes(self.medium[at:at + length])
        else:
            self._check_slot(at, length)
            self._may_restart(lambda: self._put(at, self.ram[address:address + length // 2]))
            self._put(at, self.ram[address:address + length])
        self.say(f"\nMMC {what}: dev # 0, block # {block}, count {count} ... {count} blocks {what}: OK\n")
        return 0

    def _put(self, at, data):
        self.medium[at:at + len(data)] = data

    def _check_slot(self, at, length):
        """Nothing is changed but a slot, and what is written there is no slot that would be booted."""
        for which in "ab":
            part = self.layout.parts[f"slot-{which}"]
            if part.offset <= at and at + length <= part.end:
                state = self.slot("info").split(f"slot {which}: ")[1].split()[0]
                assert state == "writing", state
                return
        raise AssertionError(f"outside of the slots: {at:#x}")

    def do_erase(self, first, length):
        at, size = int(first, 16) - self.layout.base, int(length.lstrip("+"), 16)
        assert at % self.layout.block == 0 and size % self.layout.block == 0
        self._check_slot(at, size)
        self.erased += size // self.layout.block
        self._may_restart(lambda: self._put(at, self.random.randbytes(size // 2)))
        self._put(at, b"\xff" * size)
        self.say(f"....... done\nErased {size // self.layout.block} sectors\n")

    def do_cp_b(self, address, to, length):
        address, at = int(address, 16), int(to, 16) - self.layout.base
        size = int(length, 16)
        self._check_slot(at, size)
        assert bytes(self.medium[at:at + size]) == b"\xff" * size, "not erased"
        self._may_restart(lambda: self._put(at, self.ram[address:address + size // 3]))
        self._put(at, self.ram[address:address + size])
        self.say("Copy to Flash... 9....8....7....done\n")

    def do_crc32(self, address, length):
        self._may_restart(lambda: None)
        at, size = int(address, 16), int(length, 16)
        base = self.layout.base
        if base and base <= at < base + self.layout.size:
            data = bytes(self.medium[at - base:at - base + size])
        else:
            data = self.ram[at:at + size]
        self.say(f"crc32 for {at:08x} ... {at + size - 1:08x} ==> {zlib.crc32(data):08x}\n")

    def do_dhcp(self):
        if self.tftp is None:
            self.say("Retry time exceeded\n")
            return 1
        self.has_address = True
        self.say("BOOTP broadcast 1\nDHCP client bound to address 10.0.2.15 (2 ms)\n")
        return 0

    def do_tftpboot(self, address, name):
        if not self.has_address:
            self.say("*** ERROR: `ipaddr' not set\n")
            return 1
        path = Path(self.tftp) / name.split(":")[1]
        if not path.exists():
            self.say("TFTP error: 'File not found' (1)\n")
            return 1
        data, at = path.read_bytes(), int(address, 16)
        self._may_restart(lambda: None)
        self.ram[at:at + len(data)] = data
        self.say(f"Loading: #####\n\t 1.2 MiB/s\ndone\nBytes transferred = {len(data)} ({len(data):x} hex)\n")
        return 0

    def slot(self, *words):
        """What the real command prints; its status is self.slot_done."""
        printed = ctypes.create_string_buffer(2048)
        arguments = (ctypes.c_char_p * (len(words) + 1))(b"slot", *(word.encode() for word in words))
        function = self.library.slot_command
        function.restype = ctypes.c_bool
        self.slot_done = function(ctypes.byref(self.real_layout), self.areas,
                                  ctypes.c_bool(self.layout.medium == "card"), len(words) + 1,
                                  arguments, printed)
        return printed.value.decode()

    def do_slot(self, *words):
        text = self.slot(*words)
        done = self.slot_done
        self._may_restart(lambda: None)
        self.say(text)
        return int(not done)

    def do_loady(self, address):
        self.say(f"## Ready for binary (ymodem) download to 0x{int(address, 16):08X} at 115200 bps...\n")
        data = self._receive_ymodem()
        if data is None:
            self.say("## Binary (ymodem) download aborted\n")
            return 1
        at = int(address, 16)
        self._may_restart(lambda: None)
        self.ram[at:at + len(data)] = data
        self.say(f"xyzModem - CRC mode, 3(SOH)/2(STX)/0(CAN) packets, 4 retries\n"
                 f"## Total Size      = 0x{len(data):08x} = {len(data)} Bytes\n")
        return 0

    # ---- YMODEM, the receiving side ------------------------------------------------------------

    def _packet(self):
        """b"" at the end of a file, None if it was spoilt, or if nothing comes."""
        c = self.hear(1)
        if c == b"\x04":
            return b""
        if c in (b"\x18", b"\x03"):
            raise InterruptedError
        size = {b"\x01": 128, b"\x02": 1024}.get(c)
        rest = b""
        while size and len(rest) < size + 4:
            c = self.hear(0.5)
            if c is None:
                return None
            rest += c
        if not size or rest[0] ^ rest[1] != 255 or crc16(rest[2:-2]) != int.from_bytes(rest[-2:], "big"):
            return None
        return rest[:-2]

    def _receive_ymodem(self):
        data, size, expected, silence = b"", None, 0, 0
        self.say_bytes(b"C")
        while silence < 30:
            try:
                packet = self._packet()
            except InterruptedError:
                return None
            if packet is None:
                silence += 1
                self.say_bytes(b"C" if size is None else b"\x15")
                continue
            silence = 0
            if packet == b"":
                self.say_bytes(b"\x06C")
                packet = self._packet()  # the empty header behind the last file
                self.say_bytes(b"\x06")
                return data[:size]
            if size is None:
                size = int(re.match(rb"[^\0]*\0(\d+)", packet[2:])[1])
                self.say_bytes(b"\x06C")
                expected = 1
            else:
                if packet[0] == expected & 255:
                    data += packet[2:]
                    expected += 1
                self.say_bytes(b"\x06")
        return None


def crc16(data):
    crc = 0
    for byte in data:
        crc ^= byte << 8
        for _ in range(8):
            crc = (crc << 1 ^ 0x1021 if crc & 0x8000 else crc << 1) & 0xFFFF
    return crc
