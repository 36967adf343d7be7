# SPDX-License-Identifier: Apache-2.0
"""Disks of VMs on the board's own devices: ranges of an SD card and of flash. What a VM writes is
there after its restart and after the board's, and nowhere but in its range.
"""

import hashlib
import random
import struct
import subprocess

import pytest
from guest import ROOT, Machine, hako_qemu

MIB = 1 << 20
SECTOR = 512
CARD_SIZE = 64 * MIB
# In the middle of the card, and of a page.
DISK_AT, DISK_SIZE = 9 * MIB + 3 * SECTOR, MIB
FIXED_AT, FIXED_SIZE = 31 * MIB + SECTOR, MIB // 2
FLASH_SIZE = 64 * MIB

SOURCE = """/dts-v1/;
/ {{
	compatible = "hako,system";
	disks {{ {disks} }};
	vms {{ {vms} }};
}};
"""
VM = """
{name} {{
	memory = <0x2000000>; guest = "linux"; initrd = "linux"; cmdline = "console=ttyAMA0";
	autostart; on-death = "restart";
	virtio {{ {virtio} }};
}};
"""
CARD_DISKS = (f"disk {{ sdcard; offset = <{DISK_AT:#x}>; size = <{DISK_SIZE:#x}>; }};"
              f"fixed {{ sdcard; offset = <{FIXED_AT:#x}>; size = <{FIXED_SIZE:#x}>; }};")
DISK = 'd { type = "block"; disk = "disk"; };'
FIXED = 'f { type = "block"; disk = "fixed"; read-only; };'


def some_bytes(seed, count):
    return random.Random(seed).randbytes(count)


def sha256(data):
    return hashlib.sha256(data).hexdigest()


def bundle_command(board, kernel, source, out):
    guest = ROOT / "build/guest" / kernel
    return [ROOT / "scripts/bundle", "--board", board, "--vmm", ROOT / f"build/{board}-vms/vmm.bin",
            "--vms", source, "--guest", f"linux={guest / 'vmlinux.hako'}",
            "--initrd", f"linux={ROOT / 'build/guest/initramfs.cpio.gz'}",
            "--dtb", guest / f"{board}.dtb", "-o", out]


@pytest.fixture
def make_bundle(tmp_path, default_kernel):
    """A bundle of VMs that are the default kernel: make_bundle(board, disks, {name: virtio})."""
    def make(board, disks, vms):
        source, out = tmp_path / "test.dts", tmp_path / "zImage-hako"
        nodes = "".join(VM.format(name=name, virtio=virtio) for name, virtio in vms.items())
        source.write_text(SOURCE.format(disks=disks, vms=nodes))
        subprocess.run(bundle_command(board, default_kernel, source, out), check=True,
                       capture_output=True)
        return out
    return make


@pytest.fixture
def boot(request, tmp_path):
    """Start the board: boot(board, bundle, more words of QEMU's command line)."""
    machines = []

    def start(board, bundle, *words, **options):
        command = hako_qemu.command(board, bundle, **options) + [str(word) for word in words]
        log = ROOT / "build/log/qemu" / f"{request.node.name}-{len(machines)}.log"
        machines.append(Machine(command, log))
        return machines[-1]

    yield start
    for machine in machines:
        machine.__exit__()


@pytest.fixture
def card(tmp_path):
    path = tmp_path / "card.img"
    path.write_bytes(some_bytes("card", CARD_SIZE))
    return path


def sum_of(guest, device):
    return guest.check(f"sha256sum {device}").split()[0]


def end(guest):
    guest.leave("poweroff")
    guest.wait_for_end()


