# SPDX-License-Identifier: Apache-2.0
"""The VMM's own station in the description; vmm/config/config_station.c checks the same on the board."""

from typing import Any, Dict, Optional

from .spec import Spec

STATION = {"mac": Spec("bytes", True, count=6), "snap": Spec("flag"),
           "address": Spec("cells", True, count=4, most=255),
           "netmask": Spec("cells", True, count=4, most=255)}


def check(values: Dict[str, Any]) -> Optional[str]:
    """What is wrong with a station whose properties are of their form, or None."""
    mac = values["mac"]
    if mac[0] & 1 or not any(mac):
        return "mac: not the address of one device"
    netmask = int.from_bytes(bytes(values["netmask"]), "big")
    host_bits = netmask ^ 0xFFFFFFFF
    if not netmask or host_bits & (host_bits + 1) or host_bits < 3:
        return "netmask: not a netmask"
    address = int.from_bytes(bytes(values["address"]), "big")
    if address & host_bits in (0, host_bits) or address >> 24 in (0, 127) or address >= 0xE0000000:
        return "address: not the address of one host"
    return None
