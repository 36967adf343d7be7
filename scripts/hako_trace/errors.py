# SPDX-License-Identifier: Apache-2.0
"""What a person can do something about."""


class TraceError(Exception):
    pass
