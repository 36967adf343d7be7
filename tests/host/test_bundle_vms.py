# SPDX-License-Identifier: Apache-2.0
"""scripts/bundle --vms: what it writes of a description, and what it refuses: file, node, reason.

The C parser's own tables of mistakes are in test_vm_config_mistakes.c and _remote.c; the ones here are
the bundler's.
"""

import glob
import os
import re
import struct
import subprocess

import pytest

from bundle_support import ROOT, image, make_guest, make_linux, make_vmm, run
from rewrite_support import assert_refused

from hako_bundle import description, fdt, remote, station
from hako_bundle.board_table import read_board, read_models
from hako_bundle.errors import BundleError
from hako_bundle.spec import Spec

SOURCE = """
/dts-v1/;
/ { compatible = "hako,system";
  console { escape = <0x01>; prefix; };
  network { lan0 { uplink; station { mac = [02 00 00 00 00 0a]; address = <10 0 2 9>;
                                     netmask = <255 255 255 0>; }; }; lan1 { }; };
  disks {
    scratch { ramdisk = "stuff"; size = <0x400000>; };
    empty { ramdisk = ""; size = <0x1000>; };
    data { flash; offset = <0x100000>; size = <0x100000>; };
  };
  peers {
    boardb { mac = [02 00 00 00 00 0b]; key = "pair"; timeout-us = <2000>;
             keep-alive-us = <500000>; };
    boardc { mac = [02 00 00 00 00 0c]; insecure; };
  };
  serve {
    clock { device = "mmc"; to = "boardb"; reg = <0 0x20>; widths = <4>; interrupts = <1>; };
    ident { device = "mmc"; to = "boardc"; reg = <0xfe0 0x20>; read-only; };
  };
  vms {
    linux {
      memory = <0x3000000>; guest = "linux"; cmdline = "console=ttyAMA0 x"; initrd = "linux";
      priority = <10>; budget = <30000 100000>; autostart; on-death = "restart"; restarts = <3>;
      time-in-pause = "runs"; shadow-tables = <200>; shadow-contexts = <8>; uart = "console";
      windows {
        keys { device = "kmi0"; backend = "direct"; };
        sound { device = "aaci"; backend = "trapped"; log; };
        extra { model = "sp804"; reg = <0xe0000000 0x1000>; interrupt = <18>; };
        far { device = "gpio"; backend = "remote"; peer = "boardb"; remote = "leds";
              timeout-us = <5000>; on-timeout = "ones"; };
        serial { reg = <0xe1000000 0x1000>; interrupt = <19>; backend = "remote";
                 peer = "boardb"; remote = "serial"; posted; };
      };
      virtio {
        net { type = "network"; network = "lan0"; mac = [02 00 00 00 00 01]; };
        disk { type = "block"; disk = "scratch"; };
        con { type = "console"; };
        rng { type = "entropy"; };
      };
    };
    rt {
      memory = <0x200000>; guest = "rt"; priority = <200>; uart = "uart1";
      windows { mouse { device = "kmi1"; backend = "direct"; }; };
      virtio {
        disk { type = "block"; disk = "scratch"; read-only; };
        net { type = "network"; network = "lan1"; };
      };
    };
  };
};
"""

# As the kernel's trees are: buses with and without an offset, and a controller.
TREE = """
/dts-v1/;
/ { #address-cells = <1>; #size-cells = <1>; compatible = "arm,integrator-cp";
  memory { device_type = "memory"; reg = <0 0>; };
  chosen { };
  pic@14000000 { reg = <0x14000000 0x100>; interrupt-controller; #interrupt-cells = <1>;
                 phandle = <2>; };
  bus { #address-cells = <1>; #size-cells = <1>; ranges;
    rtc@15000000 { reg = <0x15000000 0x1000>; };
    serial@16000000 { reg = <0x16000000 0x1000>; };
    kmi@18000000 { reg = <0x18000000 0x1000>; };
    inner { #address-cells = <1>; #size-cells = <1>; ranges = <0 0x19000000 0x10000>;
            kmi@0 { reg = <0 0x1000>; }; };
    i2c { #address-cells = <1>; #size-cells = <0>; reg = <0x1a000000 0x1000>;
          rtc@15000000 { reg = <0x15000000>; }; };
  };
};
"""


