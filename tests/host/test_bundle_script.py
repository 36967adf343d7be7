# SPDX-License-Identifier: Apache-2.0
"""scripts/bundle: what it writes is what was put in, at the right places."""

import struct
import subprocess
import zlib

import pytest

from bundle_support import (ROOT, image, make_guest, make_linux, make_tree, make_vmm, rewrite, run,
                            unpack)
from rewrite_pv_support import make_linux as pv_linux

from hako_bundle import fdt
from hako_rewrite.appendix import read_appendix
from hako_rewrite.elf import Elf
from hako_rewrite.pv_abi import pack_info


@pytest.fixture(name="inputs")
def inputs_fixture(tmp_path):
    vmlinux, flat = make_linux(tmp_path)
    initrd = tmp_path / "initrd"
    initrd.write_bytes(b"0123456789" * 1000)
    return {"vmm": make_vmm(tmp_path / "vmm.bin"), "vmlinux": vmlinux, "flat": flat,
            "bare": make_guest(tmp_path), "dtb": make_tree(tmp_path / "board.dtb"),
            "initrd": initrd, "out": tmp_path / "zImage-hako"}


def bundle(inputs, guest, *more):
    result = run("--board", "integratorcp", "--vmm", inputs["vmm"], "--guest", inputs[guest],
                 "-o", inputs["out"], *more)
    assert result.returncode == 0, result.stderr
    assert result.stdout.count("\n") == 1 and str(inputs["out"]) in result.stdout
    return unpack(inputs["out"])


def linux(inputs, *more, guest="vmlinux"):
    return bundle(inputs, guest, "--dtb", inputs["dtb"], "--initrd", inputs["initrd"],
                  "--cmdline", "console=ttyAMA0 x=\"y z\"", *more)


def test_linux_is_placed_by_its_page_offset(inputs):
    header, parts = linux(inputs, "--memory", "64M")
    assert header.machine_id == 0x113
    (vm,) = header.vms
    assert vm.memory == 64 << 20 and vm.entry == 0x8000
    kernel, data = parts["kernel"], parts["kernel.1"]
    assert kernel.gpa == 0x8000 and kernel.memory_size == kernel.size
    assert data.gpa == 0x100000 and data.memory_size == data.size + 4096  # the bss
    assert b"Linux version 6" in kernel.data
    assert [p.kind for p in parts.values()][0] == image.VMM


def test_the_flat_image_gives_the_same_memory(inputs):
    def memory():
        content = bytearray(2 << 20)
        for part in parts.values():
            if part.kind == image.GUEST:
                content[part.gpa:part.gpa + part.size] = part.data
        return header.vms[0].entry, content, parts["proxies"].data

    header, parts = linux(inputs)
    from_elf = memory()
    header, parts = linux(inputs, guest="flat")
    assert memory() == from_elf


def test_proxies_are_the_rewriters_table(inputs):
    _, parts = bundle(inputs, "bare")
    words = struct.unpack("<2I", parts["proxies"].data)
    assert sorted(words) == [0xE10F0000, 0xE121F000]  # mrs r0, cpsr; msr cpsr_c, r0


def test_paravirtual_code_is_kept_off_the_kernel(inputs, tmp_path):
    hako, flat = tmp_path / "pv.hako", tmp_path / "pv.img"
    assert rewrite(pv_linux(tmp_path), "-o", hako, "--image", flat).returncode == 0
    info = read_appendix(Elf(hako.read_bytes())).pv.info
    for inputs["pv"] in (hako, flat):
        _, parts = linux(inputs, guest="pv")
        assert parts["pv"].kind == image.PV and parts["pv"].data == pack_info(info)
        assert fdt.read(parts["dtb"].data).reserved == [(info.code_gpa, info.code_size)]
        kernel = parts["kernel.1" if "kernel.1" in parts else "kernel"]
        assert kernel.gpa + kernel.size == info.code_gpa + info.code_size
        tree_of(parts["dtb"])
    assert rewrite("--no-pv", tmp_path / "vmlinux", "-o", hako).returncode == 0
    inputs["pv"] = hako
    _, parts = linux(inputs, guest="pv")
    assert "pv" not in parts and fdt.read(parts["dtb"].data).reserved == []


def test_bare_metal_needs_no_tree(inputs):
    header, parts = bundle(inputs, "bare", "--memory", "2M", "--name", "rtos")
    assert header.vms == [(2 << 20, 0x8000, 0)]
    assert {part.vm for name, part in parts.items() if name != "vmm"} == {0}
    assert parts["vmm"].vm == image.NO_VM
    assert set(parts) == {"vmm", "guest", "proxies", "info"}
    assert parts["info"].data == b"name=rtos\nguest=guest.hako\nkind=bare-metal\n"


def test_file_is_a_zimage_with_checksums(inputs):
    linux(inputs)
    data = inputs["out"].read_bytes()
    assert struct.unpack_from("<III", data, 0x24) == (0x016F2818, 0, len(data))
    bundle_at, size = struct.unpack_from("<II", data, 0x58)
    assert bundle_at % 4096 == 0 and bundle_at >= 6000 + 4096 and bundle_at + size == len(data)
    header, rows = image.unpack(data)
    assert header.vms[0].dtb
    end = 0
    for row in rows:
        assert zlib.crc32(row.data) == row.crc and len(row.data) == row.size
        if row.kind != image.VMM:
            assert row.offset % 4096 == 0 and row.offset >= end
            end = row.offset + row.size
    # The VMM's part is its image with the three words of the header filled in.
    vmm = bytearray(inputs["vmm"].read_bytes())
    struct.pack_into("<I", vmm, 0x2C, len(data))
    struct.pack_into("<II", vmm, 0x58, bundle_at, size)
    assert rows[0].data == vmm


