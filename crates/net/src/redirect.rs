//! Redirects, as the Fetch Standard follows them ("HTTP-redirect fetch").

use crate::body::RequestBody;
use crate::error::NetError;
use ada_url::Url;
use http::{HeaderMap, Method, StatusCode, header};

/// Redirects that one request follows.
pub(crate) const MAX_REDIRECTS: usize = 20;

/// What a request becomes when it follows a redirect.
pub(crate) struct Next {
    pub(crate) url: String,
    pub(crate) drops_body: bool,
}

/// Whether a response of this status redirects.
pub(crate) fn is_redirect(status: StatusCode) -> bool {
    matches!(status.as_u16(), 301 | 302 | 303 | 307 | 308)
}

/// Where a redirect leads; `None` if it names no place.
pub(crate) fn target(url: &str, headers: &HeaderMap) -> Result<Option<String>, NetError> {
    let mut locations = headers.get_all(header::LOCATION).iter();
    let Some(location) = locations.next() else { return Ok(None) };
    if locations.next().is_some() {
        return Err(NetError::network(format!("a redirect of {url} with more than one Location")));
    }
    let location = location.to_str().map(str::to_owned).unwrap_or_else(|_| {
        String::from_utf8(location.as_bytes().to_vec())
            .unwrap_or_else(|error| error.as_bytes().iter().map(|&byte| char::from(byte)).collect())
    });
    let mut next = Url::parse(&location, Some(url))
        .map_err(|_| NetError::network(format!("a redirect to {location:?}, which is no URL")))?;
    if !matches!(next.protocol(), "http:" | "https:") {
        return Err(NetError::network(format!("a redirect to a URL of the scheme {}", next.protocol())));
    }
    if next.hash().is_empty()
        && let Ok(from) = Url::parse(url, None)
        && !from.hash().is_empty()
    {
        next.set_hash(Some(from.hash()));
    }
    Ok(Some(next.href().to_owned()))
}

/// Changes the method, headers and body of a request as a redirect of this status asks.
pub(crate) fn follow(
    status: StatusCode,
    from: &str,
    to: String,
    method: &mut Method,
    headers: &mut HeaderMap,
    body: &Option<RequestBody>,
) -> Result<Next, NetError> {
    let becomes_get = match status.as_u16() {
        301 | 302 => *method == Method::POST,
        303 => *method != Method::GET && *method != Method::HEAD,
        _ => false,
    };
    if body.is_none() && status != StatusCode::SEE_OTHER {
        return Err(NetError::network("a redirect of a request whose body was a stream and cannot be sent again"));
    }
    if becomes_get {
        *method = Method::GET;
        for name in [
            header::CONTENT_ENCODING,
            header::CONTENT_LANGUAGE,
            header::CONTENT_LOCATION,
            header::CONTENT_TYPE,
            header::CONTENT_LENGTH,
        ] {
            headers.remove(name);
        }
    }
    if origin(from) != origin(&to) {
        for name in [header::AUTHORIZATION, header::PROXY_AUTHORIZATION, header::COOKIE, header::HOST] {
            headers.remove(name);
        }
    }
    Ok(Next { url: to, drops_body: becomes_get })
}

fn origin(url: &str) -> Option<String> {
    Url::parse(url, None).ok().map(|url| url.origin())
}
