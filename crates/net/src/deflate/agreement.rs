//! What a server takes up of the offer.

/// The parameters of the extension, as the server confirms them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Agreement {
    /// Each message that comes starts anew.
    pub(super) server_no_context_takeover: bool,
    /// Each message that goes starts anew.
    pub(super) client_no_context_takeover: bool,
    /// How far back what goes may refer, as a power of two.
    pub(super) client_max_window_bits: u8,
}

impl Agreement {
    /// The agreement in the head of an answer; `None` if the server takes no extension up, or does not shake hands.
    ///
    /// # Errors
    /// An extension that was not offered, or parameters that make no sense: such a connection must fail.
    pub(super) fn read(head: &[u8]) -> Result<Option<Agreement>, String> {
        let head = String::from_utf8_lossy(head);
        let mut lines = head.split("\r\n");
        if lines.next().and_then(|line| line.split(' ').nth(1)) != Some("101") {
            return Ok(None);
        }
        let named = lines.filter_map(|line| line.split_once(':'));
        let named = named.filter(|(name, _)| name.trim().eq_ignore_ascii_case("sec-websocket-extensions"));
        let values: Vec<&str> = named.map(|(_, value)| value.trim()).filter(|value| !value.is_empty()).collect();
        if values.is_empty() {
            return Ok(None);
        }
        let value = values.join(", ");
        Self::parse(&value)
            .map(Some)
            .ok_or_else(|| format!("the server's extensions {value:?} were not offered like that"))
    }

    fn parse(value: &str) -> Option<Agreement> {
        if value.contains(',') {
            return None;
        }
        let mut parts = value.split(';').map(str::trim);
        if parts.next()? != "permessage-deflate" {
            return None;
        }
        let (mut server_once, mut client_once, mut server_bits, mut client_bits) = (false, false, None, None);
        for part in parts {
            let (name, value) = match part.split_once('=') {
                Some((name, value)) => (name.trim(), Some(value.trim().trim_matches('"'))),
                None => (part, None),
            };
            let bits = || value?.parse::<u8>().ok().filter(|bits| (8..=15).contains(bits));
            match name {
                "server_no_context_takeover" if value.is_none() && !server_once => server_once = true,
                "client_no_context_takeover" if value.is_none() && !client_once => client_once = true,
                "server_max_window_bits" if server_bits.is_none() => server_bits = Some(bits()?),
                "client_max_window_bits" if client_bits.is_none() => client_bits = Some(bits()?),
                _ => return None,
            }
        }
        Some(Agreement {
            server_no_context_takeover: server_once,
            client_no_context_takeover: client_once,
            client_max_window_bits: client_bits.unwrap_or(15),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers_of_servers() {
        let agreed = |server, client, bits| {
            Some(Agreement {
                server_no_context_takeover: server,
                client_no_context_takeover: client,
                client_max_window_bits: bits,
            })
        };
        for (value, expected) in [
            ("permessage-deflate", agreed(false, false, 15)),
            ("permessage-deflate; server_no_context_takeover;client_no_context_takeover", agreed(true, true, 15)),
            ("permessage-deflate; client_max_window_bits=9; server_max_window_bits=\"10\"", agreed(false, false, 9)),
            ("permessage-deflate; client_max_window_bits", None),
            ("permessage-deflate; client_max_window_bits=16", None),
            ("permessage-deflate; server_max_window_bits=7", None),
            ("permessage-deflate; server_no_context_takeover=1", None),
            ("permessage-deflate; server_no_context_takeover; server_no_context_takeover", None),
            ("permessage-deflate; unheard_of", None),
            ("permessage-deflate, permessage-deflate", None),
            ("x-webkit-deflate-frame", None),
        ] {
            let head = format!("HTTP/1.1 101 Switching\r\nSEC-websocket-extensions: {value}\r\n\r\n");
            assert_eq!(Agreement::read(head.as_bytes()).ok().flatten(), expected, "{value}");
        }
        assert_eq!(Agreement::read(b"HTTP/1.1 101 S\r\nUpgrade: websocket\r\n\r\n"), Ok(None));
        assert_eq!(Agreement::read(b"HTTP/1.1 200 OK\r\nSec-WebSocket-Extensions: x\r\n\r\n"), Ok(None));
    }
}
