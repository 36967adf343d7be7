# SPDX-License-Identifier: Apache-2.0
"""Several Linux on one board: consoles, the network between them and to the outside, disks.

Where a test waits for one VM while another works, time in the guests is instructions: then a busy
workstation makes nobody late.
"""

import hashlib
import random
import re
import socket
import time

import pytest
from guest import HANG_SECONDS
from vms import ESCAPE

ICOUNT = "shift=3"
HOST = "10.0.2.2"  # of QEMU's user network
PING = "ping -c 3 -W 10"
PAUSE = 4  # seconds
KIB = 1024


@pytest.fixture
def pair(start_vms, board):
    """Two Linux at their prompts, on one network."""
    vms = start_vms(board, "pair", icount=ICOUNT)
    first, second = vms.vm("first"), vms.vm("second")
    for number, vm in ((1, first), (2, second)):
        vm.wait_for_shell()
        vm.check(f"ip link set eth0 up; ip addr add 10.1.0.{number}/24 dev eth0")
    return vms, first, second


@pytest.mark.parametrize("description, memory", [("one-linux", {"linux": 64}),
                                                 ("two-linux", {"first": 48, "second": 32})])
def test_the_examples_boot(start_vms, board, description, memory):
    vms = start_vms(board, description)
    for name, mib in memory.items():
        vm = vms.vm(name)
        vm.wait_for_shell()
        total = int(vm.check("awk '/MemTotal/ { print $2 }' /proc/meminfo"))
        assert (mib - 12) * 1024 < total < mib * 1024
        assert vm.check("dmesg | grep -ciE 'bug:|warning:|oops|backtrace' || true").strip() == "0"
    assert {name: row["memory"] for name, row in vms.rows().items()} == memory


def test_a_linux_is_made_when_others_are_ready(start_vms, board):
    """What takes long about it must not let them run yet."""
    vms = start_vms(board, "late-linux")
    vms.expect(r"# waits for a key\r?\n")
    vms.vm("linux", 3).wait_for_shell()
    assert [row["starts"] for row in vms.rows().values()] == [1, 1, 1]


def test_what_is_typed_at_once_waits_for_the_end_of_the_start_up(start_vms, board):
    """It comes while VMs are made, where there are preempt points."""
    vms = start_vms(board, "late-linux")
    vms.expect(r"hako: [^\r\n]* MiB of RAM\r\n")  # the first that it says: it has its UART now
    vms.type(f"{ESCAPE}mstart two\rlist\r")
    for name in "one", "two", "linux":
        vms.expect(rf" {name} +(?:running|ready|waiting|stopped)")
    vms.focus = "monitor"
    for name in "one", "two", "linux":
        vms.until(name, lambda row: row["starts"] == 1)
    vms.vm("linux", 3).wait_for_shell()


def test_a_vm_finds_nothing_of_others_in_its_memory(start_vms, board):
    # The file, with the other VM's kernel in it, has been loaded to where its memory is now.
    vms = start_vms(board, "fresh", icount=ICOUNT)
    vms.vm("curious")
    vms.expect(r"\[curious\] start 1: ")
    for address in range(0x200020, 0x600000, 0x80000):
        assert vms.word("curious", address) == 0


def test_a_vm_with_as_many_devices_as_it_can_have(start_vms, board):
    vms = start_vms(board, "all-devices", icount=ICOUNT)
    vm = vms.vm("all")
    vm.wait_for_shell()
    assert vm.check("cd /sys/class/net; echo eth*").split() == ["eth0", "eth1"]
    assert vm.check("cd /sys/block; echo vd*").split() == ["vda", "vdb", "vdc", "vdd"]
    assert vm.check("head -c 65536 /dev/vdd | wc -c").strip() == "65536"
    assert assert_memory_of(vms, "all") > 64 * KIB  # of all VMs, the most


