# SPDX-License-Identifier: Apache-2.0
"""A person at the guest's console."""


def test_shell_works_as_on_any_terminal(linux):
    linux.type("echo typ\x7fyped; tty\n")  # a backspace
    linux.expect(r"\r\ntyyped\r\n/dev/ttyAMA0\r\n")
    linux.expect(r"hako:~# ")

    # It says when it runs: before that, the keys would reach the shell's line editor.
    linux.type("sh -c 'echo a''live; exec sleep 100000'\n")
    linux.expect(r"alive\r\n")
    linux.type("\x03")  # Ctrl-C
    linux.expect(r"hako:~# ")
    linux.type("echo status=$?\n")
    linux.expect(r"\r\nstatus=130\r\n")

    linux.type("sh -c 'echo a''live; exec sleep 100000'\n")
    linux.expect(r"alive\r\n")
    linux.type("\x1a")  # Ctrl-Z
    linux.expect(r"Stopped")
    linux.type("kill %1; cd /proc\n")
    linux.expect(r"hako:/proc# ")

    linux.type("cat cpuinfo\n")
    linux.expect(r"ARM926EJ-S")
    linux.expect(r"hako:/proc# ")

    # Long output, and long input.
    assert linux.check("seq 1 5000").split() == [str(n) for n in range(1, 5001)]
    text = "".join(chr(ord("a") + n % 26) for n in range(1500))
    assert linux.check(f"echo {text} | md5sum; echo {text}").split("\n")[1] == text

    # What the kernel complains about natively is known; the VMM must not add to it.
    assert linux.check("dmesg | grep -ciE 'bug:|warning:|oops|backtrace' || true").strip() == "0"
    assert linux.check("cat /proc/1/comm").strip() == "init"
