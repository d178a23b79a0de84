//! Which hosts may be connected to.

use crate::error::NetError;
use std::collections::BTreeSet;
use std::net::IpAddr;

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
            let [a, b, ..] = v4.octets();
            let is_shared = a == 100 && (64..128).contains(&b);
            !(v4.is_loopback()
                || v4.is_private()
                || v4.is_link_local()
                || v4.is_broadcast()
                || v4.is_multicast()
                || a == 0
                || is_shared)
        }
        IpAddr::V6(v6) => match v6.to_ipv4_mapped() {
            Some(v4) => is_public(IpAddr::V4(v4)),
            None => {
                let first = v6.segments()[0];
                let is_unique_local = first & 0xfe00 == 0xfc00;
                let is_link_local = first & 0xffc0 == 0xfe80;
                !(v6.is_loopback() || v6.is_unspecified() || v6.is_multicast() || is_unique_local || is_link_local)
            }
        },
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
