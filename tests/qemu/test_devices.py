# SPDX-License-Identifier: Apache-2.0
"""The board's devices from inside the guest: network, SD card, clock."""

import functools
import hashlib
import http.server
import random
import subprocess
import threading

import pytest

# 10.0.2.2 is the host in QEMU's user network.
HOST = "10.0.2.2"


def some_bytes(count):
    return random.Random(count).randbytes(count)


def sha256(data):
    return hashlib.sha256(data).hexdigest()


@pytest.fixture
def web_folder(tmp_path):
    """A folder that an HTTP server on the loopback interface serves: (folder, port)."""
    class Quiet(http.server.SimpleHTTPRequestHandler):
        def log_message(self, *_):
            pass

    folder = tmp_path / "www"
    folder.mkdir()
    server = http.server.ThreadingHTTPServer(
        ("127.0.0.1", 0), functools.partial(Quiet, directory=str(folder)))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield folder, server.server_port
    server.shutdown()


def test_dhcp_and_files_over_the_network(start, board, kernel, web_folder):
    folder, port = web_folder
    small, large = some_bytes(100_001), some_bytes(400_003)
    (folder / "small").write_bytes(small)
    (folder / "large").write_bytes(large)

    guest = start(board, kernel, tftp=folder)
    guest.wait_for_shell()
    guest.check("udhcpc -i eth0 -n -q")
    assert "10.0.2.15" in guest.check("ip address show eth0")
    guest.check(f"ping -c 3 {HOST}")
    guest.check(f"cd /tmp && tftp -g -r small -l small {HOST}")
    assert guest.check("sha256sum small").split()[0] == sha256(small)
    guest.check(f"wget -q -O large http://{HOST}:{port}/large")
    assert guest.check("sha256sum large").split()[0] == sha256(large)


def mount_card(guest, options=""):
    """The kernel looks for cards in the background."""
    guest.check("n=0; until [ -b /dev/mmcblk0 ] || [ $n = 30 ]; do sleep 1; n=$((n + 1)); done; "
                f"mount -t ext2 {options} /dev/mmcblk0 /mnt")


def test_a_file_on_the_sd_card_survives_a_reboot(start, board, kernel, tmp_path):
    card = tmp_path / "card.img"
    subprocess.run(["/sbin/mke2fs", "-q", "-F", "-t", "ext2", str(card), "16M"], check=True)
    written = some_bytes(1_000_003)
    (tmp_path / "tftp").mkdir()
    (tmp_path / "tftp/data").write_bytes(written)

    guest = start(board, kernel, sd=card, tftp=tmp_path / "tftp")
    guest.wait_for_shell()
    mount_card(guest)
    guest.check(f"udhcpc -i eth0 -n -q && tftp -g -r data -l /mnt/data {HOST}")
    guest.check("umount /mnt")
    guest.leave("reboot")

    guest.wait_for_shell()
    mount_card(guest, "-o ro")
    assert guest.check("sha256sum /mnt/data").split()[0] == sha256(written)
    guest.check("umount /mnt")
    guest.leave("poweroff")
    guest.wait_for_end()

    # And it is on the card, not in anybody's cache.
    read = subprocess.run(["/sbin/debugfs", "-R", "cat /data", str(card)], check=True,
                          capture_output=True).stdout
    assert sha256(read) == sha256(written)


# With -icount and sleep=off, an idle guest's clock jumps ahead: 100 seconds take as long as the
# instructions in them. clock_check compares the kernel's clock with the board's RTC, which is not
# emulated by the VMM and counts seconds of QEMU's virtual clock.
CLOCK_SECONDS = 100
CLOCK_ERROR = 0.001


def test_the_clock_shows_the_date_and_guest_time_is_true(start, board, kernel):
    guest = start(board, kernel, rtc="base=2031-05-06T07:08:09,clock=vm",
                  icount="shift=3,sleep=off")
    guest.wait_for_shell()
    for command in ("hwclock -r -u | tr -s ' '; cat /sys/class/rtc/rtc0/date",
                    "date -u '+%b %e %H:%M %Y' | tr -s ' '; date -u +%Y-%m-%d"):
        text = guest.check(command)
        assert "May 6 07:" in text and "2031-05-06" in text
    values = dict(line.split() for line in
                  guest.check(f"clock_check {CLOCK_SECONDS}", timeout=900).splitlines())
    assert int(values["rtc_seconds"]) == CLOCK_SECONDS
    for clock in ("monotonic_ns", "realtime_ns", "timer_ns"):
        error = int(values[clock]) / (CLOCK_SECONDS * 1e9) - 1
        assert abs(error) < CLOCK_ERROR, f"{clock}: {error:+.4%}"
