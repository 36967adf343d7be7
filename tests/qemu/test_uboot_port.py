# SPDX-License-Identifier: Apache-2.0
"""From power-on: our U-Boot (board/u-boot) finds what the boards have, and starts what is on flash or
SD card - not an image that is damaged, nor one that has not started three times, and on a locked
board nothing that is not signed.

All but one test start a small bare-metal guest.
"""

import fcntl
import hashlib
import os
import re
import subprocess
import sys

import pytest

from guest import ROOT, Machine, hako_qemu
from test_boot import (GOOD, POWERED_OFF, folder_fixture,  # noqa: F401 (fixtures)
                       guests_fixture)

sys.path.insert(0, str(ROOT / "scripts"))

import hako_layout  # noqa: E402 (needs the path above)
from hako_flash import record  # noqa: E402

LOAD_AT = 0x2000000
COPY_AT = 0x3000000
UBOOT = ROOT / "build/uboot"


def run(*words):
    subprocess.run([str(word) for word in words], cwd=ROOT, check=True, stdout=subprocess.DEVNULL)


@pytest.fixture(scope="module", name="uboot")
def uboot_fixture():
    """Built when first needed, or the test fails with the reason."""
    environment = {k: v for k, v in os.environ.items() if k not in ("MAKEFLAGS", "MFLAGS")}
    targets = [f"build/uboot/{board}/{name}.bin" for board in hako_qemu.BOARDS
               for name in ("u-boot", "u-boot-locked")]
    UBOOT.mkdir(parents=True, exist_ok=True)
    with open(UBOOT / ".tests.lock", "w", encoding="ascii") as lock:
        # One of the workers builds it; the others find it there.
        fcntl.flock(lock, fcntl.LOCK_EX)
        done = subprocess.run(["make", "--no-print-directory", *targets], cwd=ROOT, env=environment,
                              text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                              check=False)
    if done.returncode:
        pytest.fail(f"there is no U-Boot to test with:\n{done.stdout}", pytrace=False)


def make_fit(board, bundle, output, *options):
    run("scripts/image", "fit", "--board", board, "--mkimage", UBOOT / board / "mkimage",
        "--bundle", bundle, "-o", output, *options)
    return output


def make_medium(board, fit, output, name="u-boot"):
    run("scripts/image", "medium", "--board", board, "--uboot", UBOOT / board / f"{name}.bin",
        "--environment", UBOOT / board / "u-boot-initial-env", "--fit", fit, "-o", output)
    return output


def put(path, at, data):
    with open(path, "r+b") as file:
        file.seek(at)
        file.write(data)


def put_uboot(layout, image, name):
    """Into flash; on a card there is none."""
    if layout.medium == "flash":
        data = (UBOOT / layout.board / f"{name}.bin").read_bytes()
        put(image, layout.parts["u-boot"].offset, data)


def put_new(layout, image, fit):
    """An image into slot A, of which the record knows that it is another one, and new."""
    entry = record_of(layout, image)
    slot = record.Slot(record.VALID, digest=hashlib.sha256(fit.read_bytes()).digest()[:8])
    entry = entry._replace(sequence=entry.sequence + 1, slots=(slot, entry.slots[1]))
    put(image, layout.parts["slot-a"].offset, fit.read_bytes())
    put(image, layout.parts["record-a"].offset,
        record.area(layout.medium, [entry], layout.parts["record-a"].size))


def record_of(layout, image):
    """The last entry of the boot record."""
    areas = []
    with open(image, "rb") as file:
        for part in (layout.parts["record-a"], layout.parts["record-b"]):
            file.seek(part.offset)
            areas.append(file.read(part.size))
    return record.newest(layout.medium, areas)


def flip_bit(path, at):
    with open(path, "r+b") as file:
        file.seek(at)
        byte = file.read(1)[0]
        file.seek(at)
        file.write(bytes([byte ^ 1]))


@pytest.fixture(scope="module", name="images")
def images_fixture(folder, guests):
    """A small bundle of each board, whose VMM marks its starts."""
    images = {}
    for board in hako_qemu.BOARDS:
        images[board] = folder / f"{board}.zImage"
        run("scripts/bundle", "--board", board, "--vmm", ROOT / f"build/{board}-vms/vmm.bin",
            "--guest", guests[board], "--memory", "40M", "-o", images[board])
    return images


