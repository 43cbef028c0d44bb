//! Where packages lie by what wasm-pkg knows: built-in pairs, and what a host says of itself.

use registry::http::{Method, Question, Web};
use transparency::name::Namespace;

use crate::address::{OciAddress, OciHost, UpstreamAddress};
use crate::document::metadata::{MAX_METADATA, Metadata, PATH};
use crate::error::UpstreamError;

/// The namespaces that everybody's wasm-pkg knows, and the hosts that say where their packages lie.
const BUILT_IN: [(&str, &str); 2] = [("ba", "bytecodealliance.org"), ("wasi", "wasi.dev")];

/// The upstream of a namespace that needs no configuration.
pub fn built_in(namespace: &Namespace) -> Option<UpstreamAddress> {
    let known = BUILT_IN.iter();
    let (_, host) = known
        .copied()
        .find(|(known, _)| *known == namespace.as_str())?;
    host.parse().ok().map(UpstreamAddress::WasmPkg)
}

/// Asks a host in which OCI registry its packages lie.
///
/// # Errors
/// A host that does not say so: wasm-pkg then takes it for a registry itself, and here somebody has to say that.
pub fn discover(web: &Web, host: &OciHost) -> Result<OciAddress, UpstreamError> {
    let url = host.base().below(PATH);
    let asked = web.ask(&Question {
        url: &url,
        method: Method::Get,
        accept: Some("application/json"),
        credential: web.token(&url).as_ref(),
        limit: MAX_METADATA,
        again: true,
    });
    let reply = asked.map_err(|source| UpstreamError::fetch(&url, source))?;
    match reply.status {
        200 => {}
        404 | 410 => {
            return Err(UpstreamError::NoMetadata {
                host: host.to_string(),
            });
        }
        status => return Err(UpstreamError::status(&url, status)),
    }
    let address = Metadata::parse(&reply.body).and_then(|metadata| metadata.address(host));
    address.map_err(|source| UpstreamError::Metadata {
        address: url.to_string(),
        source: Box::new(source),
    })
}
