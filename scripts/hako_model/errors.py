# SPDX-License-Identifier: Apache-2.0
"""What can go wrong, in words for a person."""


class ModelError(Exception):
    pass
