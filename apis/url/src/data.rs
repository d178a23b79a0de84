//! `data:` URLs, as the Fetch Standard processes them.

use ada_url::Url;
use std::fmt;

/// What a `data:` URL holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DataUrl {
    /// Serialised, such as `text/plain;charset=US-ASCII`.
    pub mime_type: String,
    /// The decoded bytes.
    pub body: Vec<u8>,
}

/// Why a `data:` URL holds nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DataUrlError {
    /// It is no URL with the scheme `data`, or it has no comma.
    NotADataUrl,
    /// Its body is not base64, but it says so.
    NotBase64,
    /// Its body is longer than allowed.
    TooLong,
}

impl fmt::Display for DataUrlError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            DataUrlError::NotADataUrl => "this is not a data: URL",
            DataUrlError::NotBase64 => "the body of the data: URL is not base64",
            DataUrlError::TooLong => "the body of the data: URL is too long",
        })
    }
}

impl std::error::Error for DataUrlError {}

/// Decodes a `data:` URL whose body has at most `max_length` bytes, by the
/// [`data:` URL processor](https://fetch.spec.whatwg.org/#data-url-processor).
///
/// # Errors
/// Says why it holds nothing.
///
/// ```
/// let data = quickbeam_api_url::decode_data_url("data:text/html;base64,PGI+", 1000).unwrap();
/// assert_eq!((data.mime_type.as_str(), data.body.as_slice()), ("text/html", &b"<b>"[..]));
/// ```
pub fn decode_data_url(url: &str, max_length: usize) -> Result<DataUrl, DataUrlError> {
    let url = Url::parse(url, None).map_err(|_| DataUrlError::NotADataUrl)?;
    let data = data_url::DataUrl::process(url.href()).map_err(|_| DataUrlError::NotADataUrl)?;
    let mut body = Vec::new();
    let decoded = data.decode(|bytes| {
        if body.len() + bytes.len() > max_length {
            return Err(DataUrlError::TooLong);
        }
        body.extend_from_slice(bytes);
        Ok(())
    });
    match decoded {
        Ok(_fragment) => Ok(DataUrl { mime_type: data.mime_type().to_string(), body }),
        Err(data_url::forgiving_base64::DecodeError::WriteError(error)) => Err(error),
        Err(_) => Err(DataUrlError::NotBase64),
    }
}
