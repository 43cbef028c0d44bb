//! wasm-pkg's `config.toml`: from which registry a package comes, for this user.
//!
//! What is read is what says where packages lie, and logins. Other keys mean nothing here. No error repeats a line: it may hold a
//! password.

use std::collections::BTreeMap;
use std::error::Error;
use std::path::PathBuf;

use toml_edit::{DocumentMut, Item, TableLike};
use transparency::name::PackageName;

use super::metadata::{Metadata, MetadataError};
use crate::address::{OciHost, UpstreamAddress, UpstreamAddressError};
use crate::login::{Login, Logins, decode_login};

/// The largest file.
pub const MAX_CONFIG: u64 = 1 << 20;

/// Why the file does not say where a package lies.
#[derive(Debug, thiserror::Error)]
pub enum WkgConfigError {
    /// It is no TOML.
    #[error("it is not TOML, at line {line}")]
    Toml {
        /// Counted from 1.
        line: usize,
    },
    /// A value of another sort.
    #[error("its `{key}` is no {sort}")]
    Type {
        /// The key, with those around it.
        key: String,
        /// What it should be.
        sort: &'static str,
    },
    /// A registry that is read in a way that is not known here.
    #[error(
        "its registry `{registry}` is read by `{found}`, and only `oci` and `local` are known here"
    )]
    Backend {
        /// What the registry is called.
        registry: String,
        /// What stands there.
        found: String,
    },
    /// A folder that is not named.
    #[error("its registry `{registry}` names no folder")]
    NoRoot {
        /// What the registry is called.
        registry: String,
    },
    /// A registry that is no host.
    #[error("its registry `{registry}` is no host")]
    Host {
        /// What stands there.
        registry: String,
        /// What is wrong with it.
        #[source]
        source: UpstreamAddressError,
    },
    /// What is said of a registry, beside the packages that come from it.
    #[error("what it says of the registry `{registry}` does not name where its packages lie")]
    Metadata {
        /// What the registry is called.
        registry: String,
        /// Why it does not.
        #[source]
        source: MetadataError,
    },
}

/// From where packages come.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Mapping {
    registry: String,
    metadata: Option<Metadata>,
}

/// How a registry is read.
#[derive(Debug, Clone, Default)]
struct Backend {
    kind: Option<String>,
    has_oci: bool,
    has_local: bool,
    root: Option<PathBuf>,
    login: Option<Login>,
}

/// What was read of the file.
#[derive(Debug, Clone, Default)]
pub struct WkgConfig {
    default: Option<Mapping>,
    namespaces: BTreeMap<String, Mapping>,
    packages: BTreeMap<String, Mapping>,
    registries: BTreeMap<String, Backend>,
}

impl WkgConfig {
    /// Reads the file.
    ///
    /// # Errors
    /// What is not TOML of that form.
    pub fn parse(text: &str) -> Result<Self, WkgConfigError> {
        let document: DocumentMut = text.parse().map_err(|error: toml_edit::TomlError| {
            let before = error.span().and_then(|span| text.get(..span.start));
            let line = before
                .map_or(0, |before| before.matches('\n').count())
                .saturating_add(1);
            WkgConfigError::Toml { line }
        })?;
        let default = document.get("default_registry");
        let default = default.map(|item| mapping("default_registry", item));
        let mut config = Self {
            default: default.transpose()?,
            ..Self::default()
        };
        for (key, all) in [
            ("namespace_registries", &mut config.namespaces),
            ("package_registry_overrides", &mut config.packages),
        ] {
            for (name, item) in entries(&document, key)? {
                all.insert(name.to_owned(), mapping(&format!("{key}.{name}"), item)?);
            }
        }
        for (name, item) in entries(&document, "registry")? {
            let backend = backend(&format!("registry.{name}"), item)?;
            config.registries.insert(name.to_owned(), backend);
        }
        Ok(config)
    }

    /// From where a package comes; none where the file says nothing of it. What wasm-pkg knows of itself comes after that.
    ///
    /// # Errors
    /// A registry that cannot be read, or is none.
    pub fn upstream(
        &self,
        package: &PackageName,
    ) -> Result<Option<UpstreamAddress>, WkgConfigError> {
        let of_package = self.packages.get(package.as_str());
        let of_namespace = || self.namespaces.get(package.namespace_text());
        let found = of_package.or_else(of_namespace).or(self.default.as_ref());
        found.map(|mapping| self.address(mapping)).transpose()
    }

