//! Where a registry's packages lie, as wasm-pkg's well-known file says it, or an entry of its `config.toml`.
//!
//! wasm-pkg takes the host itself for an OCI registry where the file is missing or does not read. Here that is an error: whoever
//! can keep the file away would choose where packages come from.

use registry::http::excerpt;
use serde_json::{Map, Value};

use crate::address::{OciAddress, OciHost, UpstreamAddressError};

/// The path of the file on its host.
pub const PATH: &str = ".well-known/wasm-pkg/registry.json";
/// The largest file.
pub const MAX_METADATA: u64 = 64 * 1024;
/// The protocol that is spoken here.
const OCI: &str = "oci";

/// Why it does not say where packages lie.
#[derive(Debug, thiserror::Error)]
pub enum MetadataError {
    /// It is no JSON.
    #[error("it is not JSON")]
    Json(#[source] serde_json::Error),
    /// A value of another sort.
    #[error("its `{key}` is no {sort}")]
    Type {
        /// The key, as it stands there.
        key: &'static str,
        /// What it should be.
        sort: &'static str,
    },
    /// Packages that are got in another way.
    #[error("its packages are got by `{found}`, and only `{OCI}` is known here")]
    Protocol {
        /// What it says.
        found: String,
    },
    /// No OCI registry.
    #[error("it names no OCI registry")]
    NoRegistry,
    /// Another host, which is this machine.
    #[error("it names `{registry}`, which is this very machine")]
    Local {
        /// What it says.
        registry: String,
    },
    /// What is no address.
    #[error("what it says of its OCI registry is no address")]
    Address(#[from] UpstreamAddressError),
}

/// What is said of a registry.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Metadata {
    /// How it is to be asked.
    pub protocol: Option<String>,
    /// Whether it says anything of OCI.
    pub has_oci: bool,
    /// The OCI registry, where that is another host.
    pub registry: Option<String>,
    /// What repositories begin with.
    pub prefix: Option<String>,
}

impl Metadata {
    /// Reads the well-known file.
    ///
    /// # Errors
    /// What is not JSON of that form.
    pub fn parse(body: &[u8]) -> Result<Self, MetadataError> {
        let value: Value = serde_json::from_slice(body).map_err(MetadataError::Json)?;
        let (key, sort) = ("registry.json", "object");
        let all = value.as_object().ok_or(MetadataError::Type { key, sort })?;
        let oci = match all.get(OCI) {
            None => None,
            Some(oci) => {
                let (key, sort) = (OCI, "object");
                Some(oci.as_object().ok_or(MetadataError::Type { key, sort })?)
            }
        };
        let of_oci = |key| oci.map_or(Ok(None), |oci| text(oci, key));
        // The keys of before 2024, which count where both are there, as wasm-pkg has it.
        let legacy = (text(all, "ociRegistry")?, text(all, "ociNamespacePrefix")?);
        Ok(Self {
            protocol: text(all, "preferredProtocol")?,
            has_oci: oci.is_some() || legacy.0.is_some(),
            registry: legacy.0.or(of_oci("registry")?),
            prefix: legacy.1.or(of_oci("namespacePrefix")?),
        })
    }

    /// Where the packages of a host lie.
    ///
    /// # Errors
    /// Another protocol than OCI's, or none; what is no address.
    pub fn address(&self, host: &OciHost) -> Result<OciAddress, MetadataError> {
        match &self.protocol {
            Some(protocol) if protocol != OCI => {
                return Err(MetadataError::Protocol {
                    found: excerpt(protocol),
                });
            }
            None if !self.has_oci => return Err(MetadataError::NoRegistry),
            _ => {}
        }
        let registry = match &self.registry {
            None => host.clone(),
            Some(text) => {
                let registry: OciHost = text.parse()?;
                // A stranger's file is not to have us ask what only this machine reaches.
                if registry.is_local() && !host.is_local() {
                    let registry = excerpt(&registry.to_string());
                    return Err(MetadataError::Local { registry });
                }
                registry
            }
        };
        let prefix = self.prefix.as_deref().unwrap_or_default();
        Ok(OciAddress::new(registry, prefix)?)
    }
}

/// A text under a key, where there is one.
fn text(all: &Map<String, Value>, key: &'static str) -> Result<Option<String>, MetadataError> {
    let sort = "text";
    match all.get(key) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(text)) => Ok(Some(text.clone())),
        Some(_) => Err(MetadataError::Type { key, sort }),
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]
mod tests {
    use super::*;

    fn read(body: &str) -> Result<String, String> {
        let host: OciHost = "wasi.dev".parse().unwrap();
        let read = Metadata::parse(body.as_bytes()).and_then(|metadata| metadata.address(&host));
        read.map(|address| address.to_string())
            .map_err(|error| error.to_string())
    }

    #[test]
    fn packages_lie_where_the_file_says() {
        for (body, address) in [
            (
                r#"{"preferredProtocol":"oci","oci":{"registry":"ghcr.io","namespacePrefix":"webassembly/"}}"#,
                "oci:ghcr.io/webassembly",
            ),
            (
                r#"{"oci":{"registry":"ghcr.io"},"warg":{"url":"x"}}"#,
                "oci:ghcr.io",
            ),
            (
                r#"{"ociRegistry":"ghcr.io","ociNamespacePrefix":"a/"}"#,
                "oci:ghcr.io/a",
            ),
            (r#"{"preferredProtocol":"oci"}"#, "oci:wasi.dev"),
            (r#"{"oci":{"namespacePrefix":"a-"}}"#, "oci:wasi.dev/a-*"),
        ] {
            assert_eq!(read(body).as_deref(), Ok(address), "{body}");
        }
    }

    #[test]
    fn a_file_that_does_not_say_it_is_an_error_in_words() {
        for (body, words) in [
            ("<html>", "is not JSON"),
            ("[]", "is no object"),
            ("{}", "names no OCI registry"),
            (r#"{"warg":{}}"#, "names no OCI registry"),
            (r#"{"preferredProtocol":"warg"}"#, "are got by `warg`"),
            (r#"{"oci":1}"#, "its `oci` is no object"),
            (r#"{"oci":{"registry":1}}"#, "its `registry` is no text"),
            (r#"{"oci":{"registry":"ghcr.io/x"}}"#, "is no address"),
            (r#"{"oci":{"registry":"http://ghcr.io"}}"#, "is no address"),
            (
                r#"{"oci":{"registry":"127.0.0.1:5000"}}"#,
                "this very machine",
            ),
            (
                r#"{"oci":{"registry":"https://localhost"}}"#,
                "this very machine",
            ),
            (r#"{"oci":{"namespacePrefix":"../"}}"#, "is no address"),
        ] {
            let error = read(body).unwrap_err();
            assert!(error.contains(words), "{body}: {error}");
        }
    }
}
