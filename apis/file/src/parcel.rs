//! Blobs and files on their way to another realm, which gets a copy of their bytes.

use crate::classes;
use quickbeam_api_webidl::{Parcel, packed};
use quickbeam_engine::{Args, Ctx, Result, Value};
use std::sync::Arc;

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
}

/// `pack(bytes, type, name, lastModified)`; the last two for a file.
pub(crate) fn pack<'a>(ctx: Ctx<'a>, _this: &Value<'a>, args: Args<'a>) -> Result<Value<'a>> {
    let Some(bytes) = args.get(0).with_bytes(|bytes| Box::<[u8]>::from(&*bytes)) else {
        return Err(ctx.throw_type("the argument is not a Uint8Array"));
    };
    let file = match args.len() {
        0..3 => None,
        _ => Some((args.get(2).to_text()?, args.get(3).to_f64()?)),
    };
    packed(ctx, Arc::new(Blob { bytes, kind: args.get(1).to_text()?, file }))
}
