//! Ports that no request goes to (Fetch Standard, "port blocking").

use crate::error::NetError;

/// Ports of services that could take a request for a message of their own, in ascending order.
#[rustfmt::skip]
const BAD: [u16; 82] = [
    1, 7, 9, 11, 13, 15, 17, 19, 20, 21, 22, 23, 25, 37, 42, 43, 53, 69, 77, 79, 87, 95, 101, 102, 103, 104, 109, 110, 111, 113, 115,
    117, 119, 123, 135, 137, 139, 143, 161, 179, 389, 427, 465, 512, 513, 514, 515, 526, 530, 531, 532, 540, 548, 554, 556, 563, 587,
    601, 636, 989, 990, 993, 995, 1719, 1720, 1723, 2049, 3659, 4045, 4190, 5060, 5061, 6000, 6566, 6665, 6666, 6667, 6668, 6669,
    6679, 6697, 10080,
];

/// Checks the port of an `http:`, `https:`, `ws:` or `wss:` URL.
///
/// # Errors
/// A [`Network`](crate::NetErrorKind::Network) error that names the port.
pub(crate) fn check_port(port: u16) -> Result<(), NetError> {
    match BAD.binary_search(&port) {
        Ok(_) => Err(NetError::network(format!("port {port} is blocked, as it belongs to another service than HTTP"))),
        Err(_) => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ports_of_other_services_are_blocked() {
        assert!(BAD.is_sorted());
        for (port, is_permitted) in [
            (1, false),
            (80, true),
            (143, false),
            (443, true),
            (4000, true),
            (6000, false),
            (8080, true),
            (10080, false),
        ] {
            assert_eq!(check_port(port).is_ok(), is_permitted, "{port}");
        }
    }
}
