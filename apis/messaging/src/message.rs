//! Messages on their way, and their delivery into a realm.

use crate::format::{Malformed, Reader, Writer};
use crate::port::PortEnd;
use quickbeam_api_webidl::{Parcel, read_parcel};
use std::borrow::Cow;
use std::sync::{Arc, Mutex, PoisonError};

/// Begins a message for other processes that has platform objects; no value begins so.
const WITH_PARCELS: u8 = 255;

/// Bytes of platform objects beyond which a message goes to other processes without them.
const MOST_WRITTEN: usize = 64 << 20;

/// A serialised value with the ports that are transferred along. Any thread may hold it; a value of the receiving realm is
/// made when it is delivered.
#[derive(Default)]
pub struct Message {
    bytes: Vec<u8>,
    parcels: Vec<Arc<dyn Parcel>>,
    ports: Mutex<Vec<PortEnd>>,
    has_ports: bool,
    /// How many of the ports are for the receiver's script; the others belong to other objects.
    shown: usize,
}

impl Message {
    pub(crate) fn new(bytes: Vec<u8>, parcels: Vec<Arc<dyn Parcel>>, ports: Vec<PortEnd>, shown: usize) -> Message {
        let has_ports = !ports.is_empty();
        Message { bytes, parcels, ports: Mutex::new(ports), has_ports, shown }
    }

    /// A message of [bytes](Message::written) that came from elsewhere. They are checked when they are read.
    pub fn from_bytes(bytes: Vec<u8>) -> Message {
        match Message::read(&bytes) {
            Ok(Some(message)) => message,
            // What is wrong with it shows when a value is to be made of it.
            Ok(None) | Err(Malformed) => Message { bytes, ..Message::default() },
        }
    }

    fn read(written: &[u8]) -> Result<Option<Message>, Malformed> {
        let Some((&WITH_PARCELS, rest)) = written.split_first() else { return Ok(None) };
        let mut reader = Reader::new(rest);
        let mut parcels = Vec::new();
        for _ in 0..reader.length()? {
            let (name, bytes) = (reader.utf8()?, reader.bytes()?);
            parcels.push(read_parcel(name, bytes).ok_or(Malformed)?);
        }
        Ok(Some(Message { bytes: reader.bytes()?.to_vec(), parcels, ..Message::default() }))
    }

    /// The message for other processes. Where one of its platform objects cannot leave this one (a `CryptoKey`), or they are larger
    /// than 64 MB, none of them is in it, and nobody can read it.
    pub fn written(&self) -> Cow<'_, [u8]> {
        let size: usize = self.parcels.iter().map(|parcel| parcel.size()).sum();
        if self.parcels.is_empty() || size > MOST_WRITTEN {
            return Cow::Borrowed(&self.bytes);
        }
        let Some(parcels) = self.parcels.iter().map(|parcel| parcel.written()).collect::<Option<Vec<_>>>() else {
            return Cow::Borrowed(&self.bytes);
        };
        let mut writer = Writer(vec![WITH_PARCELS]);
        writer.length(parcels.len());
        for (name, bytes) in &parcels {
            writer.text(name);
            writer.bytes(bytes);
        }
        writer.bytes(&self.bytes);
        Cow::Owned(writer.0)
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

    /// The ports, and those of other objects; whoever asks first gets them.
    pub(crate) fn take_ports(&self) -> (Vec<PortEnd>, Vec<PortEnd>) {
        let mut ports = std::mem::take(&mut *self.ports.lock().unwrap_or_else(PoisonError::into_inner));
        let of_others = ports.split_off(self.shown.min(ports.len()));
        (ports, of_others)
    }
}