    fn address(&self, mapping: &Mapping) -> Result<UpstreamAddress, WkgConfigError> {
        let registry = mapping.registry.clone();
        let backend = self.registries.get(&registry).cloned().unwrap_or_default();
        let only_local = backend.has_local && !backend.has_oci;
        match backend.kind.as_deref() {
            Some("local") => return local(registry, backend),
            None if only_local => return local(registry, backend),
            Some("oci") | None => {}
            Some(found) => {
                let found = found.to_owned();
                return Err(WkgConfigError::Backend { registry, found });
            }
        }
        let host = registry.parse();
        let Some(metadata) = &mapping.metadata else {
            let host = host.map_err(|source| WkgConfigError::Host { registry, source })?;
            return Ok(UpstreamAddress::WasmPkg(host));
        };
        // Where the packages lie is said here, so what the registry is called need not be a host.
        let host = match (host, &metadata.registry) {
            (Ok(host), _) => Ok(host),
            (Err(source), Some(text)) => text.parse().map_err(|_| source),
            (Err(source), None) => Err(source),
        };
        let host: OciHost = host.map_err(|source| WkgConfigError::Host {
            registry: registry.clone(),
            source,
        })?;
        // The user's own file may name this machine.
        let host = metadata.registry.as_deref().map_or(Ok(host), str::parse);
        let host: OciHost = host.map_err(|source| WkgConfigError::Host {
            registry: registry.clone(),
            source,
        })?;
        let address = metadata.address(&host);
        address
            .map(UpstreamAddress::Oci)
            .map_err(|source| WkgConfigError::Metadata { registry, source })
    }
}

/// What is kept there for a registry is for the host of that name. Which OCI registry that host names has no say in it.
impl Logins for WkgConfig {
    fn of(&self, host: &OciHost) -> Result<Option<Login>, Box<dyn Error + Send + Sync>> {
        let backend = self.registries.get(host.as_str());
        Ok(backend.and_then(|backend| backend.login.clone()))
    }
}

fn local(registry: String, backend: Backend) -> Result<UpstreamAddress, WkgConfigError> {
    let root = backend.root.ok_or(WkgConfigError::NoRoot { registry })?;
    Ok(UpstreamAddress::Local(root))
}

fn wrong(key: &str, sort: &'static str) -> WkgConfigError {
    WkgConfigError::Type {
        key: key.to_owned(),
        sort,
    }
}

/// What stands in a table, which may be missing.
fn entries<'d>(
    document: &'d DocumentMut,
    key: &str,
) -> Result<Vec<(&'d str, &'d Item)>, WkgConfigError> {
    let Some(item) = document.get(key) else {
        return Ok(Vec::new());
    };
    let table = item.as_table_like().ok_or_else(|| wrong(key, "table"))?;
    Ok(table.iter().collect())
}

/// A text in a table, where there is one.
fn text(around: &str, table: &dyn TableLike, key: &str) -> Result<Option<String>, WkgConfigError> {
    let Some(item) = table.get(key) else {
        return Ok(None);
    };
    let found = item.as_str().map(str::to_owned);
    found
        .map(Some)
        .ok_or_else(|| wrong(&format!("{around}.{key}"), "text"))
}

fn mapping(key: &str, item: &Item) -> Result<Mapping, WkgConfigError> {
    if let Some(registry) = item.as_str() {
        return Ok(Mapping {
            registry: registry.to_owned(),
            metadata: None,
        });
    }
    let table = item.as_table_like();
    let table = table.ok_or_else(|| wrong(key, "text and no table"))?;
    let registry = text(key, table, "registry")?;
    let metadata = table.get("metadata").map(|item| metadata(key, item));
    Ok(Mapping {
        registry: registry.ok_or_else(|| wrong(&format!("{key}.registry"), "text"))?,
        metadata: metadata.transpose()?,
    })
}

fn metadata(around: &str, item: &Item) -> Result<Metadata, WkgConfigError> {
    let key = format!("{around}.metadata");
    let table = item.as_table_like().ok_or_else(|| wrong(&key, "table"))?;
    let protocol = text(&key, table, "preferredProtocol")?;
    let Some(oci) = table.get("oci") else {
        return Ok(Metadata {
            protocol,
            ..Metadata::default()
        });
    };
    let key = format!("{key}.oci");
    let oci = oci.as_table_like().ok_or_else(|| wrong(&key, "table"))?;
    Ok(Metadata {
        protocol,
        has_oci: true,
        registry: text(&key, oci, "registry")?,
        prefix: text(&key, oci, "namespacePrefix")?,
    })
}

fn backend(key: &str, item: &Item) -> Result<Backend, WkgConfigError> {
    let table = item.as_table_like().ok_or_else(|| wrong(key, "table"))?;
    let kind = match text(key, table, "default")? {
        Some(kind) => Some(kind),
        None => text(key, table, "type")?,
    };
    let mut backend = Backend {
        kind,
        ..Backend::default()
    };
    if let Some(item) = table.get("local") {
        let key = format!("{key}.local");
        let table = item.as_table_like().ok_or_else(|| wrong(&key, "table"))?;
        backend.has_local = true;
        backend.root = text(&key, table, "root")?.map(PathBuf::from);
    }
    if let Some(item) = table.get("oci") {
        let key = format!("{key}.oci");
        let table = item.as_table_like().ok_or_else(|| wrong(&key, "table"))?;
        backend.has_oci = true;
        backend.login = table
            .get("auth")
            .map(|auth| login(&key, auth))
            .transpose()?;
    }
    Ok(backend)
}

