# SPDX-License-Identifier: Apache-2.0
"""What can go wrong."""


class StackError(Exception):
    """An image from which no bound follows."""
