# SPDX-License-Identifier: Apache-2.0
"""A serial line: a real one, or QEMU's pty, which is the same."""

import errno
import fcntl
import os
import select
import termios
import time
import tty

from .errors import FlashError

SPEEDS = {baud: getattr(termios, f"B{baud}") for baud in
          (9600, 19200, 38400, 57600, 115200, 230400, 460800, 921600)}


class Line:
    """Bytes to and from a board. `log`: a file that gets all that the board says."""

    def __init__(self, path, baud=115200, log=None):
        self.path, self.log = path, log
        try:
            self.fd = os.open(path, os.O_RDWR | os.O_NOCTTY | os.O_NONBLOCK)
        except OSError as error:
            raise FlashError(f"{path}: {error.strerror}") from error
        try:
            fcntl.flock(self.fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
            tty.setraw(self.fd)
            mode = termios.tcgetattr(self.fd)
            mode[2] = (mode[2] | termios.CLOCAL | termios.CREAD) & ~termios.CRTSCTS
            mode[4] = mode[5] = SPEEDS[baud]
            termios.tcsetattr(self.fd, termios.TCSANOW, mode)
        except OSError as error:
            os.close(self.fd)
            busy = error.errno in (errno.EAGAIN, errno.EACCES)
            raise FlashError(f"{path}: " + ("another program has it" if busy else
                                            "not a serial line")) from error
        except termios.error as error:
            os.close(self.fd)
            raise FlashError(f"{path}: not a serial line") from error

    def close(self):
        os.close(self.fd)

    def _gone(self, error):
        raise FlashError(f"{self.path}: the line is gone: {error.strerror}") from error

    def read(self, seconds):
        """What has come, b"" if nothing does in so many seconds."""
        if not select.select([self.fd], [], [], max(0, seconds))[0]:
            return b""
        try:
            data = os.read(self.fd, 65536)
        except BlockingIOError:
            return b""
        except OSError as error:
            self._gone(error)
        if not data:
            raise FlashError(f"{self.path}: the line is gone")
        if self.log:
            self.log.write(data)
            self.log.flush()
        return data

    def write(self, data):
        while data:
            try:
                data = data[os.write(self.fd, data):]
            except BlockingIOError:
                select.select([], [self.fd], [], 1)
            except OSError as error:
                self._gone(error)

    def drop(self, quiet=0.0):
        """Forget what has come, until nothing does for a moment."""
        while self.read(quiet):
            pass

    def lend(self, command, seconds):
        """Let a program have the line; returns its exit status, None if it took too long."""
        import subprocess  # only where a program is needed
        flags = fcntl.fcntl(self.fd, fcntl.F_GETFL)
        fcntl.fcntl(self.fd, fcntl.F_SETFL, flags & ~os.O_NONBLOCK)
        mode = termios.tcgetattr(self.fd)
        try:
            return subprocess.run(command, stdin=self.fd, stdout=self.fd,
                                  stderr=subprocess.DEVNULL, check=False,
                                  timeout=seconds).returncode
        except subprocess.TimeoutExpired:
            return None
        finally:
            termios.tcsetattr(self.fd, termios.TCSANOW, mode)
            fcntl.fcntl(self.fd, fcntl.F_SETFL, flags)


def now():
    return time.monotonic()
