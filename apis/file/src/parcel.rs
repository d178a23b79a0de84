//! Blobs and files on their way to another realm, which gets a copy of their bytes; also to those of other processes.

use crate::classes;
use quickbeam_api_webidl::{Parcel, packed, read_parcels};
use quickbeam_engine::{Args, Ctx, Result, Value};
use std::sync::{Arc, Once};

/// The name by which they are written.
const NAME: &str = "blob";

struct Blob {
    bytes: Box<[u8]>,
    kind: String,
    /// A file's name, and when it was modified.
    file: Option<(String, f64)>,
}

impl Parcel for Blob {
    fn size(&self) -> usize {
        const FIELDS: usize = 256;
        self.bytes.len() + self.kind.len() + self.file.as_ref().map_or(0, |(name, _)| name.len()) + FIELDS
    }

    fn open<'a>(&self, ctx: Ctx<'a>) -> Result<Value<'a>> {
        let mut args = vec![ctx.uint8_array(&self.bytes)?, ctx.string(&self.kind)?];
        let make = match &self.file {
            None => "makeBlob",
            Some((name, modified)) => {
                args.extend([ctx.string(name)?, ctx.number(*modified)]);
                "makeFile"
            }
        };
        ctx.call(&classes(ctx)?.get(make)?, &ctx.undefined(), &args)
    }

    /// The time of a file, the lengths of the texts, the texts, and the bytes. What is no file has no name.
    fn written(&self) -> Option<(&'static str, Vec<u8>)> {
        let (name, modified) = self.file.as_ref().map_or((None, 0.0), |(name, modified)| (Some(name), *modified));
        let length = |text: &str| u32::try_from(text.len()).ok().filter(|length| *length < NO_NAME);
        let mut written = Vec::with_capacity(HEADER + self.size());
        written.extend(modified.to_le_bytes());
        written.extend(length(&self.kind)?.to_le_bytes());
        written.extend(name.map_or(Some(NO_NAME), |name| length(name))?.to_le_bytes());
        written.extend(self.kind.as_bytes());
        written.extend(name.map_or(&[][..], |name| name.as_bytes()));
        written.extend(&self.bytes);
        Some((NAME, written))
    }
}

/// Stands for the length of the name of what is no file.
const NO_NAME: u32 = u32::MAX;

/// Bytes before the texts.
const HEADER: usize = 16;

/// Reads blobs that other processes have written.
pub(crate) fn register() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| read_parcels(NAME, |bytes| read(bytes).map(|blob| Arc::new(blob) as Arc<dyn Parcel>)));
}

fn read(bytes: &[u8]) -> Option<Blob> {
    let (header, rest) = bytes.split_first_chunk::<HEADER>()?;
    let (modified, lengths) = header.split_first_chunk()?;
    let (kind, name) = lengths.split_first_chunk()?;
    let (kind, name) = (u32::from_le_bytes(*kind), u32::from_le_bytes(name.try_into().ok()?));
    let text = |bytes: &[u8]| std::str::from_utf8(bytes).ok().map(str::to_owned);
    let (kind, rest) = rest.split_at_checked(kind as usize)?;
    let (name, rest) = if name == NO_NAME {
        (None, rest)
    } else {
        rest.split_at_checked(name as usize).map(|(name, rest)| (Some(name), rest))?
    };
    let file = match name {
        Some(name) => Some((text(name)?, f64::from_le_bytes(*modified))),
        None => None,
    };
    Some(Blob { bytes: rest.into(), kind: text(kind)?, file })
}

/// `pack(bytes, type, name, lastModified)`; the last two for a file.
pub(crate) fn pack<'a>(ctx: Ctx<'a>, _this: &Value<'a>, args: Args<'a>) -> Result<Value<'a>> {
    packed(ctx, parcel(ctx, &args.rest(0))?)
}

/// A blob of `bytes, type, name, lastModified`; the last two for a file.
pub(crate) fn parcel<'a>(ctx: Ctx<'a>, args: &[Value<'a>]) -> Result<Arc<dyn Parcel>> {
    let bytes = args.first().and_then(|bytes| bytes.with_bytes(|bytes| Box::<[u8]>::from(&*bytes)));
    let (Some(bytes), Some(kind)) = (bytes, args.get(1)) else {
        return Err(ctx.throw_type("the arguments are not a Uint8Array and a type"));
    };
    let file = match (args.get(2), args.get(3)) {
        (Some(name), Some(modified)) => Some((name.to_text()?, modified.to_f64()?)),
        _ => None,
    };
    Ok(Arc::new(Blob { bytes, kind: kind.to_text()?, file }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_written_is_read_and_nothing_else() {
        for file in [None, Some(("é.txt".to_owned(), 5.0)), Some((String::new(), f64::NAN))] {
            let blob = Blob { bytes: [1, 2, 3].into(), kind: "text/plain".into(), file };
            let (_, written) = blob.written().expect("bytes");
            let read_back = read(&written).expect("a blob");
            assert_eq!((&read_back.bytes, &read_back.kind), (&blob.bytes, &blob.kind));
            assert_eq!(read_back.file.as_ref().map(|(name, _)| name), blob.file.as_ref().map(|(name, _)| name));
            // Cut off behind the texts it is a shorter blob.
            let texts = written.len() - blob.bytes.len();
            assert!((0..texts).all(|end| read(&written[..end]).is_none()));
        }
        assert!(read(&[255; 40]).is_none());
    }
}
