# SPDX-License-Identifier: Apache-2.0
"""The cable of the scenarios is that of these tests, too."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "qemu"))