@pytest.fixture(scope="module", name="medium")
def medium_fixture(uboot, folder, images):
    """A function: a fresh medium of a board with the small image in both slots; keys: signed with
    those, for a locked U-Boot."""
    def make(board, keys=None):
        name = f"{board}{keys.name if keys else ''}"
        fit, kept = folder / f"{name}.fit", folder / f"{name}.img"
        if not kept.exists():
            make_fit(board, images[board], fit, *(("--keys", keys) if keys else ()))
            make_medium(board, fit, kept, "u-boot-locked" if keys else "u-boot")
        # Copied, with its holes.
        output = folder / f"{name}-used.img"
        run("cp", "--sparse=always", kept, output)
        return output

    return make


class Board(Machine):
    """A board that was switched on."""

    def __init__(self, board, image, log, *, name="u-boot", memory_mib=None, tftp=None):
        start = hako_qemu.power_on(board, image, UBOOT / board / f"{name}.bin")
        command = hako_qemu.command(board, start, tftp=tftp)
        command.remove("-no-reboot")
        if memory_mib:
            command[command.index("-m") + 1] = str(memory_mib)
        self.prompt = f"{board}> "
        super().__init__(command, log)

    def stop_at_prompt(self):
        self.expect("Hit any key")
        self.type("\n")
        self.expect(self.prompt)

    def command(self, line, wanted):
        """Run one of U-Boot's commands, which has to say what is wanted."""
        self.type(line + "\n")
        text = self.expect(self.prompt)[1]
        assert wanted in text, text
        return text

    def guest_ends_well(self):
        text, status = self.wait_for_end()
        # The mark's line comes while the guest runs already, and may cut one of the guest's in two.
        mark = re.search(r"(?:\r\n)?hako: boot record: slot . is good\r\n", text)
        assert mark, text
        text = mark[0] + text[:mark.start()] + text[mark.end():]
        for wanted in (GOOD, "hako: vmm memory checksum ok", POWERED_OFF):
            assert wanted in text, text
        assert status == 0
        return text


@pytest.fixture(name="switch_on")
def switch_on_fixture(request):
    """Boards that end with the test."""
    boards = []

    def switch_on(board, image, **options):
        name = re.sub(r"[^\w.-]+", "-", request.node.name).strip("-")
        log = ROOT / "build/log/qemu" / f"{name}-{len(boards)}.log"
        boards.append(Board(board, image, log, **options))
        return boards[-1]

    yield switch_on
    for board in boards:
        board.__exit__()


def test_uboot_finds_ram_and_network(board, switch_on, medium, folder, images):
    """All RAM, also if it is less; an address, a host that answers, a file; `bootz` of that file."""
    uboot = switch_on(board, medium(board), memory_mib=64)
    uboot.expect("DRAM:  64 MiB")
    uboot = switch_on(board, medium(board), tftp=folder)
    uboot.stop_at_prompt()
    size = hako_qemu.MEMORY_MIB << 20
    assert f"-> size     = {size:#010x}" in uboot.command("bdinfo", "DRAM bank")
    uboot.command("setenv autoload no; dhcp", "bound to address 10.0.2.15")
    uboot.command("ping 10.0.2.2", "host 10.0.2.2 is alive")
    uboot.command(f"tftpboot {LOAD_AT:x} {images[board].name}", "Bytes transferred")
    digest = hashlib.sha256(images[board].read_bytes()).hexdigest()
    uboot.command(f"hash sha256 {LOAD_AT:x} $filesize", digest)
    # Nobody has noted an attempt, so there is nothing to be marked.
    uboot.type(f"bootz {LOAD_AT:x}\n")
    text, status = uboot.wait_for_end()
    assert GOOD in text and "boot record" not in text and status == 0, text


