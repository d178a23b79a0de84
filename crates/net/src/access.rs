//! Which hosts may be connected to.

use crate::error::NetError;
use std::collections::BTreeSet;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// Which hosts may be connected to.
///
/// ```
/// use quickbeam_net::Access;
///
/// let access = Access::hosts(["api.example.com".to_owned(), "localhost:4000".to_owned()]);
/// assert!(access.check_host("api.example.com", 443).is_ok());
/// assert!(access.check_host("localhost", 4000).is_ok());
/// assert!(access.check_host("localhost", 80).is_err());
/// // A permitted name must not lead into the machine's own network:
/// assert!(access.check_address("api.example.com", 443, "127.0.0.1".parse().unwrap()).is_err());
/// assert!(access.check_address("localhost", 4000, "127.0.0.1".parse().unwrap()).is_ok());
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Access {
    /// Every host.
    Everything,
    /// These hosts, each a name or an address, `host` for every port or `host:port`. Names in lower case.
    Hosts(BTreeSet<String>),
}

impl Access {
    /// Access to these hosts alone.
    pub fn hosts(hosts: impl IntoIterator<Item = String>) -> Access {
        Access::Hosts(hosts.into_iter().map(|host| host.to_ascii_lowercase()).collect())
    }

    fn lists(&self, host: &str, port: u16) -> bool {
        match self {
            Access::Everything => true,
            Access::Hosts(hosts) => {
                let host = bare(host).to_ascii_lowercase();
                let with_port = if host.contains(':') { format!("[{host}]:{port}") } else { format!("{host}:{port}") };
                hosts.contains(&host) || hosts.contains(&with_port) || hosts.contains(&format!("[{host}]"))
            }
        }
    }

    /// Checks the host that a URL names.
    ///
    /// # Errors
    /// A [`NotAllowed`](crate::NetErrorKind::NotAllowed) that names the host.
    pub fn check_host(&self, host: &str, port: u16) -> Result<(), NetError> {
        if self.lists(host, port) { Ok(()) } else { Err(NetError::not_allowed(host, port)) }
    }

    /// Checks an address that a permitted name stands for: a public one, or one that is listed itself. `localhost` may be
    /// a loopback address.
    ///
    /// # Errors
    /// A [`NotAllowed`](crate::NetErrorKind::NotAllowed) that names the address.
    pub fn check_address(&self, host: &str, port: u16, address: IpAddr) -> Result<(), NetError> {
        let is_local_name = bare(host).eq_ignore_ascii_case("localhost") && address.is_loopback();
        if *self == Access::Everything || is_local_name || is_public(address) {
            return Ok(());
        }
        let address = address.to_string();
        if self.lists(&address, port) { Ok(()) } else { Err(NetError::not_allowed(&address, port)) }
    }
}

/// A host without the brackets of an IPv6 address.
pub(crate) fn bare(host: &str) -> &str {
    host.strip_prefix('[').and_then(|host| host.strip_suffix(']')).unwrap_or(host)
}

/// Whether an address is neither this machine's nor its network's own.
fn is_public(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(v4) => {
            let [a, b, c, _] = v4.octets();
            let is_shared = a == 100 && (64..128).contains(&b);
            let is_special = a >= 240 || (a, b, c) == (192, 0, 0) || (a == 198 && (18..20).contains(&b));
            !(v4.is_loopback()
                || v4.is_private()
                || v4.is_link_local()
                || v4.is_broadcast()
                || v4.is_multicast()
                || a == 0
                || is_shared
                || is_special)
        }
        IpAddr::V6(v6) => match embedded(v6) {
            Some(v4) => is_public(IpAddr::V4(v4)),
            None => {
                let first = v6.segments()[0];
                let is_unique_local = first & 0xfe00 == 0xfc00;
                // Link-local, and site-local of old.
                let is_local = first & 0xff80 == 0xfe80;
                !(v6.is_multicast() || is_unique_local || is_local)
            }
        },
    }
}

/// The IPv4 address that an IPv6 address stands for: mapped, compatible (`::` and `::1` included), behind NAT64 or 6to4.
fn embedded(v6: Ipv6Addr) -> Option<Ipv4Addr> {
    let of = |high: u16, low: u16| Ipv4Addr::from(u32::from(high) << 16 | u32::from(low));
    match v6.segments() {
        [0, 0, 0, 0, 0, 0 | 0xffff, high, low] | [0x64, 0xff9b, 0, 0, 0, 0, high, low] => Some(of(high, low)),
        [0x2002, high, low, ..] => Some(of(high, low)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_of_the_own_network_need_to_be_listed() {
        let access = Access::hosts(["example.com".to_owned(), "10.0.0.7".to_owned(), "[::1]:80".to_owned()]);
        let cases = [
            ("93.184.216.34", true),
            ("10.0.0.7", true),
            ("10.0.0.8", false),
            ("127.0.0.1", false),
            ("169.254.169.254", false),
            ("0.0.0.0", false),
            ("::1", true),
            ("::ffff:127.0.0.1", false),
            ("::127.0.0.1", false),
            ("::", false),
            ("64:ff9b::10.0.0.8", false),
            ("64:ff9b::93.184.216.34", true),
            ("2002:7f00:1::1", false),
            ("2002:c0a8:101::1", false),
            ("fec0::1", false),
            ("240.0.0.1", false),
            ("192.0.0.8", false),
            ("198.18.0.1", false),
            ("255.255.255.255", false),
            ("fd00::1", false),
            ("fe80::1", false),
            ("2606:2800:220:1::1", true),
        ];
        for (address, permitted) in cases {
            let checked = access.check_address("example.com", 80, address.parse().unwrap());
            assert_eq!(checked.is_ok(), permitted, "{address}");
        }
    }
}
