//! This user's way to upstreams: how an address is opened, which logins there are, and what wasm-pkg's configuration says.
//!
//! All of it is this user's own. What a project says never decides where a login goes, or which helper is run.

use std::env;
use std::ffi::OsString;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use etcetera::BaseStrategy as _;
use registry::file::{self, is_absent};
use transparency::name::PackageName;
use upstream::document::wkg::{MAX_CONFIG, WkgConfig, WkgConfigError};
use upstream::login::docker::DockerLogins;
use upstream::login::{Keepers, Logins};
use upstream::{
    Cargo, Local, Oci, OciAddress, OciHost, Texts, Upstream, UpstreamAddress, built_in, discover,
};

use crate::dirs::Dirs;
use crate::error::{Class, Classified as _, Classify, Error, Result};
use crate::network::Network;

/// The variable that names wasm-pkg's configuration; wkg's own.
pub const WKG_VARIABLE: &str = "WKG_CONFIG_FILE";

/// The file, in the config folder, that says to which further hosts a login may go for tokens.
const TOKEN_SERVERS: &str = "token-servers";
/// The largest such file, in bytes.
const MAX_TOKEN_SERVERS: u64 = 64 * 1024;

/// What is wrong with the file of token servers.
#[derive(Debug, thiserror::Error)]
pub enum TokenServersError {
    /// It cannot be read.
    #[error("cannot read the token servers, {}", path.display())]
    Read {
        /// The file of this user.
        path: PathBuf,
        /// The system's error.
        #[source]
        source: io::Error,
    },
    /// A line of it does not name two hosts.
    #[error("line {line} of {} is not a registry, a space, and the host where its tokens are given", path.display())]
    Line {
        /// The file of this user.
        path: PathBuf,
        /// Counted from 1.
        line: usize,
    },
}

impl Classify for TokenServersError {
    fn class(&self) -> Class {
        Class::Other
    }

    fn help(&self) -> Option<String> {
        match self {
            Self::Read { .. } => None,
            Self::Line { .. } => {
                Some("a line looks like `registry.gitlab.com gitlab.com`".to_owned())
            }
        }
    }
}

/// What is wrong with wasm-pkg's configuration.
#[derive(Debug, thiserror::Error)]
pub enum WkgFileError {
    /// It cannot be read.
    #[error("cannot read wasm-pkg's configuration, {}", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// The system's error.
        #[source]
        source: io::Error,
    },
    /// It does not say what it should.
    #[error("wasm-pkg's configuration cannot be used, {}", path.display())]
    Malformed {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        #[source]
        source: WkgConfigError,
    },
}

impl Classify for WkgFileError {
    fn class(&self) -> Class {
        Class::Other
    }

    fn help(&self) -> Option<String> {
        match self {
            Self::Read { .. } => None,
            Self::Malformed { .. } => Some(format!(
                "mend the file, or set `{WKG_VARIABLE}` to another one"
            )),
        }
    }
}

/// Opens an upstream. An OCI registry is not asked yet; a host that says where its packages lie is.
///
/// # Errors
/// A folder that is none; a crate that cargo does not fetch; a host that does not say where its packages lie.
pub fn open(
    address: &UpstreamAddress,
    network: &Network,
    dirs: &Dirs,
    offline: bool,
) -> Result<Box<dyn Upstream>> {
    Ok(match address {
        UpstreamAddress::Local(root) => Box::new(Local::new(root)),
        UpstreamAddress::Folder(folder) => Box::new(Texts::open(folder).classified()?),
        UpstreamAddress::Crate { name, version } => {
            let cargo = Cargo {
                program: env::var_os("CARGO").map_or_else(|| "cargo".into(), PathBuf::from),
                scratch: dirs.cache().join("upstream"),
                offline,
            };
            Box::new(Texts::of_crate(&cargo, name, version).classified()?)
        }
        UpstreamAddress::Oci(_) | UpstreamAddress::WasmPkg(_) if offline => {
            let message =
                format!("{address} is on the network, and `--offline` asks nothing of it");
            return Err(Error::new(Class::Unavailable, message));
        }
        UpstreamAddress::Oci(address) => Box::new(oci(address.clone(), network, dirs)?),
        UpstreamAddress::WasmPkg(host) => {
            let address = discover(&network.web(dirs)?, host).classified()?;
            Box::new(oci(address, network, dirs)?)
        }
    })
}

fn oci(address: OciAddress, network: &Network, dirs: &Dirs) -> Result<Oci> {
    let web = network.web(dirs)?;
    let servers = token_servers(&dirs.config().join(TOKEN_SERVERS), address.host());
    Ok(Oci::new(address, web, logins()?, servers.classified()?))
}