def write_commands(layout, part, size):
    """To write `size` bytes of RAM to a part of the boot medium, and to read them back."""
    if layout.medium == "flash":
        at = layout.base + part.offset
        return [(f"erase {at:x} +{size:x}", "Erased"), (f"cp.b {LOAD_AT:x} {at:x} {size:x}", "done"),
                (f"cp.b {at:x} {COPY_AT:x} {size:x}", "")]
    where = f"{part.offset // hako_layout.SECTOR:x} {size // hako_layout.SECTOR:x}"
    return [(f"mmc write {LOAD_AT:x} {where}", "written: OK"),
            (f"mmc read {COPY_AT:x} {where}", "read: OK")]


def test_uboot_writes_its_medium(board, switch_on, medium):
    """Flash or SD card is written and read back. The environment outlives a reset, and the loss of one
    of its two copies; without both, the board starts all the same."""
    layout = hako_layout.read(board)
    size = 2 * hako_layout.BLOCKS["flash"]
    image = medium(board)
    uboot = switch_on(board, image)
    uboot.stop_at_prompt()
    uboot.command(f"mw.l {LOAD_AT:x} 600df00d {size // 4:x}; mw.l {COPY_AT:x} 0 {size // 4:x}", "")
    for line, wanted in write_commands(layout, layout.parts["disks"], size):
        uboot.command(line, wanted)
    uboot.command(f"cmp.b {LOAD_AT:x} {COPY_AT:x} {size:x}", f"Total of {size} byte(s) were the same")
    # The first of two is the older one.
    uboot.command("setenv greeting first; saveenv; setenv greeting second; saveenv", "OK")
    uboot.type("reset\n")
    uboot.stop_at_prompt()
    uboot.command("printenv greeting", "greeting=second")
    uboot.__exit__()
    flip_bit(image, layout.parts["environment-a"].offset + 100)
    uboot = switch_on(board, image)
    uboot.stop_at_prompt()
    uboot.command("printenv greeting", "greeting=first")
    uboot.__exit__()
    # Of neither copy, what was compiled in.
    flip_bit(image, layout.parts["environment-b"].offset + 100)
    uboot = switch_on(board, image)
    uboot.expect("using default environment")
    uboot.stop_at_prompt()
    uboot.command("printenv greeting", "not defined")
    uboot.type("run bootcmd\n")
    uboot.guest_ends_well()


def test_a_damaged_image_is_not_started(board, switch_on, medium):
    """The one in the other slot is; if that one is damaged as well, the prompt comes. By the record's
    digest of it, or, where the record was lost, by its own."""
    layout = hako_layout.read(board)
    image = medium(board)
    put(image, layout.parts["record-a"].offset, b"\xff" * 0x10000)
    flip_bit(image, layout.parts["slot-a"].offset + 0x10000)
    uboot = switch_on(board, image)
    uboot.expect("Slot A: nothing better is known")
    assert "Bad hash value" in uboot.expect("Slot B: nothing better is known")[1]
    uboot.expect("slot B is good")
    uboot.__exit__()
    image = medium(board)
    flip_bit(image, layout.parts["slot-a"].offset + 0x10000)
    uboot = switch_on(board, image)
    uboot.expect("Slot A: it is new")
    _, text = uboot.expect("Slot B: it is new")
    assert "the image is not the one that was written" in text, text
    assert "Starting kernel" not in text, text
    assert "slot B is good" in uboot.guest_ends_well()
    # Where the list of reserved memory begins: now at an odd address.
    flip_bit(image, layout.parts["slot-b"].offset + 0x13)
    uboot = switch_on(board, image)
    assert "Starting kernel" not in uboot.expect("No slot: ")[1]
    uboot.expect(uboot.prompt)
    uboot.command("slot info", "slot b: refused confirmed 0")
    uboot.command("slot layout", f"slot layout: board {board} medium {layout.medium} record ")


def test_an_image_that_goes_elsewhere_is_not_started(board, switch_on, medium, folder, images):
    """It would overwrite U-Boot; and the prompt that comes then checks what it starts."""
    layout = hako_layout.read(board)
    image = medium(board)
    fit = make_fit(board, images[board], folder / f"{board}-elsewhere.fit")
    data, usual = fit.read_bytes(), (0x200000).to_bytes(4, "big")
    at = data.index(usual, data.rindex(b"none\0"))
    fit.write_bytes(data[:at] + (0x7000000).to_bytes(4, "big") + data[at + 4:])
    put_new(layout, image, fit)
    flip_bit(image, layout.parts["slot-b"].offset + 0x10000)
    uboot = switch_on(board, image)
    assert "the image does not go to 200000" in uboot.expect("No slot: ")[1]
    uboot.expect(uboot.prompt)
    uboot.command("printenv verify", "verify=y")


