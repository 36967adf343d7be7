# SPDX-License-Identifier: Apache-2.0
"""What ends scripts/flash, and what makes it begin again."""


class FlashError(Exception):
    """What cannot be done; the message is one line for a person."""


class BoardReset(Exception):
    """The board was restarted in the middle of something."""


class Garbled(Exception):
    """The line has lost something; what was asked can be asked again."""