def test_each_has_its_console(pair):
    vms, first, second = pair
    # What is typed reaches who has the focus, and only that one.
    assert first.check("echo mine >/tmp/whose; cat /tmp/whose").strip() == "mine"
    assert second.run("cat /tmp/whose")[0] != 0
    # Output without the focus is kept, and shown on return; none of it is lost.
    first.check("(sleep 2; seq 1 200) & true")
    assert second.check("sleep 4; echo between").strip() == "between"
    shown = first.check("true").split("\n")
    assert [line for line in shown if line] == [str(n) for n in range(1, 201)]
    # More than is kept: the last of it is shown, and how much is missing.
    first.check("(sleep 2; seq 1 3000; echo over) & true")
    second.check("sleep 6")
    first.take_focus()
    lost, _ = vms.expect(r"hako: (\d+) bytes that first printed are lost\r\n")
    _, text = vms.expect(r"\r\nover\r\n")
    whole = "".join(f"{n}\r\n" for n in range(1, 3001)) + "over\r\n"
    assert whole.endswith(text + "\r\nover\r\n")
    assert len(text) + len("\r\nover\r\n") + int(lost[1]) == len(whole)
    # The next one, and round again; a number that nobody has.
    vms.type("\x0fn")
    vms.expect(r"hako: console of second\r\n")
    vms.type("\x0fn")
    vms.expect(r"hako: console of first\r\n")
    vms.type("\x0f7")
    vms.expect(r"hako: no VM of that number is at this terminal\r\n")
    vms.type("\x0f?")
    vms.expect(r"hako:   m  the monitor\r\n")
    vms.expect(r"set them to zero\r\n")
    assert first.check("echo still here").strip() == "still here"


def test_long_lines_reach_a_vm_complete(pair):
    _, first, second = pair
    text = "".join(chr(ord("a") + n % 26) for n in range(1500))
    for vm in (first, second):
        assert vm.check(f"echo {text}").strip() == text


def test_they_talk_to_each_other(pair):
    _, first, second = pair
    for vm, peer in ((first, "10.1.0.2"), (second, "10.1.0.1")):
        assert "3 packets transmitted, 3 packets received, 0% packet loss" in vm.check(
            f"{PING} {peer}")
        assert "0% packet loss" in vm.check(f"{PING} -s 1472 {peer}")  # one frame
        assert "0% packet loss" in vm.check(f"{PING} -s 8000 {peer}")  # several
    # A file of a length that is nothing special, by TCP; and back to the one it is from.
    first.check("mkdir /tmp/www; head -c 1000001 /dev/urandom >/tmp/www/file")
    whole = first.check("sha256sum </tmp/www/file")
    for vm in (first, second):
        vm.check("mkdir -p /tmp/www; httpd -p 80 -h /tmp/www")
    second.check("wget -q -O /tmp/www/file http://10.1.0.1/file")
    assert first.check("wget -q -O - http://10.1.0.2/file | sha256sum") == whole
    for vm in (first, second):
        assert errors_of(vm) == {"rx_errors": 0, "tx_errors": 0, "rx_dropped": 0, "tx_dropped": 0}


def test_no_frame_is_lost_uncounted(pair):
    """A flood of a VM that takes part in it, stands still, and goes on: frames of VMs and switch agree."""
    vms, first, second = pair
    second_mac = second.check("cat /sys/class/net/eth0/address").strip()
    first.check(f"arp -s 10.1.0.2 {second_mac}")

    def packets(vm, direction):
        return int(vm.check(f"cat /sys/class/net/eth0/statistics/{direction}_packets"))

    def all_counts():
        return {"out": packets(first, "tx"), "in": packets(second, "rx"),
                "first": vms.counts("first"), "second": vms.counts("second")}

    def flood(seconds):
        """In frames of 1,480 bytes of payload and less, as many as there is time for."""
        first.run(f"ping -q -A -w {seconds} -s 20000 10.1.0.2 >/dev/null & "
                  f"ping -q -i 0.01 -w {seconds} -s 9000 10.1.0.2 >/dev/null; wait")

    before = all_counts()
    flood(1)
    vms.type_to_monitor("pause second")
    vms.expect(r"\[second\] paused\r\n")
    flood(2)
    vms.type_to_monitor("resume second")
    vms.expect(r"\[second\] goes on\r\n")
    flood(1)
    second.check("sleep 1")
    after = all_counts()

    def difference(vm, what):
        return after[vm][what] - before[vm][what]

    dropped = difference("first", "frames dropped that it sent")
    sent, copies = difference("first", "frames sent"), difference("first", "copies of frames that it sent")
    received = difference("second", "frames received")
    assert dropped > 20 and received > 200, (before, after)
    # What Linux has sent the switch has got, and each of these was delivered or dropped; what was
    # delivered the other Linux has got.
    assert after["out"] - before["out"] == sent
    assert sent + copies == received + dropped
    assert after["in"] - before["in"] == received


