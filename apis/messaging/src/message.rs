//! Messages on their way, and their delivery into a realm.

use crate::port::PortEnd;
use std::sync::{Mutex, PoisonError};

/// A serialised value with the ports that are transferred along. Any thread may hold it; a value of the receiving realm is
/// made when it is delivered.
pub struct Message {
    bytes: Vec<u8>,
    ports: Mutex<Vec<PortEnd>>,
    has_ports: bool,
}

impl Message {
    pub(crate) fn new(bytes: Vec<u8>, ports: Vec<PortEnd>) -> Message {
        let has_ports = !ports.is_empty();
        Message { bytes, ports: Mutex::new(ports), has_ports }
    }

    /// A message of bytes that came from elsewhere. They are checked when they are read.
    pub fn from_bytes(bytes: Vec<u8>) -> Message {
        Message::new(bytes, Vec::new())
    }

    /// The serialised value.
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// Whether ports came with it.
    pub fn has_ports(&self) -> bool {
        self.has_ports
    }

    /// The ports; whoever asks first gets them.
    pub(crate) fn take_ports(&self) -> Vec<PortEnd> {
        std::mem::take(&mut *self.ports.lock().unwrap_or_else(PoisonError::into_inner))
    }
}
