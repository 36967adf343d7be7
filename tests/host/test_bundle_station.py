# SPDX-License-Identifier: Apache-2.0
"""The VMM's own station in a description: what scripts/bundle makes of it. The board checks the same
(tests/host/test_config_station.c)."""

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "scripts"))

from hako_bundle import image, station  # noqa: E402 (needs the path above)

GOOD = {"mac": bytes.fromhex("02484b0000fe"), "address": (10, 0, 2, 9), "netmask": (255, 255, 255, 0)}


def test_a_good_one():
    assert station.check(GOOD) is None
    assert station.check({**GOOD, "netmask": (255, 255, 255, 252)}) is None


@pytest.mark.parametrize("change, reason", [
    ({"mac": bytes.fromhex("03484b0000fe")}, "mac"),
    ({"mac": bytes(6)}, "mac"),
    ({"address": (10, 0, 2, 0)}, "address"),
    ({"address": (10, 0, 2, 255)}, "address"),
    ({"address": (0, 0, 2, 9)}, "address"),
    ({"address": (127, 0, 0, 1)}, "address"),
    ({"address": (224, 0, 0, 1)}, "address"),
    ({"netmask": (0, 0, 0, 0)}, "netmask"),
    ({"netmask": (255, 0, 255, 0)}, "netmask"),
    ({"netmask": (255, 255, 255, 254)}, "netmask"),
    ({"netmask": (255, 255, 255, 255)}, "netmask"),
])
def test_what_is_wrong_is_named(change, reason):
    assert station.check({**GOOD, **change}).startswith(reason + ": ")


@pytest.mark.parametrize("features, has", [(0, False), (image.HAS_NETWORK, True), (2, False)])
def test_the_image_says_whether_it_has_a_network_stack(features, has):
    data = bytearray(image.IMAGE_HEADER_SIZE)
    data[image.AT_FEATURES] = features
    assert image.has_network(bytes(data)) is has
