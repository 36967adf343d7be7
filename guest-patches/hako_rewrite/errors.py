# SPDX-License-Identifier: Apache-2.0
"""The one exception of this package."""


class RewriteError(Exception):
    """An input that is refused. The text is one line: where, why, and what to do about it."""