/// To which further hosts this user lets the login for a registry go: lines `REGISTRY HOST`.
fn token_servers(
    path: &Path,
    registry: &OciHost,
) -> std::result::Result<Vec<OciHost>, TokenServersError> {
    let text = match file::read_text(path, MAX_TOKEN_SERVERS) {
        Ok(text) => text,
        Err(error) if is_absent(&error) => return Ok(Vec::new()),
        Err(source) => {
            let path = path.to_owned();
            return Err(TokenServersError::Read { path, source });
        }
    };
    let mut servers = Vec::new();
    for (line, text) in (1..).zip(text.lines()) {
        let mut words = text.split_ascii_whitespace();
        let (first, second, third) = (words.next(), words.next(), words.next());
        if first.is_none_or(|word| word.starts_with('#')) {
            continue;
        }
        let hosts = first.zip(second).filter(|_| third.is_none());
        let hosts = hosts.and_then(|(one, other)| Some((one.parse().ok()?, other.parse().ok()?)));
        let (one, other): (OciHost, OciHost) = hosts.ok_or_else(|| TokenServersError::Line {
            path: path.to_owned(),
            line,
        })?;
        if one == *registry {
            servers.push(other);
        }
    }
    Ok(servers)
}

/// From where a package comes by this user's wasm-pkg configuration, or by what wasm-pkg knows of itself; none where neither says.
///
/// # Errors
/// A configuration that cannot be used.
pub fn of_package(package: &PackageName) -> Result<Option<UpstreamAddress>> {
    if let Some(path) = wkg_file()?
        && let Some(config) = read_wkg(&path)?
    {
        let found = config.upstream(package);
        let found = found.map_err(|source| WkgFileError::Malformed {
            path: path.clone(),
            source,
        });
        if let Some(address) = found.classified()? {
            return Ok(Some(beside(&path, address)));
        }
    }
    Ok(built_in(&package.namespace()))
}

/// A folder that a file names by a relative path lies beside that file. Otherwise it would be another one wherever a command
/// runs, and a project could bring it.
fn beside(file: &Path, address: UpstreamAddress) -> UpstreamAddress {
    let from = file.parent().unwrap_or(file);
    match address {
        UpstreamAddress::Local(root) => UpstreamAddress::Local(from.join(root)),
        UpstreamAddress::Folder(folder) => UpstreamAddress::Folder(from.join(folder)),
        other => other,
    }
}

/// Where wasm-pkg's configuration lies.
///
/// # Errors
/// A relative path: it would lead to a file of the project.
fn wkg_file() -> Result<Option<PathBuf>> {
    let named = env::var_os(WKG_VARIABLE).filter(|path| !path.is_empty());
    if let Some(path) = named.map(PathBuf::from) {
        if path.is_absolute() {
            return Ok(Some(path));
        }
        let message = format!(
            "`{WKG_VARIABLE}` is {}, which is no absolute path",
            path.display()
        );
        return Err(Error::new(Class::Other, message).with_help("set it to an absolute path"));
    }
    let base = etcetera::choose_base_strategy().ok();
    Ok(base.map(|base| base.config_dir().join("wasm-pkg").join("config.toml")))
}

fn read_wkg(path: &Path) -> Result<Option<WkgConfig>> {
    let text = match file::read_text(path, MAX_CONFIG) {
        Ok(text) => text,
        Err(error) if is_absent(&error) => return Ok(None),
        Err(source) => {
            let path = path.to_owned();
            return Err(Error::classified(WkgFileError::Read { path, source }));
        }
    };
    let config = WkgConfig::parse(&text).map_err(|source| WkgFileError::Malformed {
        path: path.to_owned(),
        source,
    });
    config.classified().map(Some)
}

/// This user's logins, as docker, podman and wasm-pkg keep them.
fn logins() -> Result<Arc<dyn Logins>> {
    let mut keepers: Vec<Arc<dyn Logins>> =
        vec![Arc::new(DockerLogins::new(login_files(), helpers()))];
    if let Some(path) = wkg_file()?
        && let Some(config) = read_wkg(&path)?
    {
        keepers.push(Arc::new(config));
    }
    Ok(Arc::new(Keepers(keepers)))
}

/// Where helpers are looked for: as other programs are, but never in a folder that depends on where a command runs.
fn helpers() -> OsString {
    let path = env::var_os("PATH").unwrap_or_default();
    let folders = env::split_paths(&path).filter(|folder| folder.is_absolute());
    env::join_paths(folders).unwrap_or_default()
}

/// Where docker and podman keep logins.
fn login_files() -> Vec<PathBuf> {
    let folder = |variable| {
        let folder = env::var_os(variable).map(PathBuf::from);
        // A relative one would be another folder wherever a command runs: the project's, too.
        folder.filter(|folder| folder.is_absolute())
    };
    let home = folder("HOME");
    let docker = folder("DOCKER_CONFIG").or_else(|| Some(home.as_ref()?.join(".docker")));
    let running = folder("XDG_RUNTIME_DIR").map(|folder| folder.join("containers"));
    let config = home.map(|home| home.join(".config").join("containers"));
    let files = [
        docker.map(|folder| folder.join("config.json")),
        folder("REGISTRY_AUTH_FILE"),
        running.map(|folder| folder.join("auth.json")),
        config.map(|folder| folder.join("auth.json")),
    ];
    files.into_iter().flatten().collect()
}