def test_an_image_that_does_not_start_is_given_up(board, switch_on, medium, folder, images):
    """U-Boot finds nothing wrong with it, but the VMM does, three times. Then it is the other one's
    turn, and stays so."""
    layout = hako_layout.read(board)
    image = medium(board)
    damaged = folder / f"{board}-damaged"
    damaged.write_bytes(images[board].read_bytes())
    flip_bit(damaged, damaged.stat().st_size - 0x1000)
    put_new(layout, image, make_fit(board, damaged, folder / f"{board}-damaged.fit"))
    for _ in range(3):
        with switch_on(board, image) as uboot:
            uboot.expect("Slot A: it is new")
            uboot.expect("hako: bundle: part '[^']*' is damaged")
    uboot = switch_on(board, image)
    uboot.expect("Slot A: it did not start all VMs in so many attempts")
    assert "slot B is good" in uboot.guest_ends_well()
    uboot = switch_on(board, image)
    uboot.expect("Slot B: it has started before")
    uboot.guest_ends_well()
    states = [slot.state for slot in record_of(layout, image).slots]
    assert states == [record.GIVEN_UP, record.VALID]


def make_keys(folder):
    folder.mkdir()
    run("openssl", "req", "-new", "-x509", "-newkey", "rsa:2048", "-noenc", "-batch",
        "-subj", "/CN=test", "-keyout", folder / "boot.key", "-out", folder / "boot.crt")
    return folder


def test_a_locked_board_starts_what_is_signed(board, switch_on, medium):
    """Whatever the environment says: it is not looked at."""
    layout = hako_layout.read(board)
    image = medium(board, ROOT / "build/keys")
    # Written by the U-Boot that is not locked.
    put_uboot(layout, image, "u-boot")
    uboot = switch_on(board, image)
    uboot.stop_at_prompt()
    uboot.command("setenv verify n; setenv bootcmd help; setenv bootdelay -1; saveenv; saveenv", "OK")
    uboot.__exit__()
    put_uboot(layout, image, "u-boot-locked")
    uboot = switch_on(board, image, name="u-boot-locked")
    _, text = uboot.expect("Starting kernel")
    assert "Hit any key" not in text and "sha256,rsa2048:boot+ OK" in text, text
    uboot.guest_ends_well()


def test_a_locked_board_starts_nothing_else(board, switch_on, medium, folder, images):
    """Slot A is signed with another key, slot B is not signed; there is no prompt."""
    layout = hako_layout.read(board)
    image = medium(board, make_keys(folder / f"other-{board}"))
    fit = make_fit(board, images[board], folder / f"{board}-unsigned.fit")
    put(image, layout.parts["slot-b"].offset, fit.read_bytes())
    uboot = switch_on(board, image, name="u-boot-locked")
    uboot.type("\n\x03help\n")
    text = uboot.expect("### ERROR ### Please RESET the board")[1]
    assert "No slot: " in text, text
    assert text.count("Failed to verify required signature") == 2, text
    assert "Starting kernel" not in text and "Hit any key" not in text, text


def test_power_on_to_a_shell(board, switch_on, uboot, default_kernel, folder):
    """What `make image` makes, with a kernel and a shell."""
    bundle = ROOT / f"build/{board}-vms" / default_kernel / "zImage-hako"
    fit = make_fit(board, bundle, folder / f"{board}-linux.fit")
    guest = switch_on(board, make_medium(board, fit, folder / f"{board}-linux.img"))
    guest.wait_for_shell()
    assert "ARM926EJ-S" in guest.check("cat /proc/cpuinfo")
    guest.leave("poweroff -f")
    text, status = guest.wait_for_end()
    assert POWERED_OFF in text and status == 0, text
    assert "boot record: slot A is good" in guest.log_path.read_text(encoding="utf-8")