def errors_of(vm):
    names = ("rx_errors", "tx_errors", "rx_dropped", "tx_dropped")
    counts = vm.check("cd /sys/class/net/eth0/statistics; cat " + " ".join(names)).split()
    return dict(zip(names, map(int, counts)))


def test_disks(pair):
    _, first, second = pair
    # The bundle's zeros, then what one VM writes and the other reads.
    assert first.check("blockdev --getsize64 /dev/vda").strip() == str(0x200000)
    assert second.check("blockdev --getsize64 /dev/vdb").strip() == str(0x100000)
    zeros = hashlib.sha256(bytes(0x200000)).hexdigest()
    for vm in (first, second):
        assert vm.check("sha256sum </dev/vda").split()[0] == zeros
    first.check("head -c 2097152 /dev/urandom >/tmp/disk; dd if=/tmp/disk of=/dev/vda bs=64k; sync")
    whole = first.check("sha256sum </tmp/disk")
    drop = "echo 3 >/proc/sys/vm/drop_caches; "  # from the disk, not from the page cache
    assert first.check(drop + "sha256sum </dev/vda") == whole
    assert second.check(drop + "sha256sum </dev/vda") == whole
    # In the middle, by a sector.
    first.check("echo written here | dd of=/dev/vda bs=1 seek=1000003 conv=notrunc; sync")
    assert "written here" in second.check(drop + "dd if=/dev/vda bs=1 skip=1000003 count=13")
    whole = first.check(drop + "sha256sum </dev/vda")
    # Who may only read cannot write, whatever it tries.
    assert second.check("cat /sys/block/vda/ro").strip() == "1"
    assert second.run("dd if=/dev/zero of=/dev/vda bs=4096 count=1 conv=notrunc")[0] != 0
    second.run("blockdev --setrw /dev/vda; dd if=/dev/zero of=/dev/vda bs=4096 count=1 "
               "conv=notrunc,fsync")
    assert first.check(drop + "sha256sum </dev/vda") == whole
    # A file system, over a restart of the VM: the disk is the board's, and stays.
    second.check("mke2fs /dev/vdb; mount /dev/vdb /mnt; seq 1 20000 >/mnt/file; umount /mnt")
    second.type("reboot -f\n")
    second.wait_for_shell()
    assert second.check("mount -o ro /dev/vdb /mnt; cat /mnt/file").split()[-1] == "20000"
    assert second.check("dmesg | grep -c 'I/O error' || true").strip() == "0"


def test_entropy(pair):
    _, first, second = pair
    assert first.check("cat /sys/class/misc/hw_random/rng_current").startswith("virtio_rng")
    taken = [vm.check("head -c 64 /dev/hwrng | hexdump -v -e '1/1 \"%02x\"'").strip()
             for vm in (first, second, first, second)]
    assert all(len(text) == 128 for text in taken), taken
    assert len(set(taken)) == 4
    for text in taken:  # no byte in most of its places
        assert len(re.findall("..", text)) > 40


