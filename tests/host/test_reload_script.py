# SPDX-License-Identifier: Apache-2.0
"""scripts/reload: what it makes of a description, and how it talks to a monitor."""

import base64
import socket
import struct
import subprocess
import threading
import zlib

import pytest

from bundle_support import ROOT, image
from test_bundle_vms import SOURCE, bundle, inputs_fixture, options  # noqa: F401 (a fixture)


def reload(*words):
    return subprocess.run([ROOT + "/scripts/reload", *map(str, words)], check=False, text=True,
                          capture_output=True)


def words_of(inputs, tmp_path, source=SOURCE):
    given = options(inputs, tmp_path, source)
    return [word for name in ("board", "vms", "guest", "initrd", "dtb") for value in given[name]
            for word in (f"--{name}", value)]


def test_it_sends_what_a_bundle_would_have(inputs, tmp_path):
    header, rows = bundle(inputs, tmp_path)
    result = reload(*words_of(inputs, tmp_path), "-o", tmp_path / "sent")
    assert result.returncode == 0, result.stderr
    data = (tmp_path / "sent").read_bytes()
    parts = {(row.kind, row.vm): row for row in rows}
    tree, config = parts[image.DTB, 0], parts[image.CONFIG, image.NO_VM]
    assert struct.unpack_from("<4I", data) == (0x524B4148, 1, config.size, 2)
    assert struct.unpack_from("<8I", data, 16) == (
        48 << 20, header.vms[0].dtb, tree.size, parts[image.INITRD, 0].gpa, 2 << 20, 0, 0, 0)
    assert data[48:48 + config.size] == config.data
    at = (48 + config.size + 7) // 8 * 8
    assert data[at:at + tree.size] == tree.data
    assert len(data) == (at + tree.size + 7) // 8 * 8


def test_mistakes_are_those_of_the_bundler(inputs, tmp_path):
    result = reload(*words_of(inputs, tmp_path, SOURCE.replace('"scratch"; };', '"other"; };')),
                    "-o", tmp_path / "sent")
    assert result.returncode == 1
    assert "/vms/linux/virtio/disk: disk: there is no 'other'" in result.stderr
    assert not (tmp_path / "sent").exists()
    words = words_of(inputs, tmp_path)
    at = words.index(f"rt={inputs['rt']}")
    result = reload(*words[:at - 1], *words[at + 1:], "-o", tmp_path / "sent")
    assert "guest 'rt' has no file" in result.stderr


class Monitor(threading.Thread):
    """A board's monitor at a socket, as vmm/console/monitor_reload.c answers; `verdict` is the end of it."""

    def __init__(self, path, verdict, wrong_at=None):
        super().__init__(daemon=True)
        self.listener = socket.socket(socket.AF_UNIX)
        self.listener.bind(str(path))
        self.listener.listen()
        self.verdict, self.wrong_at = verdict, wrong_at
        self.received = b""
        self.abandoned = False
        self.start()

    def run(self):
        stream = self.listener.accept()[0].makefile("rwb", buffering=0)
        assert stream.read(2) == b"\x0fm"
        stream.write(b"hako: monitor; help shows the commands\r\nhako> \x1b[K")
        _, size, crc = self.line(stream).split()
        stream.write(b"reload: waits for lines of base64\r\n")
        lines = 0
        while True:
            line = self.line(stream)
            if line in (b".", b"\x03"):
                self.abandoned = line != b"."
                break
            self.received += base64.b64decode(line, validate=True)
            lines += 1
            stream.write(b"[first] a line of the log\r\n")
            stream.write(b"reload: line 3: not base64; Ctrl-C ends this\r\n" if lines == self.wrong_at
                         else b"reload: %d of %s\r\n" % (len(self.received), size))
        if not self.abandoned:
            assert zlib.crc32(self.received) == int(crc, 16) and len(self.received) == int(size)
            stream.write(b"reload: complete; the log says\r\nhako> \x1b[K\r\x1b[K")
            stream.write(self.verdict + b"\r\n")

    @staticmethod
    def line(stream):
        text = b""
        while not text.endswith((b"\r", b"\x03")):
            text += stream.read(1)
        return text.rstrip(b"\r")


@pytest.mark.parametrize("verdict, status", [
    (b"hako: reload: done: 1 VMs made anew, 1 left as they are", 0),
    (b"hako: reload: refused: rt would change, and is not off; `stop rt` first", 1)])
def test_the_answer_is_printed(inputs, tmp_path, verdict, status):
    monitor = Monitor(tmp_path / "line", verdict)
    result = reload(*words_of(inputs, tmp_path), tmp_path / "line")
    monitor.join(60)
    assert (result.returncode, result.stdout) == (status, verdict.decode() + "\n"), result.stderr
    reload(*words_of(inputs, tmp_path), "-o", tmp_path / "sent")
    assert monitor.received == (tmp_path / "sent").read_bytes()


def test_a_line_that_was_damaged_ends_it(inputs, tmp_path):
    monitor = Monitor(tmp_path / "line", b"", wrong_at=3)
    result = reload(*words_of(inputs, tmp_path), tmp_path / "line")
    monitor.join(60)
    assert monitor.abandoned
    assert (result.returncode, result.stdout) == (1, "reload: line 3: not base64; Ctrl-C ends this\n")


def test_silence_is_an_error(inputs, tmp_path):
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(tmp_path / "line"))
        listener.listen()
        result = reload(*words_of(inputs, tmp_path), "--seconds", "1", tmp_path / "line")
    assert result.returncode == 1
    assert "reload: the terminal said nothing more for 1 s" in result.stderr
    result = reload(*words_of(inputs, tmp_path), tmp_path / "none")
    assert "No such file" in result.stderr
