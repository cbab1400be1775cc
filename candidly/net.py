"""Which addresses may be reached on behalf of a URL that a person or a page gave us. Pure.

`ipaddress.is_global` alone is not enough: it calls addresses global that embed a private IPv4 address
(NAT64, 6to4, Teredo) and multicast. The list is the IANA special-purpose registries, read in full.
"""

from __future__ import annotations

from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network

_V4 = tuple(
    ip_network(block)
    for block in (
        "0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12",
        "192.0.0.0/24", "192.0.2.0/24", "192.88.99.0/24", "192.168.0.0/16", "198.18.0.0/15",
        "198.51.100.0/24", "203.0.113.0/24", "224.0.0.0/4", "240.0.0.0/4",
    )
)  # fmt: skip
_V6 = tuple(
    ip_network(block)
    for block in (
        "::/96", "::ffff:0:0/96", "64:ff9b::/96", "64:ff9b:1::/48", "100::/64", "100:0:0:1::/64", "2001::/23",
        "2001:db8::/32", "2002::/16", "3fff::/20", "5f00::/16", "fc00::/7", "fe80::/10", "fec0::/10",
        "ff00::/8",
    )
)  # fmt: skip


def is_public(address: str) -> bool:
    """Whether an IP address (text without brackets; a zone such as `%eth0` is ignored) is on the internet.

    An IPv4 address mapped into IPv6 is judged as the IPv4 address; every other address that embeds one is
    not public. False for text that is no address.
    """
    try:
        parsed = ip_address(address.partition("%")[0])
    except ValueError:
        return False
    if isinstance(parsed, IPv6Address) and parsed.ipv4_mapped is not None:
        parsed = parsed.ipv4_mapped
    blocks = _V4 if isinstance(parsed, IPv4Address) else _V6
    return parsed.is_global and not any(parsed in block for block in blocks)


_OWN = tuple(
    ip_network(block)
    for block in ("127.0.0.0/8", "10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "::1/128", "fc00::/7")
)


def reachable(address: str, *, allow_private: bool) -> bool:
    """Whether a socket may be connected to this IP address.

    `allow_private` adds this machine and private networks, never link-local, where clouds keep credentials.
    """
    if is_public(address):
        return True
    try:
        parsed = ip_address(address)
    except ValueError:
        return False
    return allow_private and any(parsed in block for block in _OWN if block.version == parsed.version)