def test_the_outside_world(start_vms, board, tmp_path):
    data = random.Random(5).randbytes(700_001)
    (tmp_path / "file").write_bytes(data)
    vms = start_vms(board, "pair", tftp=tmp_path)
    first, second = vms.vm("first"), vms.vm("second")
    for vm in (first, second):
        vm.wait_for_shell()
    first.check("udhcpc -i eth0 -n -q")
    second.check("udhcpc -i eth0 -n -q")
    addresses = [vm.check("ip address show eth0 | awk '/inet / { print $2 }'").split("/")[0]
                 for vm in (first, second)]
    assert addresses[0].startswith("10.0.2.") and addresses[1].startswith("10.0.2.")
    assert addresses[0] != addresses[1]
    for vm in (first, second):
        assert "0% packet loss" in vm.check(f"{PING} {HOST}")
    # One takes a file while the other one pings it all the time.
    second.check(f"ping {addresses[0]} >/tmp/pings & true")
    first.check(f"cd /tmp; tftp -g -r file -l file {HOST}")
    assert first.check("sha256sum </tmp/file").split()[0] == hashlib.sha256(data).hexdigest()
    second.check("killall -INT ping; wait")
    pings = second.check("cat /tmp/pings")
    answered = [int(number) for number in re.findall(r"seq=(\d+)", pings)]
    sent = int(re.search(r"(\d+) packets transmitted", pings)[1])
    # The end may come between the last one and its answer.
    assert answered and answered == list(range(len(answered))) and sent - len(answered) <= 1, pings
    first.check(f"tftp -p -r back -l file {HOST} || true")  # it cannot: the server only reads
    assert "hako: network lan0" in "\n".join(vms.monitor("log"))


def test_a_pause_stops_time_or_does_not(pair):
    """Whether it does is in the description: that of the first VM stops."""
    vms, first, second = pair

    def seconds(vm):
        return float(vm.check("cut -d' ' -f1 /proc/uptime"))

    def pass_through_pause(paused, other):
        """How far the clocks of both come; what `paused` is asked is asked in between."""
        of_other = seconds(other)
        of_paused = seconds(paused)
        vms.type_to_monitor(f"pause {paused.name}")
        vms.expect(rf"\[{paused.name}\] paused\r\n")
        other.check(f"sleep {PAUSE}")
        assert vms.rows()[paused.name]["state"] == "paused"
        vms.type_to_monitor(f"resume {paused.name}")
        vms.expect(rf"\[{paused.name}\] goes on\r\n")
        return seconds(paused) - of_paused, seconds(other) - of_other

    of_paused, of_other = pass_through_pause(first, second)
    assert of_other >= PAUSE and of_paused <= of_other - PAUSE
    of_paused, of_other = pass_through_pause(second, first)
    assert PAUSE <= of_paused <= of_other
    # Timers go on in both cases.
    for vm in (first, second):
        vm.check("sleep 1")
        assert vm.check("dmesg | grep -ciE 'bug:|oops|stall|lockup' || true").strip() == "0"


def test_the_monitor_shows_what_it_is_asked_for(pair):
    vms, first, _ = pair
    heads = " ".join(vms.answer("help"))
    for command in ("list", "start", "stop", "pause", "resume", "reset", "stats", "mem", "regs",
                    "trace", "log"):
        assert re.search(rf"\b{command}\b", heads), command
    assert vms.answer("trace")[0].startswith("usage: trace on|off|show")
    assert vms.answer("mem first")[0].startswith("usage: mem ")
    # Registers of a VM that stands still are the same each time, of one that works they are not.
    vms.type_to_monitor("pause first")
    vms.expect(r"\[first\] paused\r\n")
    regs = vms.answer("regs first")
    assert re.match(r"r0 +([0-9a-f]{8} ?){4}", regs[0]) and "mode" in " ".join(regs)
    assert vms.answer("regs first") == regs
    vms.monitor("trace on")
    vms.type_to_monitor("resume first")
    vms.expect(r"\[first\] goes on\r\n")
    first.check("sleep 1")
    events = vms.answer("trace show")
    assert 10 < len(events) <= 128
    assert any(re.match(r" *\d+\.\d{6}  first +runs pc 0x", line) for line in events), events
    assert any(re.match(r" *\d+\.\d{6}  first +injected pc 0x", line) for line in events), events
    vms.monitor("trace off")
    shown = vms.answer("trace show")
    first.check("sleep 1")
    assert vms.answer("trace show") == shown


def lines_of(vm, text):
    """The VM's whole lines, without its name before them and without lines of the log."""
    start = f"[{vm.name}] "
    return [line[len(start):] for line in text.replace("\r\n", "\n").split("\n")[:-1]
            if line.startswith(start)]