fn login(around: &str, item: &Item) -> Result<Login, WkgConfigError> {
    let key = format!("{around}.auth");
    if let Some(encoded) = item.as_str() {
        return decode_login(encoded).ok_or_else(|| wrong(&key, "name and password in base64"));
    }
    let table = item.as_table_like().ok_or_else(|| wrong(&key, "table"))?;
    let both = (
        text(&key, table, "username")?,
        text(&key, table, "password")?,
    );
    match both {
        (Some(user), Some(password)) => Ok(Login::Basic { user, password }),
        _ => Err(wrong(&key, "name and password")),
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]
mod tests {
    use super::*;

    const CONFIG: &str = r#"
default_registry = "acme.example"
[namespace_registries]
wasi = "wasi.dev"
another = { registry = "another", metadata = { preferredProtocol = "oci", oci = { registry = "ghcr.io", namespacePrefix = "webassembly/" } } }
mine = { registry = "mine", metadata = { oci = { registry = "127.0.0.1:5000" } } }
disk = "local.test"
old = "wa.dev"
[package_registry_overrides]
"wasi:foo" = "example.com"
[registry."acme.example".oci]
auth = { username = "open", password = "sesame" }
protocol = "https"
[registry."ghcr.io".oci]
auth = "bWU6c2VjcmV0"
[registry."local.test".local]
root = "/a/path"
[registry."wa.dev"]
default = "warg"
"#;

    #[test]
    fn a_package_comes_from_where_the_file_says() {
        let config = WkgConfig::parse(CONFIG).unwrap();
        for (package, address) in [
            ("wasi:foo", "wasm-pkg:example.com"),
            ("wasi:http", "wasm-pkg:wasi.dev"),
            ("another:x", "oci:ghcr.io/webassembly"),
            ("mine:x", "oci:127.0.0.1:5000"),
            ("disk:x", "local:/a/path"),
            ("else:x", "wasm-pkg:acme.example"),
        ] {
            let found = config.upstream(&package.parse().unwrap()).unwrap();
            assert_eq!(found.unwrap().to_string(), address, "{package}");
        }
        let old = config.upstream(&"old:x".parse().unwrap()).unwrap_err();
        assert!(old.to_string().contains("is read by `warg`"), "{old}");
        let nothing = WkgConfig::parse("").unwrap();
        assert!(
            nothing
                .upstream(&"wasi:http".parse().unwrap())
                .unwrap()
                .is_none()
        );
    }

    #[test]
    fn a_login_is_for_the_host_of_its_own_name() {
        let config = WkgConfig::parse(CONFIG).unwrap();
        let of = |host: &str| config.of(&host.parse().unwrap()).unwrap();
        let basic = |user: &str, password: &str| {
            Some(Login::Basic {
                user: user.to_owned(),
                password: password.to_owned(),
            })
        };
        assert_eq!(of("acme.example"), basic("open", "sesame"));
        assert_eq!(of("ghcr.io"), basic("me", "secret"));
        assert_eq!(of("wasi.dev"), None);
    }

    #[test]
    fn what_is_wrong_is_told_by_its_key_and_never_repeated() {
        for (text, words) in [
            ("a = 1\nsecret", "not TOML, at line 2"),
            ("default_registry = 1", "`default_registry` is no text"),
            (
                "namespace_registries = 1",
                "`namespace_registries` is no table",
            ),
            (
                "namespace_registries.a = {}",
                "`namespace_registries.a.registry` is no text",
            ),
            (
                "[registry.a.oci]\nauth = \"secret\"",
                "`registry.a.oci.auth` is no name and password",
            ),
            (
                "[registry.a.oci]\nauth = { username = \"secret\" }",
                "`registry.a.oci.auth` is no name",
            ),
            ("[registry.a]\nlocal = 1", "`registry.a.local` is no table"),
        ] {
            let error = WkgConfig::parse(text).unwrap_err().to_string();
            assert!(
                error.contains(words) && !error.contains("secret"),
                "{text}: {error}"
            );
        }
        for (text, words) in [
            (
                "default_registry = \"a\"\n[registry.a]\ntype = \"local\"",
                "names no folder",
            ),
            ("default_registry = \"a/b\"", "is no host"),
            (
                "namespace_registries.x = { registry = \"a\", metadata = {} }",
                "does not name where",
            ),
        ] {
            let config = WkgConfig::parse(text).unwrap();
            let error = config.upstream(&"x:y".parse().unwrap()).unwrap_err();
            assert!(error.to_string().contains(words), "{text}: {error}");
        }
    }
}