@pytest.fixture(name="inputs", scope="module")
def inputs_fixture(tmp_path_factory):
    folder = tmp_path_factory.mktemp("inputs")
    tree = folder / "board.dtb"
    subprocess.run(["dtc", "-q", "-I", "dts", "-O", "dtb", "-o", tree, "-"], check=True,
                   input=TREE.encode())
    (folder / "key").write_text("00112233445566778899aabbccddeeff\n" * 2)
    for name, size in (("initrd", 10000), ("stuff", 5000), ("large", 0x400001)):
        (folder / name).write_bytes(bytes(range(250)) * (size // 250) + bytes(size % 250))
    return {"vmm": make_vmm(folder / "vmm.bin", features=image.HAS_NETWORK),
            "plain": make_vmm(folder / "plain.bin"), "key": folder / "key", "linux": make_linux(folder)[0],
            "rt": make_guest(folder), "dtb": tree, "initrd": folder / "initrd",
            "stuff": folder / "stuff", "large": folder / "large"}


def options(inputs, tmp_path, source=SOURCE):
    """Options of a bundle that works, each a list of values."""
    (tmp_path / "vms.dts").write_text(source)
    return {"board": ["integratorcp"], "vmm": [inputs["vmm"]], "vms": [tmp_path / "vms.dts"],
            "guest": [f"linux={inputs['linux']}", f"rt={inputs['rt']}"], "dtb": [inputs["dtb"]],
            "key": [f"pair={inputs['key']}"], "initrd": [f"linux={inputs['initrd']}"], "disk": [f"stuff={inputs['stuff']}"],
            "output": [tmp_path / "zImage-hako"]}


def run_with(given):
    return run(*[word for name, values in given.items() for value in values
                 for word in (f"--{name}", value)])


def bundle(inputs, tmp_path, source=SOURCE):
    given = options(inputs, tmp_path, source)
    result = run_with(given)
    assert result.returncode == 0, result.stderr
    assert result.stdout.count("\n") == 1 and "linux 48 MiB, rt 2 MiB" in result.stdout
    return image.unpack(given["output"][0].read_bytes())


def tree_of(rows, vm):
    (part,) = [row for row in rows if row.kind == image.DTB and row.vm == vm]
    return fdt.read(part.data).root


def test_each_vm_has_its_parts(inputs, tmp_path):
    header, rows = bundle(inputs, tmp_path)
    linux, rt = header.vms
    assert linux.memory == 48 << 20 and linux.entry == 0x8000 and linux.dtb
    assert rt == (2 << 20, 0x8000, 0)
    assert [(row.name, row.vm) for row in rows if row.vm == 1] == \
        [("guest", 1), ("proxies", 1), ("info", 1)]
    assert {row.name for row in rows if row.vm == 0} == \
        {"kernel", "kernel.1", "initrd", "dtb", "proxies", "info"}
    of_none = {row.name: row for row in rows if row.vm == image.NO_VM}
    assert set(of_none) == {"vmm", "config", "scratch", "empty", "pair"}
    assert of_none["pair"].data == bytes.fromhex("00112233445566778899aabbccddeeff" * 2)
    assert of_none["scratch"].memory_size == 0x400000
    assert of_none["scratch"].data == inputs["stuff"].read_bytes()
    assert of_none["empty"].size == 0 and of_none["empty"].memory_size == 0x1000
    assert fdt.read(of_none["config"].data).root.find_child("vms").find_child("rt")
    assert all(row.is_good for row in rows)


def test_the_list_shows_every_vm(inputs, tmp_path):
    bundle(inputs, tmp_path)
    result = run("--list", tmp_path / "zImage-hako")
    assert result.returncode == 0
    assert "VM 0 (linux): 48 MiB" in result.stdout and "VM 1 (rt): 2 MiB" in result.stdout
    assert "scratch" in result.stdout and "description" in result.stdout


def test_a_tree_has_what_its_vm_has(inputs, tmp_path):
    _, rows = bundle(inputs, tmp_path)
    root = tree_of(rows, 0)
    bus = root.find_child("bus")
    status = {node.name: node.strings("status") for node in bus.walk()}
    assert status["rtc@15000000"] == [] and bus.children[0].strings("status") == ["disabled"]
    assert status["kmi@18000000"] == [] and status["serial@16000000"] == []
    assert status["kmi@0"] == ["disabled"]  # the other VM's, behind a bus with an offset
    assert status["i2c"] == ["disabled"]  # the LEDs' page on this board
    assert root.find_child("chosen").strings("bootargs") == ["console=ttyAMA0 x"]
    assert root.find_child("memory").props["reg"] == struct.pack(">II", 0, 48 << 20)
    for index, number in enumerate((9, 10, 11, 12)):
        node = root.find_child(f"virtio@{0xf0010000 + index * 0x1000:x}")
        assert node.strings("compatible") == ["virtio,mmio"]
        assert node.props["reg"] == struct.pack(">II", 0xF0010000 + index * 0x1000, 0x1000)
        assert node.cell("interrupts", 0) == number and node.cell("interrupt-parent", 0) == 2
    assert not root.find_child("virtio@f0014000")


def test_flash_that_is_written_needs_ram_for_a_block(inputs, tmp_path):
    written = SOURCE.replace("data { flash;", "data { flash; writable;")
    written = written.replace("rng {", 'last { type = "block"; disk = "data"; }; rng {', 1)
    assert written.count("writable") == 1 and '"data"; };' in written
    bundle(inputs, tmp_path, written)

    # A quarter of the sizes of another disk make the MiB full that is asked for.
    def needs(source):
        sizes = [source.replace("<0x1000>", f"<{n << 16:#x}>", 1) for n in range(1, 17)]
        texts = [run_with(options(inputs, tmp_path, size)).stdout for size in sizes]
        return sum(int(re.search(r"needs (\d+) MiB", text)[1]) for text in texts)

    assert needs(written) - needs(SOURCE) == 4


def test_a_model_in_the_place_of_a_device_is_not_hidden(inputs, tmp_path):
    source = SOURCE.replace("0xe0000000", "0x15000000")
    _, rows = bundle(inputs, tmp_path, source)
    assert tree_of(rows, 0).find_child("bus").children[0].strings("status") == []


# What is replaced, by what, the node, words of the reason.
MISTAKES = [
    ("hako,system", "hako,other", "/", "compatible", "hako,system"),
    ("console {", "surplus { }; console {", "/surplus", "no such node"),
    ("<0x01>", "<0x41>", "/console", "escape", "out of range"),
    ("prefix;", "perfix;", "/console", "'perfix' is not known", "escape, prefix"),
    ("prefix;", "prefix = <1>;", "/console", "prefix", "flag"),
    ("lan1 { }", "lan1 { uplink; }", "/network/lan1", "uplink", "another network"),
    ("lan1 { }", "lan1 { }; a { }; b { }; c { }", "/network/c", "more than 4"),
    ("lan1 { }", "abcdefghijklmnop { }", "/network/abcdefghijklmnop", "at most 15"),
    ('ramdisk = "stuff";', "", "/disks/scratch", "one of ramdisk"),
    ('ramdisk = "stuff";', 'ramdisk = "stuff"; flash;', "/disks/scratch", "one of ramdisk"),
    ("flash; offset = <0x100000>;", "sdcard; partition = <2>;", "/disks/data", "goes with sdcard"),
    ("flash; offset = <0x100000>; size = <0x100000>", "flash; partition = <2>", "/disks/data",
     "goes with sdcard"),
    ("flash; offset = <0x100000>; size = <0x100000>", "sdcard; partition = <5>", "/disks/data",
     "1 to 4"),
    ("data { flash; offset = <0x100000>; size = <0x100000>; };",
     "a { sdcard; partition = <2>; }; b { sdcard; partition = <2>; };", "/disks/b", "'a' is there"),
    ('disk = "scratch"; read-only', 'disk = "data"', "/vms/rt/virtio/disk",
     "flash without `writable`"),
    ("flash; offset = <0x100000>", "flash; writable; offset = <0x120000>", "/disks/data", "262144"),
    ("flash; offset = <0x100000>; size = <0x100000>", "flash; writable; size = <0x120000>",
     "/disks/data", "262144"),
    ("size = <0x400000>;", "size = <0x400000>; writable;", "/disks/scratch", "goes with flash"),
    ('ramdisk = "stuff"', 'ramdisk = "fluff"', "/disks/scratch", "--disk fluff=FILE"),
    ('guest = "rt"', 'guest = ""', "/vms/rt", "guest: no name"),
    ("empty { ram", "config { ram", "/disks/config", "not possible"),
    ("size = <0x400000>", "size = <0x1000>", "/disks/scratch", "5000 bytes"),
    ("size = <0x400000>", "size = <0x400200>", "/disks/scratch", "4096"),
    ("size = <0x400000>;", "", "/disks/scratch", "'size' is missing"),
    ("offset = <0x100000>", "offset = <0x1f00001>", "/disks/data", "512"),
    ("offset = <0x100000>", "offset = <0x1ff0000>", "/disks/data", "more than the device"),
    ("data {", "more { flash; size = <0x100200>; }; data {", "/disks/data", "'more' is there"),
    ("memory = <0x200000>;", "", "/vms/rt", "'memory' is missing"),
    ("memory = <0x200000>", "memory = <0x280000>", "/vms/rt", "whole MiB"),
    ("memory = <0x200000>", "memory = <0>", "/vms/rt", "whole MiB"),
    ("memory = <0x200000>", "memory = <0xd000000>", "/vms", "memory", "at most 256"),
    ("memory = <0x3000000>", "memory = <0x100000>", "/vms/linux", "too little", "raise memory"),
    ('guest = "rt"', 'guest = "other"', "/vms/rt", "--guest other=FILE"),
    ('guest = "rt"', "guest = <1>", "/vms/rt", "guest", "not one text"),
    ('guest = "rt"', 'guest = "rt"; initrd = "linux"', "/vms/rt", "initrd"),
    ('guest = "rt"', 'guest = "rt"; cmdline = "x"', "/vms/rt", "--cmdline"),
    ('initrd = "linux"', 'initrd = "other"', "/vms/linux", "--initrd other=FILE"),
    ('guest = "rt"', 'guest = "rt"; budget = <70001 100000>', "/vms/rt", "budget", "100%"),
    ('guest = "rt"', 'guest = "rt"; budget = <90000 100000>', "/vms/rt", "budget", "120%"),
    ('guest = "rt"', 'guest = "rt"; budget = <2000 1000>', "/vms/rt", "budget", "its period"),
    ('guest = "rt"', 'guest = "rt"; restarts = <2>', "/vms/rt", "restarts", "on-death"),
    ("<200>; uart", "<256>; uart", "/vms/rt", "priority", "0 to 255"),
    ('"restart"', '"reboot"', "/vms/linux", "on-death", "stop, restart"),
    ('"runs"', '"walks"', "/vms/linux", "time-in-pause", "stops, runs"),
    ("shadow-tables = <200>", "shadow-tables = <481>", "/vms/linux", "shadow-tables", "range"),
    ('"uart1"', '"uart2"', "/vms/rt", "uart", "neither"),
    ('"uart1"', '"uart0"', "/vms/rt", "uart", "neither"),
    ('"kmi0"', '"uart1"', "/vms/rt", "uart", "VM 'linux' has it"),
    ('uart = "console"', 'uart = "uart1"', "/vms/rt", "uart", "is taken"),
    ('"kmi1"', '"kmi0"', "/vms/rt/windows/mouse", "VM 'linux' has it"),
    ('"aaci"', '"kmi0"', "/vms/linux/windows/sound", "is taken"),
    ('"aaci"', '"toaster"', "/vms/linux/windows/sound", "no 'toaster'", "kmi0"),
    ('"aaci"', '"uart0"', "/vms/linux/windows/sound", "every VM"),
    ('"aaci"', '"ethernet"', "/vms/linux/windows/sound", "uplink"),
    ('"aaci"', '"flash"', "/vms/linux/windows/sound", "for disks"),
    ('"trapped"; log', '"direct"; log', "/vms/linux/windows/sound", "log", "trapped"),
    ('"trapped"; log', '"shared"', "/vms/linux/windows/sound", "backend", "direct, trapped"),
    ("[02 00 00 00 00 0b]", "[02 00 00 00 00]", "/peers/boardb", "mac", "bytes"),
    ("[02 00 00 00 00 0b]", "[03 00 00 00 00 0b]", "/peers/boardb", "mac", "one board"),
    ("[02 00 00 00 00 0c]", "[02 00 00 00 00 0b]", "/peers/boardc", "mac", "'boardb' has it"),
    ("[02 00 00 00 00 0b]", "[02 00 00 00 00 0a]", "/peers/boardb", "mac", "own station"),
    ('key = "pair";', "", "/peers/boardb", "one of key and insecure"),
    ("insecure;", 'insecure; key = "pair";', "/peers/boardc", "one of key and insecure"),
    ('key = "pair"', 'key = "other"', "/peers/boardb", "--key other=FILE"),
    ('key = "pair"', 'key = "config"', "/peers/boardb", "--key config=FILE"),
    ("timeout-us = <2000>", "timeout-us = <999>", "/peers/boardb", "timeout-us", "out of range"),
    ('device = "mmc"; to = "boardb"', 'device = "sundial"; to = "boardb"', "/serve/clock",
     "no 'sundial'", "rtc"),
    ('device = "mmc"; to = "boardb"', 'device = "uart0"; to = "boardb"', "/serve/clock",
     "no 'uart0' to give away"),
    ('device = "mmc"; to = "boardb"', 'device = "flash"; to = "boardb"', "/serve/clock", "is taken"),
    ('device = "mmc"; to = "boardb"', 'device = "mmc"; to = "boardx"', "/serve/clock",
     "no peer 'boardx'"),
    ("reg = <0 0x20>", "reg = <0 0x1004>", "/serve/clock", "reg", "not words of 'mmc'"),
    ("reg = <0 0x20>", "reg = <2 0x20>", "/serve/clock", "reg", "not words"),
    ("widths = <4>", "widths = <8>", "/serve/clock", "widths", "1 to 7"),
    ("interrupts = <1>", "interrupts = <8>", "/serve/clock", "interrupts", "'mmc' has 3"),
    ("reg = <0xfe0 0x20>; read-only", "reg = <0xfe0 0x20>; interrupts = <1>", "/serve/ident",
     "interrupts", "/serve/clock has one"),
    ("reg = <0xfe0 0x20>", "reg = <0 0x20>", "/serve/ident", "reg", "one of them is written to"),
    ('"kmi1"', '"mmc"', "/vms/rt/windows/mouse", "is taken", "to be served"),
    ('peer = "boardb"; remote = "leds"', 'peer = "boardx"; remote = "leds"',
     "/vms/linux/windows/far", "peer: there is no 'boardx'"),
    ('peer = "boardb"; remote = "leds"', 'remote = "leds"', "/vms/linux/windows/far",
     "'peer' is missing"),
    ('remote = "leds"', 'remote = ""', "/vms/linux/windows/far", "remote", "15"),
    ('remote = "leds"', 'remote = "serial"', "/vms/linux/windows/serial", "remote", "windows/far"),
    ('device = "gpio"; backend', "backend", "/vms/linux/windows/far", "one of device and reg"),
    ('device = "gpio"; backend', 'device = "gpio"; interrupt = <20>; backend',
     "/vms/linux/windows/far", "interrupt", "that of the device"),
    ('device = "gpio"; backend', 'device = "uart0"; backend', "/vms/linux/windows/far", "device",
     "none of this board"),
    ('device = "gpio"; backend', 'device = "kmi0"; backend', "/vms/linux/windows/far", "reg",
     "'kmi0' of the board"),
    ('on-timeout = "ones"', 'on-timeout = "wait"', "/vms/linux/windows/far", "timeout-us", "wait"),
    ('on-timeout = "ones"', 'on-timeout = "zeros"', "/vms/linux/windows/far", "on-timeout",
     "abort, ones, wait"),
    ("0xe1000000 0x1000", "0xe1000000 0x800", "/vms/linux/windows/serial", "reg", "4096"),
    ("0xe1000000 0x1000", "0xfffff000 0x2000", "/vms/linux/windows/serial", "reg", "4096"),
    ("interrupt = <19>", "interrupt = <18>", "/vms/linux/windows/serial", "input 18"),
    ('device = "aaci";', "", "/vms/linux/windows/sound", "device or model"),
    ('"sp804"', '"z80"', "/vms/linux/windows/extra", "no 'z80'", "sp804"),
    ("0xe0000000 0x1000", "0xe0000000", "/vms/linux/windows/extra", "reg", "number of values"),
    ("0xe0000000 0x1000", "0xe0000000 0x2000", "/vms/linux/windows/extra", "reg", "size"),
    ("0xe0000000", "0x02fff000", "/vms/linux/windows/extra", "reg", "the VM's memory"),
    ("0xe0000000", "0xf0017000", "/vms/linux/windows/extra", "reg", "virtio"),
    ("0xe0000000", "0x18000000", "/vms/linux/windows/extra", "reg", "'kmi0' of the board"),
    ("0xe0000000", "0x16000000", "/vms/linux/windows/extra", "reg", "'uart0' of the board"),
    ("extra {", 'first { model = "inert"; reg = <0xe0000000 0x1000>; }; extra {',
     "/vms/linux/windows/extra", "reg", "another window"),
    ("<18>", "<3>", "/vms/linux/windows/extra", "interrupt", "another device's"),
    ("<18>", "<9>", "/vms/linux/windows/extra", "interrupt", "another device's"),
    ("<18>", "<32>", "/vms/linux/windows/extra", "interrupt", "range"),
    ('network = "lan0"', 'network = "lan7"', "/vms/linux/virtio/net", "no 'lan7'"),
    ('"network"; network = "lan0"', '"network"', "/vms/linux/virtio/net", "needs network"),
    ('"network"; network = "lan0"', '"printer"', "/vms/linux/virtio/net", "'printer'"),
    ("[02 00 00 00 00 01]", "[03 00 00 00 00 01]", "/vms/linux/virtio/net", "mac"),
    ('network = "lan1"', 'network = "lan1"; mac = [02 00 00 00 00 01]', "/vms/rt/virtio/net",
     "mac", "/vms/linux/virtio/net has it"),
    ('disk = "scratch"; read-only', 'disk = "scratch"', "/vms/rt/virtio/disk",
     "/vms/linux/virtio/disk writes"),
    ('disk = "scratch"; read-only', 'disk = "games"', "/vms/rt/virtio/disk", "no 'games'"),
    ("con {", " ".join(f'{c} {{ type = "entropy"; }};' for c in "abcde") + " con {",
     "/vms/linux/virtio/rng", "more than 8"),
]


@pytest.mark.parametrize("mistake", MISTAKES, ids=lambda mistake: f"{mistake[2]}: {mistake[1]}")
def test_a_mistake_is_refused_with_file_node_and_reason(inputs, tmp_path, mistake):
    old, new, node, *words = mistake
    assert old in SOURCE
    given = options(inputs, tmp_path, SOURCE.replace(old, new, 1))
    result = run_with(given)
    assert_refused(result, f"bundle: {tmp_path}/vms.dts: {node}: ", *words)
    assert not given["output"][0].exists()


WITHOUT_VMS = SOURCE[:SOURCE.index("  vms {")].replace(
    'scratch { ramdisk = "stuff"; size = <0x400000>; };', "") + "};"


def test_a_board_without_a_vm_serves_something(inputs, tmp_path):
    given = dict(options(inputs, tmp_path, WITHOUT_VMS), guest=[], initrd=[], disk=[], dtb=[])
    result = run_with(given)
    assert result.returncode == 0, result.stderr
    assert "no VM" in result.stdout
    header, rows = image.unpack(given["output"][0].read_bytes())
    assert header.vms == []
    assert {row.name for row in rows} == {"vmm", "config", "empty", "pair"}
    # VMM, pool, what is below the VMs' RAM, a disk of one page, the bundle.
    assert "needs 4 MiB of RAM" in result.stdout
    assert run("--list", given["output"][0]).returncode == 0


@pytest.mark.parametrize("source, node", [
    (re.sub(r"  serve \{.*\};\n\};", "};", WITHOUT_VMS, flags=re.S), "/"),
    (WITHOUT_VMS[:WITHOUT_VMS.index("  serve {")] + "  serve { }; vms { }; };", "/vms")])
def test_a_board_without_a_vm_that_serves_nothing(inputs, tmp_path, source, node):
    assert "clock {" not in source
    given = dict(options(inputs, tmp_path, source), guest=[], initrd=[], disk=[], dtb=[])
    assert_refused(run_with(given), f"vms.dts: {node}: there is no VM, and nothing is served")
    assert not given["output"][0].exists()


def test_more_vms_than_eight(inputs, tmp_path):
    nine = "".join(f'vm{n} {{ memory = <0x100000>; guest = "rt"; }};\n' for n in range(9))
    source = SOURCE[:SOURCE.index("    linux {")] + nine + "}; };"
    given = options(inputs, tmp_path, source)
    assert_refused(run_with(given), "vms.dts: /vms/vm8: more than 8 VMs")
    given = options(inputs, tmp_path, source.replace("vm8 {", "vm8@1 {", 1).replace(
        'vm7 { memory = <0x100000>; guest = "rt"; };\n', ""))
    assert_refused(run_with(given), "vms.dts: /vms/vm8@1: a name has")


def test_more_than_the_vmm_has_room_for(inputs, tmp_path):
    start = re.sub(r"station \{.*?\};", "", SOURCE[:SOURCE.index("  peers {")], flags=re.S)
    start += "vms {"
    # Ports of a network: the uplink, and eleven devices; addresses that the VMM chooses.
    net = "".join(f'n{n} {{ type = "network"; network = "lan0"; }};\n' for n in range(6))
    vm = 'vm%d { memory = <0x100000>; guest = "rt"; virtio { %s }; };\n'
    given = options(inputs, tmp_path, start + vm % (0, net) + vm % (1, net) + "}; };")
    assert_refused(run_with(given), "vms.dts: /vms/vm1/virtio/n5: network: 'lan0' has 12 ports")
    given = options(inputs, tmp_path, start + vm % (0, net) + vm % (1, net.replace(
        '"lan0"; };', '"lan0"; mac = [02 48 4b 00 01 03]; };', 1)) + "}; };")
    assert_refused(run_with(given), "/vms/vm1/virtio/n0: mac: /vms/vm0/virtio/n3 has it")
    # Devices of a VM.
    models = "".join(f'm{n} {{ model = "inert"; reg = <{0xe0000000 + 0x1000 * n} 0x1000>; }};\n'
                     for n in range(8))
    trapped = "".join(f'{name} {{ device = "{name}"; backend = "trapped"; }};\n'
                      for name in ("aaci", "gpio", "kmi0", "kmi1", "leds", "mmc", "rtc", "uart1"))
    entropy = "".join(f'e{n} {{ type = "entropy"; }};\n' for n in range(8))
    board = sum(not row.direct for row in read_board("integratorcp").rows)
    assert board + 3 * 8 == 33
    source = start + (vm % (0, entropy)).replace(
        "virtio", f"windows {{ {models}{trapped} }}; virtio", 1) + "}; };"
    given = options(inputs, tmp_path, source)
    assert_refused(run_with(given), f"/vms/vm0: 33 devices, {board} of them models")
    given = options(inputs, tmp_path, source.replace("e0 {", "unused {", 1).replace(
        'unused { type = "entropy"; };\n', "", 1))
    assert "devices" not in run_with(given).stderr


def test_what_dtc_refuses_has_its_line(inputs, tmp_path):
    given = options(inputs, tmp_path, SOURCE.replace("vms {", "vms { oops", 1))
    assert_refused(run_with(given), "vms.dts: ", "syntax error")
    given["vms"] = [tmp_path / "nowhere.dts"]
    assert_refused(run_with(given), "nowhere.dts")


def test_options_that_do_not_go_together(inputs, tmp_path):
    for more, words in (({"memory": ["64M"]}, "--memory is in the description"),
                        ({"cmdline": ["x"]}, "--cmdline is in the description"),
                        ({"name": ["x"]}, "--name is in the description"),
                        ({"disk": ["stuff"]}, "NAME=FILE"),
                        ({"guest": [inputs["rt"]]}, "NAME=FILE"),
                        ({"disk": [f"stuff={inputs['large']}"]}, f"{0x400001} bytes"),
                        ({"disk": [f"stuff={inputs['stuff']}", f"x={inputs['stuff']}"]},
                         "does not name it"),
                        ({"dtb": []}, "Linux needs a device tree")):
        given = dict(options(inputs, tmp_path), **more)
        assert_refused(run_with(given), "bundle: ", words)
    given = dict(options(inputs, tmp_path), vms=[], initrd=[])
    assert_refused(run_with(given), "--disk goes with --vms")
    given["disk"] = []
    assert_refused(run_with(given), "--key goes with --vms")
    given["key"] = []
    assert_refused(run_with(given), "--guest is there 2 times; several VMs need --vms")


def test_the_boards_tables_are_read_as_they_are():
    for name, primary, rows in (("integratorcp", 0x14000000, 19), ("versatilepb", 0x10140000, 39)):
        table = read_board(name)
        with open(f"{ROOT}/board/{name}/board.c", encoding="utf-8") as file:
            text = file.read()
        assert len(table.rows) == rows == len([line for line in text.splitlines()
                                               if line.startswith("\tVM_")])
        assert table.primary == primary and len(table.virtio_inputs) == 8
        assert [row.base for row in table.rows] == sorted(row.base for row in table.rows)
    assert table.row("pci space").size == 0x70000000 - 0x43000000
    assert table.row("flash").size == 64 << 20 and table.row("flash").direct
    assert table.row("uart1").inputs == [13] and table.row("timers 2, 3").inputs == [5]
    assert table.row("kmi0").inputs == [] and not table.row("system").direct
    assert read_models()["sp804"] == 4096
    with pytest.raises(BundleError):
        read_board("nowhere")


@pytest.mark.parametrize("source", sorted(glob.glob(f"{ROOT}/configs/*.dts")),
                         ids=os.path.basename)
def test_the_shipped_descriptions_are_good(inputs, tmp_path, source):
    with open(source, encoding="ascii") as file:
        text = file.read()
    names = {line.split('"')[1] for line in text.splitlines() if "guest = " in line}
    given = options(inputs, tmp_path, text)
    given["disk"] = []
    given["key"] = given["key"] if 'key = "' in text else []
    given["guest"] = [f"{name}={inputs['linux' if name in ('linux', 'screen') else 'rt']}"
                      for name in names]
    given["initrd"] = given["initrd"] if names & {"linux", "screen"} else []
    result = run_with(given)
    assert result.returncode == 0, result.stderr
    header, _ = image.unpack(given["output"][0].read_bytes())
    assert image.overhead(len(header.vms)) + sum(vm.memory for vm in header.vms) < 112 << 20
    assert len(header.vms) == {"one-linux.dts": 1, "eight-small.dts": 8, "remote-a.dts": 1,
                                 "remote-b.dts": 1, "remote-screen-a.dts": 1, "remote-screen-b.dts": 1,
                                 "remote-shell-a.dts": 1, "remote-shell-b.dts": 1,
                                 "remote-server.dts": 0}.get(os.path.basename(source), 2)


def test_a_vmm_without_a_network_stack_is_refused(inputs, tmp_path):
    given = dict(options(inputs, tmp_path), vmm=[inputs["plain"]])
    assert_refused(run_with(given), "/network/lan0/station", "build/integratorcp-remote/vmm.bin")


def test_a_window_of_another_board_takes_the_place_of_a_device(inputs, tmp_path):
    source = SOURCE.replace('device = "gpio"; backend', 'device = "rtc"; backend')
    _, rows = bundle(inputs, tmp_path, source)
    assert tree_of(rows, 0).find_child("bus").children[0].strings("status") == []


@pytest.mark.parametrize("content, words", (
    (b"0123456789abcdef", None), (bytes(range(32)), None), (b"00" * 15 + b"01\n", None),
    (b"0123456789abcde", "it has 15 bytes"), (b"", "it has 0 bytes"), (bytes(16), "all zeros"),
    (b"0" * 64, "all zeros")))
def test_keys(inputs, tmp_path, content, words):
    (tmp_path / "key").write_bytes(content)
    given = dict(options(inputs, tmp_path), key=[f"pair={tmp_path / 'key'}"])
    result = run_with(given)
    if words:
        assert_refused(result, "key", words)
        return
    assert result.returncode == 0, result.stderr
    _, rows = image.unpack(given["output"][0].read_bytes())
    (key,) = [row.data for row in rows if row.kind == image.KEY]
    assert key == (content if len(content) in (16, 32) and content[:2] != b"00" else
                   bytes.fromhex(content.decode()))
    assert content.hex() not in run("--list", given["output"][0]).stdout


def test_every_property_is_documented_with_an_example():
    tables = [table for module in (description, remote, station) for table in vars(module).values()
              if isinstance(table, dict) and table and all(isinstance(of, Spec) for of in table.values())]
    names = {name for table in tables for name in table}
    assert len(names) > 40
    with open(os.path.join(ROOT, "docs/vm-config.md"), encoding="utf-8") as document:
        text = document.read()
    rows = "\n".join(line.split("|")[1] for line in text.splitlines() if line.startswith("| `"))
    blocks = re.findall(r"^```dts\n(.*?)^```", text, re.S | re.M)
    inline = re.findall(r"`([^`\n]+)`", re.sub(r"^```.*?^```", "", text, flags=re.S | re.M))
    for name in names:
        assert name == "compatible" or f"`{name}`" in rows, name
        # With its value, or the end of a flag.
        used = re.compile(rf'(?<![\w-]){name}(?: = [<\["]|;)')
        assert any(map(used.search, blocks + inline)), name