def test_initrd_and_tree_are_out_of_the_kernels_way(inputs):
    header, parts = linux(inputs, "--memory", "96M")
    assert parts["initrd"].gpa == 32 << 20 and parts["dtb"].gpa == header.vms[0].dtb
    assert parts["initrd"].data == inputs["initrd"].read_bytes()
    header, parts = linux(inputs, "--memory", "16M")
    assert parts["dtb"].gpa + parts["dtb"].size <= 16 << 20
    assert parts["initrd"].gpa + parts["initrd"].size <= parts["dtb"].gpa
    assert parts["initrd"].gpa % 4096 == 0
    _, parts = linux(inputs, "--initrd-at", "0x800000")
    assert parts["initrd"].gpa == 8 << 20


def tree_of(part):
    """The tree as dtc reads it, and as our own reader does."""
    subprocess.run(["dtc", "-q", "-I", "dtb", "-O", "dts", "-o", "/dev/null", "-"],
                   input=part.data, check=True)
    return fdt.read(part.data).root


def test_the_tree_is_made_for_the_vm(inputs):
    _, parts = linux(inputs, "--memory", "64M")
    root = tree_of(parts["dtb"])
    assert root.find_child("memory").props["reg"] == struct.pack(">II", 0, 64 << 20)
    chosen = root.find_child("chosen")
    assert chosen.strings("bootargs") == ['console=ttyAMA0 x="y z"']
    start, size = parts["initrd"].gpa, parts["initrd"].size
    assert chosen.cell("linux,initrd-start", 0) == start
    assert chosen.cell("linux,initrd-end", 0) == start + size
    power, off = root.find_child("hako-power"), root.find_child("hako-poweroff")
    assert power.strings("compatible") == ["hako,power", "syscon"]
    assert power.props["reg"] == struct.pack(">II", 0xF0000000, 0x1000)
    assert off.strings("compatible") == ["syscon-poweroff"]
    assert off.cell("regmap", 0) == power.cell("phandle", 1) == 8
    assert off.cell("value", 0) == 0x504F4646
    bus = root.find_child("bus")
    assert bus.find_child("display").strings("status") == ["disabled"]
    assert bus.find_child("serial").strings("status") == []
    assert bus.find_child("dma").strings("status") == []  # the Integrator has none


def test_each_board_has_its_own_list(inputs, tmp_path):
    result = run("--board", "versatilepb", "--vmm", make_vmm(tmp_path / "v", "versatilepb"),
                 "--guest", inputs["vmlinux"], "--dtb",
                 make_tree(tmp_path / "v.dtb", "arm,versatile-pb"), "-o", inputs["out"])
    assert result.returncode == 0, result.stderr
    header, parts = unpack(inputs["out"])
    assert header.machine_id == 0x183
    bus = tree_of(parts["dtb"]).find_child("bus")
    assert bus.find_child("dma").strings("status") == ["disabled"]
    assert "linux,initrd-start" not in tree_of(parts["dtb"]).find_child("chosen").props
    assert tree_of(parts["dtb"]).find_child("chosen").strings("bootargs") == ["old"]


def test_machine_ids_are_those_of_the_vmm():
    with open(f"{ROOT}/board/boot_boards.h", encoding="ascii") as file:
        text = file.read()
    assert "#define MACHINE_ID_integratorcp 0x113\n" in text
    assert "#define MACHINE_ID_versatilepb  0x183\n" in text


def test_the_same_inputs_give_the_same_file(inputs):
    linux(inputs)
    first = inputs["out"].read_bytes()
    linux(inputs)
    assert inputs["out"].read_bytes() == first


def test_list_shows_the_parts_and_finds_damage(inputs):
    linux(inputs)
    result = run("--list", inputs["out"])
    assert result.returncode == 0 and result.stderr == ""
    for name in ("vmm", "kernel", "initrd", "dtb", "proxies", "info"):
        assert any(line.split()[0] == name and line.endswith(" good")
                   for line in result.stdout.splitlines())
    data = bytearray(inputs["out"].read_bytes())
    _, rows = image.unpack(bytes(data))
    bundle_at = struct.unpack_from("<I", data, 0x58)[0]
    for row in rows:
        damaged = bytearray(data)
        at = row.offset + row.size // 2 + (0 if row.kind == image.VMM else bundle_at)
        damaged[at] ^= 0x40
        inputs["out"].write_bytes(damaged)
        result = run("--list", inputs["out"])
        assert result.returncode == 1
        bad = [line.split()[0] for line in result.stdout.splitlines() if "DAMAGED" in line]
        assert bad == [row.name]


def test_trees_survive_reading_and_writing(inputs):
    tree = fdt.read(inputs["dtb"].read_bytes())
    again = fdt.read(fdt.write(tree))

    def dump(node):
        return node.name, list(node.props.items()), [dump(child) for child in node.children]

    assert dump(again.root) == dump(tree.root)
