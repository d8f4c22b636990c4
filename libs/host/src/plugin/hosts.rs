//! The hosts of `network`, and the addresses that no name may lead to.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// Declared hosts.
#[derive(Debug, Clone, Default)]
pub struct Hosts(Vec<Host>);

#[derive(Debug, Clone, PartialEq, Eq)]
struct Host {
    /// Lower case; without the `*.`.
    name: String,
    /// `*.name`: a name below it, not itself.
    below: bool,
    /// The port; none: the scheme's.
    port: Option<u16>,
    /// Plain HTTP instead of HTTPS.
    plain: bool,
}

/// What a request is to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Target<'a> {
    /// `http:` and not `https:`.
    pub plain: bool,
    /// As in the URL, without the brackets of an IPv6 address.
    pub host: &'a str,
    /// The port.
    pub port: u16,
}

impl Hosts {
    /// Reads a list; the error is the entry at fault.
    pub fn parse(written: &[String]) -> Result<Self, String> {
        written
            .iter()
            .map(|entry| parse_host(entry).ok_or_else(|| entry.clone()))
            .collect::<Result<_, _>>()
            .map(Self)
    }

    /// How a target is declared, if it is.
    pub fn permits(&self, target: Target) -> Option<Permission> {
        let name = target.host.to_ascii_lowercase();
        let name = name.strip_suffix('.').unwrap_or(&name);
        self.0
            .iter()
            .filter(|host| {
                let named = if host.below {
                    name.strip_suffix(host.name.as_str())
                        .is_some_and(|rest| rest.len() > 1 && rest.ends_with('.'))
                } else {
                    name == host.name
                };
                named
                    && host.plain == target.plain
                    && target.port == host.port.unwrap_or(if host.plain { 80 } else { 443 })
            })
            .map(|host| Permission {
                private: !host.below && names_private(&host.name),
            })
            .max_by_key(|permission| permission.private)
    }
}

/// What a declaration allows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Permission {
    /// The manifest names a private host (`localhost`, `10.0.0.7`): then its addresses may be private.
    pub private: bool,
}

fn parse_host(entry: &str) -> Option<Host> {
    let (plain, rest) = match entry.strip_prefix("http://") {
        Some(rest) => (true, rest),
        None => (false, entry.strip_prefix("https://").unwrap_or(entry)),
    };
    let (name, port) = if let Some(rest) = rest.strip_prefix('[') {
        let (address, rest) = rest.split_once(']')?;
        address.parse::<Ipv6Addr>().ok()?;
        let port = match rest.strip_prefix(':') {
            Some(port) => Some(port.parse().ok()?),
            None if rest.is_empty() => None,
            None => return None,
        };
        (address, port)
    } else {
        match rest.split_once(':') {
            Some((name, port)) => (name, Some(port.parse().ok()?)),
            None => (rest, None),
        }
    };
    let (name, below) = match name.strip_prefix("*.") {
        Some(name) => (name, true),
        None => (name, false),
    };
    let name = name.to_ascii_lowercase();
    let is_name = name.split('.').all(|label| {
        !label.is_empty()
            && label.len() <= 63
            && label
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'))
    });
    let is_address = name.parse::<IpAddr>().is_ok();
    // `*.com` would be half of the world.
    let is_wide = below && (!name.contains('.') || is_address);
    ((is_name || is_address) && !is_wide).then_some(Host {
        name,
        below,
        port,
        plain,
    })
}

fn names_private(name: &str) -> bool {
    name == "localhost" || name.ends_with(".localhost") || name.parse().is_ok_and(is_private)
}

