# SPDX-License-Identifier: Apache-2.0
"""A Linux on one board draws on the screen of another, a PL110, with the kernel's own driver."""

import struct
import time

import pcap
import pytest
from guest import ROOT

BOARDS = [("versatilepb", "integratorcp"), ("integratorcp", "versatilepb")]
ETHERTYPE = 0x88B5
REQUEST, PING, PONG = 6, 8, 9
WIDTH, HEIGHT, PIXEL = 640, 480, 4
PICTURE = WIDTH * HEIGHT * PIXEL
MEMORY = 0x2200000  # of the guest, and the screen's
LCD = {"integratorcp": 0xC0000000, "versatilepb": 0x10120000}
UPBASE = 0x10
BLANK = "/sys/class/graphics/fb0/blank"
# Any bytes that both know make a picture.
DRAWN = (ROOT / "build/guest/busybox/bin/busybox").read_bytes()[:PICTURE]


def as_shown(board, picture):
    """The colours of a picture of XRGB8888. On a Versatile/PB Linux leaves the order of red and blue to
    a circuit behind the controller, which QEMU does not have: the bare board shows the same."""
    red, blue = (0, 2) if board == "versatilepb" else (2, 0)
    colours = bytearray(WIDTH * HEIGHT * 3)
    for colour, byte in enumerate((red, 1, blue)):
        colours[colour::3] = picture[byte::PIXEL]
    return bytes(colours)


def as_shown_in_16(picture, green):
    """The same of RGB565 or XRGB1555: so many bits are green. QEMU makes the lowest ones 0; and of two
    pixels of 5:5:5 it takes the second from bit 15 on, not 16."""
    colours = bytearray()
    for word, in struct.iter_unpack("<I", picture):
        for pixel in (word, word >> 10 + green):
            colours += bytes(((pixel >> 5 + green & 31) << 3,
                              (pixel >> 5 & (1 << green) - 1) << 8 - green, (pixel & 31) << 3))
    return bytes(colours)


def screen(pair, end, path):
    """What is seen on a board's display."""
    qmp = pair.qmp(end)
    qmp.order("screendump", filename=str(path))
    qmp.close()
    head, data = path.read_bytes().split(b"\n255\n", 1)
    assert head == b"P6\n%d %d" % (WIDTH, HEIGHT)
    return data


def assert_seen(pair, path, colours):
    """What was drawn is seen, soon."""
    for _ in range(100):
        if screen(pair, "b", path) == colours:
            return
        time.sleep(0.1)
    shown = screen(pair, "b", path)
    wrong = [n for n in range(0, len(colours), 3) if shown[n:n + 3] != colours[n:n + 3]]
    raise AssertionError(f"{len(wrong)} pixels are wrong, from {divmod(wrong[0] // 3, WIDTH)} on")


def requests(pair):
    """Frames to the screen's board, each once: a busy workstation may have one sent again."""
    return {(packet.frame[18:22], packet.frame[26:28])
            for packet in pcap.read(pair.cable.capture("a"))
            if packet.ether_type == ETHERTYPE and packet.frame[15] == REQUEST}


def test_16_bits(start_pair, tmp_path, board):
    """How the bits of a pixel become colours, a guest says elsewhere: in system registers and in the core
    module. QEMU has what is behind the LCD controller of the Versatile/PB."""
    pair = start_pair((board, "remote-screen-16"), ("versatilepb", "remote-screen-b"))
    path = tmp_path / "screen.ppm"
    linux = pair.a.vm("linux")
    linux.wait_for_shell()
    draw = f"head -c {PICTURE // 2} /bin/busybox > /dev/fb0"
    linux.check(f"echo 0 > {BLANK}; {draw}")
    picture = DRAWN[:PICTURE // 2]
    assert_seen(pair, path, as_shown_in_16(picture, 6))
    # What Linux does not do here: its driver for a core module does not start. QEMU shows it in what is drawn.
    register, others, mode = ((0x10000050, 0x14, 1) if board == "versatilepb" else
                              (0x1000000C, 0x3C000, 0x2000))
    linux.check(f"devmem {register:#x} 32 {others | mode:#x}; {draw}")
    assert int(linux.says(f"devmem {register:#x}"), 16) & 0xFE0FF == (others | mode) & 0xFE0FF
    five = bytearray(as_shown_in_16(picture, 5))
    if board == "versatilepb":  # as with 32 bits
        five[0::3], five[2::3] = five[2::3], five[0::3]
    assert_seen(pair, path, five)


@pytest.mark.parametrize("boards", BOARDS, ids="-".join)
def test_a_picture(start_pair, tmp_path, boards):
    pair = start_pair((boards[0], "remote-screen-a"), (boards[1], "remote-screen-b"),
                      cable={"capture": True})
    path = tmp_path / "screen.ppm"
    linux = pair.a.vm("linux")
    linux.wait_for_shell()
    linux.check(f"echo 0 > {BLANK}")
    before, start = len(requests(pair)), time.monotonic()
    linux.check(f"head -c {PICTURE} /bin/busybox > /dev/fb0")
    assert_seen(pair, path, as_shown(boards[0], DRAWN))
    print(f"\n{len(requests(pair)) - before} frames, {time.monotonic() - start:.1f} s")
    linux.check(f"head -c {PICTURE} /bin/busybox | cmp - /dev/fb0")  # the memory is memory

    # A line, which is in two pages; and nothing for a picture that stays as it is.
    line = 100 * WIDTH * PIXEL
    time.sleep(1)  # the rest of the picture
    before = len(requests(pair))
    linux.check("head -c 2560 /dev/zero | dd of=/dev/fb0 bs=2560 seek=100 conv=notrunc 2>/dev/null")
    picture = DRAWN[:line] + bytes(WIDTH * PIXEL) + DRAWN[line + WIDTH * PIXEL:]
    assert_seen(pair, path, as_shown(boards[0], picture))
    time.sleep(1)
    assert len(requests(pair)) - before <= 9  # 3 for a page; one is sent again if it was collected meanwhile
    frames = pcap.read(pair.cable.capture("a"))
    time.sleep(3)
    idle = {packet.frame[15] for packet in pcap.read(pair.cable.capture("a"))[len(frames):]
            if packet.ether_type == ETHERTYPE}
    assert idle <= {PING, PONG}

    # The screen shows the memory that was granted, and no other of its board.
    register = LCD[boards[0]] + UPBASE
    assert int(linux.says(f"devmem {register:#x}"), 16) == MEMORY
    for elsewhere in (0, MEMORY - 4096, MEMORY + 0x200000, MEMORY + 0x100000):
        assert linux.says(f"devmem {register:#x} 32 {elsewhere:#x} >/dev/null 2>&1; echo $?") != "0"
    assert int(linux.says(f"devmem {register:#x}"), 16) == MEMORY
    assert screen(pair, "b", path) == as_shown(boards[0], picture)

    # The other board is switched off and on: it gets the picture again, and the registers from Linux.
    pair.power_off("b")
    pair.power_on("b")
    linux.check(f"echo 1 > {BLANK}; echo 0 > {BLANK}")
    assert_seen(pair, path, as_shown(boards[0], picture))