def test_a_range_of_the_card_is_a_disk(make_bundle, boot, board, card):
    before = card.read_bytes()
    bundle = make_bundle(board, CARD_DISKS, {"linux": DISK + FIXED})
    guest = boot(board, bundle, sd=card)
    guest.expect(rf"hako: SD card of {CARD_SIZE // MIB} MiB\r\n")
    guest.wait_for_shell()
    assert guest.check("cat /sys/block/vda/size").strip() == str(DISK_SIZE // SECTOR)
    assert sum_of(guest, "/dev/vda") == sha256(before[DISK_AT:DISK_AT + DISK_SIZE])
    # All of it, then single sectors: first, last, some across a page.
    guest.check(f"head -c {DISK_SIZE} /bin/busybox >/tmp/a; cat /tmp/a >/dev/vda; sync")
    for at in (0, 5, 1023, 1024, 2047):
        guest.check(f"echo sector {at} | dd of=/dev/vda bs=512 seek={at} conv=notrunc 2>/dev/null;"
                    f"echo sector {at} | dd of=/tmp/a bs=512 seek={at} conv=notrunc 2>/dev/null")
    guest.check("sync; echo 3 >/proc/sys/vm/drop_caches")
    written = sum_of(guest, "/tmp/a")
    assert sum_of(guest, "/dev/vda") == written

    # The other one can be read only.
    assert guest.check("cat /sys/block/vdb/ro").strip() == "1"
    assert guest.run("echo no | dd of=/dev/vdb bs=512 conv=notrunc")[0] != 0
    fixed = before[FIXED_AT:FIXED_AT + FIXED_SIZE]
    assert sum_of(guest, "/dev/vdb") == sha256(fixed)

    # Restart of the VM, then of the board.
    guest.leave("reboot -f")
    guest.wait_for_shell()
    assert sum_of(guest, "/dev/vda") == written
    end(guest)
    after = card.read_bytes()
    assert sha256(after[DISK_AT:DISK_AT + DISK_SIZE]) == written
    assert after[:DISK_AT] == before[:DISK_AT]
    assert after[DISK_AT + DISK_SIZE:] == before[DISK_AT + DISK_SIZE:]
    guest = boot(board, bundle, sd=card)
    guest.wait_for_shell()
    assert sum_of(guest, "/dev/vda") == written
    end(guest)


def test_a_missing_card_is_an_error_and_no_hang(make_bundle, boot, board):
    bundle = make_bundle(board, CARD_DISKS, {"linux": DISK})
    guest = boot(board, bundle)
    guest.expect(r"hako: SD card: no card answers")
    guest.wait_for_shell()
    assert guest.run("dd if=/dev/vda of=/dev/null bs=512 count=1")[0] != 0
    end(guest)


def refusal(boot, board, bundle, **options):
    """What the VMM says when it does not start."""
    text, status = boot(board, bundle, **options).wait_for_end()
    assert status == 1
    return text


def test_a_disk_beyond_the_end_of_the_card_is_refused(make_bundle, boot, board, card):
    disks = f"disk {{ sdcard; offset = <{CARD_SIZE - SECTOR:#x}>; size = <{2 * SECTOR}>; }};"
    text = refusal(boot, board, make_bundle(board, disks, {"linux": DISK}), sd=card)
    assert "hako: disk 'disk': ends beyond the end of the card" in text


def put_partitions(card, *partitions):
    """An MBR with partitions (first sector, sectors)."""
    entries = b"".join(struct.pack("<4xB3xII", 0x83, *range_) for range_ in partitions)
    with open(card, "r+b") as file:
        file.seek(446)
        file.write(entries.ljust(64, b"\0") + b"\x55\xaa")


PARTITION = "disk { sdcard; partition = <2>; };"


def test_a_partition_is_a_disk(make_bundle, boot, board, card):
    put_partitions(card, (63, 1000), (2049, 4097))
    before = card.read_bytes()
    guest = boot(board, make_bundle(board, PARTITION, {"linux": DISK}), sd=card)
    guest.wait_for_shell()
    assert guest.check("cat /sys/block/vda/size").strip() == "4097"
    assert sum_of(guest, "/dev/vda") == sha256(before[2049 * SECTOR:(2049 + 4097) * SECTOR])
    end(guest)


def test_a_damaged_partition_table_is_refused(make_bundle, boot, board, card):
    bundle = make_bundle(board, PARTITION + f"also {{ sdcard; offset = <{2 * MIB}>; size = <512>; }};",
                         {"linux": DISK})
    assert "disk 'disk': there is no partition table" in refusal(boot, board, bundle, sd=card)
    put_partitions(card, (63, 1000), (1062, 4097))
    assert "disk 'disk': the table has partitions that overlap" in \
        refusal(boot, board, bundle, sd=card)
    put_partitions(card, (63, 1000), (2049, CARD_SIZE // SECTOR))
    assert "disk 'disk': the table has a partition that is not on the disk" in \
        refusal(boot, board, bundle, sd=card)
    put_partitions(card, (63, 1000), (2049, 4097))
    assert "disk 'also': disk 'disk' is on the same sectors" in \
        refusal(boot, board, bundle, sd=card)


WORK_SECONDS = 600  # a hang's end, not a measure

# Each VM writes and checks its own sectors, all the time: if they mixed, a sum would be wrong.
WORK = ("for n in 1 2; do seq $n 100 400000 | cat - /proc/uptime | head -c 100000 >/tmp/a; "
        "dd if=/tmp/a of=/dev/vda bs=1000 conv=notrunc 2>/dev/null && sync && "
        "echo 3 >/proc/sys/vm/drop_caches && "
        "head -c $(stat -c %s /tmp/a) /dev/vda | cmp - /tmp/a || echo WRONG; done; echo work done")


def test_two_vms_share_the_card(make_bundle, boot, board, card):
    before = card.read_bytes()
    fixed = FIXED.replace("read-only; ", "").replace("f {", "d {")
    bundle = make_bundle(board, CARD_DISKS, {"one": DISK, "two": fixed})
    guest = boot(board, bundle, sd=card)
    guest.wait_for_shell()
    guest.type(WORK + "\n")
    guest.type("\x0f2")  # Ctrl-O 2: the console of the other
    guest.type("\n")
    guest.wait_for_shell()
    guest.type(WORK + "\n")
    for key in ("", "\x0f1"):
        guest.type(key)
        _, text = guest.expect(r"\nwork done\r\n", timeout=WORK_SECONDS)
        assert "\nWRONG" not in text
    guest.wait_for_shell()
    for key in ("", "\x0f2"):
        guest.type(key + "\n")
        guest.wait_for_shell()
        guest.leave("poweroff -f")
    guest.wait_for_end()
    after = card.read_bytes()
    for start, size in ((0, DISK_AT), (DISK_AT + DISK_SIZE, FIXED_AT - DISK_AT - DISK_SIZE),
                        (FIXED_AT + FIXED_SIZE, CARD_SIZE - FIXED_AT - FIXED_SIZE)):
        assert after[start:start + size] == before[start:start + size]
    assert after[DISK_AT:DISK_AT + 100000] != before[DISK_AT:DISK_AT + 100000]
    assert after[FIXED_AT:FIXED_AT + 100000] != before[FIXED_AT:FIXED_AT + 100000]


FLASH_AT, FLASH_DISK = 5 * MIB + SECTOR, MIB
FLASH_DISKS = f"disk {{ flash; offset = <{FLASH_AT:#x}>; size = <{FLASH_DISK:#x}>; }};"
READ_ONLY_DISK = DISK.replace(" };", " read-only; };")


def test_a_range_of_flash_is_a_disk_to_read(make_bundle, boot, tmp_path):
    flash = tmp_path / "flash.img"
    content = some_bytes("flash", FLASH_SIZE)
    flash.write_bytes(content)
    bundle = make_bundle("versatilepb", FLASH_DISKS, {"linux": READ_ONLY_DISK})
    guest = boot("versatilepb", bundle, "-drive", f"if=pflash,format=raw,file={flash}")
    guest.wait_for_shell()
    assert guest.check("cat /sys/block/vda/ro").strip() == "1"
    assert guest.check("cat /sys/block/vda/size").strip() == str(FLASH_DISK // SECTOR)
    assert sum_of(guest, "/dev/vda") == sha256(content[FLASH_AT:FLASH_AT + FLASH_DISK])
    assert guest.run("echo no | dd of=/dev/vda bs=512 conv=notrunc")[0] != 0
    end(guest)
    assert flash.read_bytes() == content


def test_flash_that_is_not_there_is_refused(make_bundle, boot):
    # QEMU's Integrator/CP has none.
    disks = FLASH_DISKS.replace("disk {", "stuff {")
    virtio = READ_ONLY_DISK.replace('"disk"', '"stuff"')
    text = refusal(boot, "integratorcp", make_bundle("integratorcp", disks, {"linux": virtio}))
    assert "hako: disk 'stuff': no flash answers at 0x24000000" in text


def test_flash_is_not_written_unless_it_says_so(make_bundle, board):
    with pytest.raises(subprocess.CalledProcessError) as error:
        make_bundle(board, FLASH_DISKS, {"linux": DISK})
    assert b"flash without `writable`" in error.value.stderr


BLOCK = 256 << 10  # erased at once
WRITTEN_AT, WRITTEN_SIZE = 7 * BLOCK, 4 * BLOCK
WRITTEN_DISKS = (f"disk {{ flash; writable; offset = <{WRITTEN_AT:#x}>; size = <{WRITTEN_SIZE:#x}>; }};"
                 f"fixed {{ flash; offset = <{WRITTEN_AT + WRITTEN_SIZE:#x}>; size = <{BLOCK}>; }};")


def flash_words(flash):
    return "-drive", f"if=pflash,format=raw,file={flash}"


def test_a_range_of_flash_is_a_disk(make_bundle, boot, tmp_path):
    flash = tmp_path / "flash.img"
    before = some_bytes("flash", FLASH_SIZE)
    flash.write_bytes(before)
    bundle = make_bundle("versatilepb", WRITTEN_DISKS, {"linux": DISK + FIXED})
    guest = boot("versatilepb", bundle, *flash_words(flash))
    guest.expect(r"hako: flash of 64 MiB, erase blocks of 256 KiB\r\n")
    guest.wait_for_shell()
    assert guest.check("cat /sys/block/vda/ro").strip() == "0"
    assert sum_of(guest, "/dev/vda") == sha256(before[WRITTEN_AT:WRITTEN_AT + WRITTEN_SIZE])

    # A sector on each side of blocks' borders; the rest of the blocks stays.
    expected = bytearray(before[WRITTEN_AT:WRITTEN_AT + WRITTEN_SIZE])
    for at in (0, 511, 512, 1023, 1536, 2046):
        guest.check(f"printf 'sector %-504d\\n' {at} | "
                    f"dd of=/dev/vda bs=512 seek={at} conv=notrunc,fsync 2>/dev/null")
        expected[at * SECTOR:(at + 1) * SECTOR] = b"sector %-504d\n" % at
    assert sum_of(guest, "/dev/vda") == sha256(expected)
    guest.check("echo 3 >/proc/sys/vm/drop_caches")
    assert sum_of(guest, "/dev/vda") == sha256(expected)
    assert flash.read_bytes()[WRITTEN_AT:WRITTEN_AT + WRITTEN_SIZE] == expected

    # The other one is beside it, and can be read only.
    fixed = before[WRITTEN_AT + WRITTEN_SIZE:][:BLOCK]
    assert sum_of(guest, "/dev/vdb") == sha256(fixed)
    assert guest.run("echo no | dd of=/dev/vdb bs=512 conv=notrunc")[0] != 0

    # A file system, over restarts of the VM and of the board.
    guest.check("mke2fs /dev/vda >/dev/null 2>&1; mkdir -p /m; mount -t ext2 /dev/vda /m")
    guest.check("head -c 300000 /bin/busybox >/m/file; umount /m")
    content = sha256((ROOT / "build/guest/busybox/bin/busybox").read_bytes()[:300000])
    guest.leave("reboot -f")
    guest.wait_for_shell()
    guest.check("mkdir -p /m; mount -t ext2 /dev/vda /m")
    assert sum_of(guest, "/m/file") == content
    guest.check("cp /m/file /m/copy; umount /m")
    end(guest)  # at once: nobody asks for a flush
    after = flash.read_bytes()
    assert after[:WRITTEN_AT] == before[:WRITTEN_AT]
    assert after[WRITTEN_AT + WRITTEN_SIZE:] == before[WRITTEN_AT + WRITTEN_SIZE:]
    guest = boot("versatilepb", bundle, *flash_words(flash))
    guest.wait_for_shell()
    guest.check("mkdir -p /m; mount -t ext2 /dev/vda /m")
    for name in "file", "copy":
        assert sum_of(guest, f"/m/{name}") == content
    end(guest)


def test_two_vms_and_one_flash(make_bundle, boot, tmp_path):
    """One writes, the other one reads beside it all the time: it waits, and sees no status."""
    flash = tmp_path / "flash.img"
    before = some_bytes("flash", FLASH_SIZE)
    flash.write_bytes(before)
    fixed = FIXED.replace("f {", "d {")
    bundle = make_bundle("versatilepb", WRITTEN_DISKS, {"one": DISK, "two": fixed})
    guest = boot("versatilepb", bundle, *flash_words(flash))
    guest.wait_for_shell()
    guest.type("for n in $(seq 0 300 900); do dd if=/dev/urandom of=/tmp/a bs=512 count=900 2>/dev/null; "
               "dd if=/tmp/a of=/dev/vda bs=512 seek=$n conv=notrunc,fsync 2>/dev/null && "
               "echo 3 >/proc/sys/vm/drop_caches && "
               "dd if=/dev/vda bs=512 skip=$n count=900 2>/dev/null | cmp - /tmp/a || "
               "echo WRONG; done; echo work done\n")
    guest.type("\x0f2\n")
    guest.wait_for_shell()
    for _ in range(8):
        assert sum_of(guest, "/dev/vda") == sha256(before[WRITTEN_AT + WRITTEN_SIZE:][:BLOCK])
        guest.check("echo 3 >/proc/sys/vm/drop_caches")
    guest.leave("poweroff -f")
    guest.type("\x0f1")
    _, text = guest.expect(r"\nwork done\r\n", timeout=WORK_SECONDS)
    assert "\nWRONG" not in text
    guest.wait_for_shell()
    guest.leave("poweroff -f")
    guest.wait_for_end()


def test_a_flash_that_cannot_be_written_is_an_error(make_bundle, boot, tmp_path):
    flash = tmp_path / "flash.img"
    before = some_bytes("flash", FLASH_SIZE)
    flash.write_bytes(before)
    bundle = make_bundle("versatilepb", WRITTEN_DISKS, {"linux": DISK})
    guest = boot("versatilepb", bundle, "-drive",
                 f"if=pflash,format=raw,readonly=on,file={flash}")
    guest.wait_for_shell()
    status, _ = guest.run("echo no | dd of=/dev/vda bs=512 conv=notrunc,fsync")
    assert status != 0
    guest.check("true")
    end(guest)
    assert flash.read_bytes() == before