/// Whether an address is not one of the public internet: loopback, private, link-local (the metadata services of clouds
/// are there), shared, multicast, unspecified, reserved, and the IPv6 forms that carry an IPv4 address of that kind.
pub fn is_private(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => is_private_v4(address),
        IpAddr::V6(address) => {
            let segments = address.segments();
            let embedded = match segments {
                // Mapped, compatible, NAT64.
                [0, 0, 0, 0, 0, 0xffff | 0, ..] | [0x64, 0xff9b, 0, 0, 0, 0, ..] => {
                    Some((segments[6], segments[7]))
                }
                // 6to4.
                [0x2002, high, low, ..] => Some((high, low)),
                _ => None,
            };
            let carries = embedded.is_some_and(|(high, low)| {
                is_private_v4(Ipv4Addr::from((u32::from(high) << 16) | u32::from(low)))
            });
            // Only 2000::/3 is the public internet; Teredo and documentation are not.
            let public = segments[0] & 0xe000 == 0x2000
                || matches!(segments, [0x64, 0xff9b, ..])
                || embedded.is_some();
            carries || !public || matches!(segments, [0x2001, 0 | 0xdb8, ..])
        }
    }
}

fn is_private_v4(address: Ipv4Addr) -> bool {
    let [first, second, third, _] = address.octets();
    address.is_loopback()
        || address.is_private()
        || address.is_link_local()
        || address.is_multicast()
        || first == 0
        || first >= 240
        || (first == 100 && (64..128).contains(&second))
        || (first == 198 && (second == 18 || second == 19))
        || (first == 192 && second == 0 && (third == 0 || third == 2))
        || (first == 198 && second == 51 && third == 100)
        || (first == 203 && second == 0 && third == 113)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn permits(entry: &str, plain: bool, host: &str, port: u16) -> Option<bool> {
        Hosts::parse(&[entry.to_owned()])
            .expect("a host")
            .permits(Target { plain, host, port })
            .map(|permission| permission.private)
    }

    #[test]
    fn a_host_is_met_by_name_port_and_scheme() {
        for (entry, plain, host, port, expected) in [
            ("api.example.org", false, "api.example.org", 443, Some(false)),
            ("api.example.org", false, "API.Example.org.", 443, Some(false)),
            ("api.example.org", false, "api.example.org", 8443, None),
            ("api.example.org", true, "api.example.org", 80, None),
            ("api.example.org", false, "api.example.org.evil.test", 443, None),
            ("*.example.org", false, "a.b.example.org", 443, Some(false)),
            ("*.example.org", false, "example.org", 443, None),
            ("*.example.org", false, "evilexample.org", 443, None),
            ("http://localhost:8080", true, "localhost", 8080, Some(true)),
            ("http://localhost:8080", true, "127.0.0.1", 8080, None),
            ("https://10.0.0.7:9", false, "10.0.0.7", 9, Some(true)),
            ("http://[::1]:80", true, "::1", 80, Some(true)),
        ] {
            assert_eq!(
                permits(entry, plain, host, port),
                expected,
                "{entry} {host}:{port}"
            );
        }
    }

    #[test]
    fn what_is_no_host_is_refused() {
        for entry in [
            "",
            "*",
            "*.com",
            "a b",
            "https://",
            "a/b",
            "a:x",
            "a..b",
            "[::1",
            "*.10.0.0.1",
            "user@host",
        ] {
            assert!(Hosts::parse(&[entry.to_owned()]).is_err(), "{entry}");
        }
    }

    #[test]
    fn addresses_that_are_not_of_the_public_internet_are_private() {
        for address in [
            "127.0.0.1",
            "10.1.2.3",
            "172.16.0.1",
            "192.168.1.1",
            "169.254.169.254",
            "100.64.0.1",
            "0.0.0.0",
            "224.0.0.1",
            "255.255.255.255",
            "198.18.0.1",
            "::1",
            "::",
            "fe80::1",
            "fc00::1",
            "fd00::1",
            "ff02::1",
            "::ffff:127.0.0.1",
            "64:ff9b::7f00:1",
            "2002:7f00:1::",
            "::7f00:1",
            "2001:db8::1",
            "fec0::1",
        ] {
            assert!(is_private(address.parse().expect("an address")), "{address}");
        }
        for address in [
            "1.1.1.1",
            "93.184.216.34",
            "2606:4700::1111",
            "64:ff9b::101:101",
            "172.32.0.1",
            "100.128.0.1",
        ] {
            assert!(!is_private(address.parse().expect("an address")), "{address}");
        }
    }
}
