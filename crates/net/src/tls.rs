//! Who is trusted.

use crate::error::NetError;
use rustls::pki_types::CertificateDer;
use rustls::{ClientConfig, RootCertStore};
use std::sync::{Arc, OnceLock};

/// The configuration with the system's roots, read once.
static SYSTEM: OnceLock<Arc<ClientConfig>> = OnceLock::new();

/// Trusts the system's roots (those that `SSL_CERT_FILE` and `SSL_CERT_DIR` name, where they are set) and these, in DER.
pub(crate) fn config(extra_roots: &[Vec<u8>]) -> Result<Arc<ClientConfig>, NetError> {
    if !extra_roots.is_empty() {
        return build(extra_roots).map(Arc::new);
    }
    if let Some(config) = SYSTEM.get() {
        return Ok(config.clone());
    }
    let config = Arc::new(build(&[])?);
    Ok(SYSTEM.get_or_init(|| config).clone())
}

fn build(extra_roots: &[Vec<u8>]) -> Result<ClientConfig, NetError> {
    let mut roots = RootCertStore::empty();
    roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
    for root in extra_roots {
        roots
            .add(CertificateDer::from(root.clone()))
            .map_err(|error| NetError::invalid(format!("a root certificate is not usable: {error}")))?;
    }
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let builder = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|error| NetError::network(format!("TLS: {error}")))?;
    Ok(builder.with_root_certificates(roots).with_no_client_auth())
}
