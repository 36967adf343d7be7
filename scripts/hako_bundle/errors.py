# SPDX-License-Identifier: Apache-2.0
"""The one exception of this package."""


class BundleError(Exception):
    """An input that is refused. The text is one line: which, why, and what to do about it."""
