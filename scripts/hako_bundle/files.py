# SPDX-License-Identifier: Apache-2.0
"""Reading and writing files, with messages that name them."""

import os
import tempfile

from .errors import BundleError

MIB = 1 << 20
FILE_SIZE_MAX = 256 * MIB  # a vmlinux with debug information; what is loaded of it is checked


def read_file(path: str, what: str) -> bytes:
    try:
        with open(path, "rb") as file:
            data = file.read(FILE_SIZE_MAX + 1)
    except OSError as error:
        raise BundleError(f"{what} {path}: {error.strerror}") from None
    if len(data) > FILE_SIZE_MAX:
        raise BundleError(f"{what} {path}: larger than {FILE_SIZE_MAX // MIB} MiB")
    if not data:
        raise BundleError(f"{what} {path}: the file is empty")
    return data


def write_file(path: str, data: bytes) -> None:
    """All or nothing: a reader never sees a file that is half written."""
    directory = os.path.dirname(path) or "."
    temporary = None
    try:
        handle, temporary = tempfile.mkstemp(dir=directory, prefix=".bundle-")
        with os.fdopen(handle, "wb") as file:
            file.write(data)
        mask = os.umask(0)
        os.umask(mask)
        os.chmod(temporary, 0o666 & ~mask)
        os.replace(temporary, path)
    except OSError as error:
        if temporary and os.path.exists(temporary):
            os.unlink(temporary)
        raise BundleError(f"cannot write {path}: {error.strerror}") from None


def about(path: str, what: str, error: BundleError) -> BundleError:
    """The same error, with the file it is about."""
    return BundleError(f"{what} {path}: {error}")