def test_eight_vms_on_one_board(start_vms, board):
    """In 128 MiB: two Linux, and six test guests that run to their end."""
    vms = start_vms(board, "eight-small", icount=ICOUNT)
    linux = [vms.vm(name) for name in ("linux1", "linux2")]
    guests = [vms.vm(name) for name in
              ("modes", "exceptions", "registers", "faults", "thumb", "timer")]
    for number, vm in enumerate(linux, 1):
        vm.wait_for_shell()
        vm.check(f"ip link set eth0 up; ip addr add 10.1.0.{number}/24 dev eth0")
        total, = lines_of(vm, vm.check("awk '/MemTotal/ { print $2 }' /proc/meminfo"))
        assert 12 * 1024 < int(total) < 24 * 1024
    assert "0% packet loss" in linux[0].check(f"{PING} 10.1.0.2")
    while any(row["state"] != "stopped" for name, row in vms.rows().items()
              if not name.startswith("linux")):
        time.sleep(0.5)
    for vm in guests:
        vm.take_focus()
        plan, _ = vms.expect(rf"\[{vm.name}\] 1\.\.(\d+)\r?\n")
        _, text = vms.expect(rf"\[{vm.name}\] ok {plan[1]} - [^\r\n]*\r?\n")
        results = [line for line in lines_of(vm, text) if not line.startswith("#")]
        assert [re.match(r"ok (\d+) - ", line)[1] for line in results] == [
            str(number) for number in range(1, int(plan[1]))], results
    # The two that are left work on.
    sums = {lines_of(vm, vm.check("seq 1 20000 | sha256sum"))[0] for vm in linux}
    assert sums == {hashlib.sha256(b"".join(b"%d\n" % n for n in range(1, 20001))).hexdigest() +
                    "  -"}
    for vm in linux + guests:
        assert_memory_of(vms, vm.name)
    rows = vms.rows()
    assert len(rows) == 8 and all(row["starts"] == 1 for row in rows.values())
    assert sum(row["memory"] for row in rows.values()) == 2 * 24 + 6 * 4


def assert_memory_of(vms, name):
    """What the VMM keeps for a VM; it is told apart from shadow tables, which are not small."""
    counts = vms.counts(name)
    own = counts["bytes of the VMM's memory, without shadow tables"]
    assert 8 * KIB < own <= 256 * KIB
    assert counts["bytes of it for shadow tables"] > 64 * KIB
    return own


def read_until(serial, end):
    data = b""
    while end not in data:  # the shell asks for the cursor behind its prompt
        more = serial.recv(4096)
        assert more, data
        data += more
    return data


def test_a_virtio_console_and_a_uart_of_its_own(start_vms, board, tmp_path):
    other_end = tmp_path / "uart1"
    vms = start_vms(board, "doors", icount=ICOUNT, escape="\x1d", second_serial=other_end)
    vm = vms.vm("virtio")
    # By hvc0 only: /dev/console is the last one of the command line.
    vms.expect(r"\[virtio\] [^\r\n]*# ")
    vm.type("mkdir -p /proc; mount -t proc none /proc; cat /proc/consoles\r")
    vms.expect(r"\[virtio\] hvc0 [^\r\n]*\r\n")
    vms.expect(r"\[virtio\] ttyAMA0 [^\r\n]*\r\n")
    vm.type("seq 1 1000; echo en''d\r")
    _, text = vms.expect(r"\[virtio\] end\r\n")
    lines = [line for line in text.split("\r\n") if re.fullmatch(r"\[virtio\] \d+", line)]
    assert lines == [f"[virtio] {n}" for n in range(1, 1001)]
    # The other VM is not at this terminal.
    vms.type("\x1d2")
    vms.expect(r"hako: no VM of that number is at this terminal\r\n")
    with socket.socket(socket.AF_UNIX) as serial:
        serial.settimeout(HANG_SECONDS)
        serial.connect(str(other_end))
        serial.sendall(b"\n")
        read_until(serial, b"hako:~# ")
        serial.sendall(b"seq 1 500; echo en''d\n")
        answer = read_until(serial, b"end\r\n").decode()
    numbers = [line for line in answer.split("\r\n") if line.isdigit()]
    assert numbers == [str(n) for n in range(1, 501)]
