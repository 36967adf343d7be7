# SPDX-License-Identifier: Apache-2.0
"""scripts/bundle and bad input: exit code 1, one line that says which and why, no output."""

import random
import struct

import pytest

from bundle_support import (GUEST, image, make_guest, make_linux, make_tree, make_vmm, rewrite,
                            run)
from rewrite_pv_support import make_linux as pv_linux
from rewrite_support import assert_refused, link

from hako_bundle import fdt
from hako_bundle.errors import BundleError
from hako_rewrite.image import pack_image, read_image


@pytest.fixture(name="good")
def good_fixture(tmp_path):
    """Options of a bundle that works; tests replace one."""
    initrd = tmp_path / "initrd"
    initrd.write_bytes(bytes(10000))
    return {"--board": "integratorcp", "--vmm": make_vmm(tmp_path / "vmm.bin"),
            "--guest": make_linux(tmp_path)[0], "--dtb": make_tree(tmp_path / "board.dtb"),
            "--initrd": initrd, "--memory": "64M", "--cmdline": "quiet",
            "-o": tmp_path / "out" / "zImage-hako"}


def refuse(good, *words, **changes):
    """Replaces options (None removes one), expects a refusal and no file, not even a temporary."""
    options = dict(good)
    for name, value in changes.items():
        options[("--" if len(name) > 1 else "-") + name.replace("_", "-")] = value
    folder = good["-o"].parent
    folder.mkdir(exist_ok=True)
    result = run(*[x for name, value in options.items() if value is not None
                   for x in (name, value)])
    assert_refused(result, "bundle: ", *words)
    assert list(folder.iterdir()) == []


def changed(source, name, at=None, word=None, cut=None):
    """A copy of a file with a word replaced, or cut short."""
    data = bytearray(source.read_bytes())
    if at is not None:
        struct.pack_into("<I", data, at, word)
    output = source.parent / name
    output.write_bytes(data[:cut])
    return output


def test_the_good_options_are_good(good):
    good["-o"].parent.mkdir()
    assert run(*[x for pair in good.items() for x in pair]).returncode == 0


def test_missing_options(good):
    refuse(good, "--board is missing", board=None)
    refuse(good, "--vmm is missing", vmm=None)
    refuse(good, "--guest is missing", guest=None)
    refuse(good, "--output is missing", o=None)
    refuse(good, "unrecognized", **{"nonsense": "1"})


def test_missing_and_empty_files(good, tmp_path):
    empty = tmp_path / "empty"
    empty.write_bytes(b"")
    for option in ("vmm", "guest", "dtb", "initrd"):
        refuse(good, "nowhere: No such file", **{option: tmp_path / "nowhere"})
        refuse(good, "empty: the file is empty", **{option: empty})
        refuse(good, "Is a directory", **{option: tmp_path})


def test_unknown_board(good):
    refuse(good, "unknown board 'vexpress'", "integratorcp, versatilepb", board="vexpress")


def test_not_a_vmm_or_of_another_board(good, tmp_path):
    refuse(good, "VMM image for versatilepb, not for integratorcp", "BOARD=integratorcp",
           vmm=make_vmm(tmp_path / "other", "versatilepb"))
    refuse(good, "not a VMM image", vmm=good["--initrd"])
    refuse(good, "not a VMM image", vmm=changed(good["--vmm"], "a", 0x24, 0x016F2819))
    refuse(good, "not a VMM image", vmm=changed(good["--vmm"], "b", cut=0x50))
    refuse(good, "version 2", vmm=changed(good["--vmm"], "c", 0x44, 2))
    refuse(good, "damaged VMM image", vmm=changed(good["--vmm"], "d", cut=5999))
    refuse(good, "has a bundle already", vmm=changed(good["--vmm"], "e", 0x58, 0x3000))


def test_guest_that_was_not_rewritten(good, tmp_path):
    refuse(good, "not a rewritten file", guest=link(tmp_path, GUEST, "raw"))
    refuse(good, "neither an ELF nor an image", guest=good["--initrd"])
    flat = make_linux(tmp_path)[1]
    refuse(good, "neither an ELF nor an image", guest=changed(flat, "cut", cut=-1))
    refuse(good, "damaged: checksum", guest=changed(flat, "bad", 0, 0x12345678))
    refuse(good, "truncated or damaged", guest=changed(good["--guest"], "short", cut=-100))


def test_guest_that_does_not_fit(good, tmp_path):
    big = make_guest(tmp_path, GUEST + " .space 0x400000\n", "big")
    refuse(good, "does not fit into 4 MiB", "--memory", guest=big, memory="4M", dtb=None,
           initrd=None, cmdline=None)


def test_thumb_entry(good, tmp_path):
    thumb = make_guest(tmp_path, GUEST.replace("b .", "b .\n .thumb\n .thumb_func\n .global t\n"
                                               "t: b .\n .arm\n"), "thumb", ("-e", "t"))
    refuse(good, "Thumb", guest=thumb, dtb=None, initrd=None, cmdline=None)


