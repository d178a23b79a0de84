//! Messages on their way, and their delivery into a realm.

use crate::port::PortEnd;
use quickbeam_api_webidl::Parcel;
use std::sync::{Arc, Mutex, PoisonError};

/// A serialised value with the ports that are transferred along. Any thread may hold it; a value of the receiving realm is
/// made when it is delivered.
#[derive(Default)]
pub struct Message {
    bytes: Vec<u8>,
    parcels: Vec<Arc<dyn Parcel>>,
    ports: Mutex<Vec<PortEnd>>,
    has_ports: bool,
    /// How many of the ports are for the receiver's script; the others belong to streams.
    shown: usize,
}

impl Message {
    pub(crate) fn new(bytes: Vec<u8>, parcels: Vec<Arc<dyn Parcel>>, ports: Vec<PortEnd>, shown: usize) -> Message {
        let has_ports = !ports.is_empty();
        Message { bytes, parcels, ports: Mutex::new(ports), has_ports, shown }
    }

    /// A message of bytes that came from elsewhere. They are checked when they are read.
    pub fn from_bytes(bytes: Vec<u8>) -> Message {
        Message { bytes, ..Message::default() }
    }

    /// The serialised value. Platform objects are not in it: whoever has the bytes alone cannot read such a message.
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// Bytes that it holds, with its platform objects.
    pub fn size(&self) -> usize {
        self.bytes.len() + self.parcels.iter().map(|parcel| parcel.size()).sum::<usize>()
    }

    pub(crate) fn parcels(&self) -> &[Arc<dyn Parcel>] {
        &self.parcels
    }

    /// Whether ports came with it.
    pub fn has_ports(&self) -> bool {
        self.has_ports
    }

    /// Looks at the ports that came with it and have not been taken.
    pub(crate) fn with_ports<R>(&self, f: impl FnOnce(&[PortEnd]) -> R) -> R {
        f(&self.ports.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// The ports, and those of streams; whoever asks first gets them.
    pub(crate) fn take_ports(&self) -> (Vec<PortEnd>, Vec<PortEnd>) {
        let mut ports = std::mem::take(&mut *self.ports.lock().unwrap_or_else(PoisonError::into_inner));
        let of_streams = ports.split_off(self.shown.min(ports.len()));
        (ports, of_streams)
    }
}