def test_device_tree(good, tmp_path):
    refuse(good, "Linux needs a device tree", dtb=None, initrd=None, cmdline=None)
    refuse(good, "not a device tree", dtb=good["--initrd"])
    refuse(good, "is for 'arm,versatile-pb', not for integratorcp",
           dtb=make_tree(tmp_path / "other.dtb", "arm,versatile-pb"))
    refuse(good, "damaged device tree", dtb=changed(good["--dtb"], "a.dtb", cut=200))
    bare = make_guest(tmp_path)
    refuse(good, "--cmdline goes into the device tree", guest=bare, dtb=None, initrd=None)
    refuse(good, "initrd: --dtb", guest=bare, dtb=None, cmdline=None)


def test_prepared_tree(good, tmp_path):
    good["-o"].parent.mkdir()
    assert run(*[x for pair in good.items() for x in pair]).returncode == 0
    _, rows = image.unpack(good["-o"].read_bytes())
    good["-o"].unlink()
    prepared = tmp_path / "prepared.dtb"
    prepared.write_bytes(next(row.data for row in rows if row.name == "dtb"))
    refuse(good, "prepared before", dtb=prepared)


def test_memory(good):
    refuse(good, "no size", memory="lots")
    refuse(good, "whole MiB", memory="1")
    refuse(good, "whole MiB", memory="0")
    refuse(good, "whole MiB from 1 to 253", memory="254M")
    refuse(good, "too little", "--memory", memory="1M")


def test_too_much_for_the_board(good, tmp_path):
    large = tmp_path / "large"
    large.write_bytes(bytes(20 << 20))
    refuse(good, "of RAM, integratorcp has at most 256", initrd=large, memory="240M")
    refuse(good, "too little for a guest", initrd=large, memory="16M")


def test_overlapping_addresses(good):
    refuse(good, "overlapping addresses", "kernel", "initrd", initrd_at="0x8000")
    refuse(good, "does not fit into 64 MiB", "initrd", initrd_at="0x3ffe000")
    refuse(good, "no multiple of 4096", initrd_at="0x2000100")
    refuse(good, "no address", initrd_at="there")


def test_odd_texts(good):
    refuse(good, "--cmdline", cmdline="x" * 1024)
    refuse(good, "--cmdline", cmdline="two\nlines")
    refuse(good, "--name", name="sixteen letters!")
    refuse(good, "--name", name="")


def test_output_that_cannot_be_written(good, tmp_path):
    out = tmp_path / "missing" / "zImage-hako"
    refuse(good, f"cannot write {out}: No such file", o=out)


def test_an_existing_output_is_kept(good):
    good["-o"].parent.mkdir()
    good["-o"].write_bytes(b"precious")
    result = run(*[x for name, value in good.items() if name != "--dtb" for x in (name, value)])
    assert_refused(result, "device tree")
    assert good["-o"].read_bytes() == b"precious"


def test_list_of_something_else(good, tmp_path):
    assert_refused(run("--list", good["--initrd"]), "not a zImage-hako")
    assert_refused(run("--list", good["--vmm"]), "without a bundle")
    good["-o"].parent.mkdir()
    assert run(*[x for pair in good.items() for x in pair]).returncode == 0
    assert_refused(run("--list", changed(good["-o"], "cut", cut=-1)), "cut short")
    bundle_at = struct.unpack_from("<I", good["-o"].read_bytes(), 0x58)[0]
    for at in (0, 4, 8, 20, 60, 64, 100):
        assert_refused(run("--list", changed(good["-o"], "bad", bundle_at + at, 0x55AA55AA)),
                       "bundle")


def test_random_damage_never_ends_in_a_traceback(good):
    """Any tree is read or refused; fixed seeds."""
    data = good["--dtb"].read_bytes()
    for seed in range(3000):
        rng = random.Random(seed)
        damaged = bytearray(data)
        for _ in range(rng.randint(1, 4)):
            damaged[rng.randrange(len(damaged))] = rng.randrange(256)
        try:
            fdt.write(fdt.read(bytes(damaged[:rng.randint(len(data) // 2, len(data))])))
            fdt.write(fdt.read(bytes(damaged)))
        except BundleError:
            pass


def test_paravirtual_code_that_is_elsewhere(good, tmp_path):
    image = tmp_path / "image"
    assert rewrite(pv_linux(tmp_path), "-o", tmp_path / "hako", "--image", image).returncode == 0
    parts = read_image(image)
    for pv in (parts.pv._replace(code_gpa=parts.pv.code_gpa + 4096),
               parts.pv._replace(code_gpa=parts.pv.code_gpa - 4),
               parts.pv._replace(code_size=parts.pv.code_size + 4096)):
        image.write_bytes(pack_image(parts.flat, parts.table, parts.load, parts.entry, pv))
        refuse(good, "paravirtual code is not at", guest=image)
