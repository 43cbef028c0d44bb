//! From which upstream this user imports each namespace, and with whose word.
//!
//! Where packages of some namespaces lie today is known. Nothing is asked of there before this user agreed to that pair of
//! namespace and upstream. What they agreed to stands in a file of theirs, and what they write there counts as well. Nothing
//! that a project says is read for this.

use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};

use registry::file::{self, Tree};
use toml_edit::DocumentMut;
use transparency::name::Namespace;
use upstream::{UpstreamAddress, UpstreamAddressError};

use crate::dirs::Dirs;
use crate::error::{Class, Classified as _, Error, OrFail as _, Result};
use crate::upstreams;

const FILE: &str = "upstreams.toml";
const LOCK: &str = "upstreams.lock";

/// The largest such file, in bytes: thousands of namespaces.
const MAX_PAIRS: u64 = 1024 * 1024;

/// What a new file begins with.
const HEAD: &str = "# Where this user imports namespaces from, into the personal registry. `cargo warg` adds a line when you agree to one.\n\n[namespaces]\n";

/// The namespaces that are imported, and from where.
#[derive(Debug)]
pub(super) struct Pairs {
    agreed: BTreeMap<Namespace, UpstreamAddress>,
}

impl Pairs {
    /// Reads this user's file, which need not be there.
    ///
    /// # Errors
    /// A file that cannot be read, or says something else.
    pub(super) fn read(dirs: &Dirs) -> Result<Self> {
        let path = path(dirs);
        let agreed = parse(&read_text(&path)?, &path)?;
        Ok(Self { agreed })
    }

    /// The upstream that this user agreed to.
    pub(super) fn agreed(&self, namespace: &Namespace) -> Option<&UpstreamAddress> {
        self.agreed.get(namespace)
    }

    /// All namespaces that this user agreed to.
    pub(super) fn namespaces(&self) -> impl Iterator<Item = &Namespace> {
        self.agreed.keys()
    }
}

/// The upstream of a namespace, as this user's wasm-pkg configuration or everybody's wasm-pkg has it.
///
/// # Errors
/// A configuration that cannot be used.
pub(super) fn known(namespace: &Namespace) -> Result<Option<UpstreamAddress>> {
    // What is configured for single packages says nothing of the namespace.
    match format!("{namespace}:any").parse() {
        Ok(any) => upstreams::of_package(&any),
        Err(_) => Ok(None),
    }
}

/// Where this user's file lies.
pub(super) fn path(dirs: &Dirs) -> PathBuf {
    dirs.config().join(FILE)
}

/// Writes into this user's file that they agreed.
///
/// # Errors
/// A file that cannot be read or written; then it is as it was.
pub(super) fn agree(dirs: &Dirs, namespace: &Namespace, address: &UpstreamAddress) -> Result<()> {
    let path = path(dirs);
    let cannot = || format!("cannot write {}", path.display());
    let tree = Tree::private(dirs.make_config().classified()?);
    let _turn = tree.lock(Path::new(LOCK)).or_fail(Class::Other, cannot)?;
    let text = read_text(&path)?;
    if parse(&text, &path)?.contains_key(namespace) {
        return Ok(());
    }
    let text = if text.is_empty() {
        HEAD.to_owned()
    } else {
        text
    };
    let mut document: DocumentMut = text.parse().or_fail(Class::Other, cannot)?;
    let table = document
        .entry("namespaces")
        .or_insert_with(toml_edit::table);
    table[namespace.as_str()] = toml_edit::value(address.to_string());
    let text = document.to_string();
    tree.replace(Path::new(FILE), text.as_bytes())
        .or_fail(Class::Other, cannot)
}

fn read_text(path: &Path) -> Result<String> {
    match file::read_text(path, MAX_PAIRS) {
        Ok(text) => Ok(text),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(String::new()),
        Err(error) => {
            let message = format!("cannot read {}", path.display());
            Err(Error::caused(Class::Other, message, error))
        }
    }
}

fn parse(text: &str, path: &Path) -> Result<BTreeMap<Namespace, UpstreamAddress>> {
    let wrong = |what: String| {
        let message = format!("{} cannot be used: {what}", path.display());
        Error::new(Class::Other, message).with_help(
            "it has a table [namespaces] with lines such as `wasi = \"wasm-pkg:wasi.dev\"`",
        )
    };
    let document: DocumentMut = text
        .parse()
        .map_err(|error: toml_edit::TomlError| wrong(error.message().to_owned()))?;
    let mut pairs = BTreeMap::new();
    for (key, item) in document.iter() {
        let table = item.as_table_like().filter(|_| key == "namespaces");
        let table = table.ok_or_else(|| wrong(format!("`{key}` is not known")))?;
        for (name, item) in table.iter() {
            let namespace: Namespace = name.parse().map_err(|error| wrong(format!("{error}")))?;
            let text = item.as_str();
            let text = text.ok_or_else(|| wrong(format!("`{name}` is no text")))?;
            let address = text
                .parse()
                .map_err(|error: UpstreamAddressError| wrong(error.to_string()))?;
            if let UpstreamAddress::Local(path) | UpstreamAddress::Folder(path) = &address
                && path.is_relative()
            {
                // A project could bring it.
                return Err(wrong(format!(
                    "`{text}` would be another folder wherever a command runs: write an absolute path"
                )));
            }
            pairs.insert(namespace, address);
        }
    }
    Ok(pairs)
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]
mod tests {
    use super::*;

    #[test]
    fn what_a_user_agreed_to_is_kept_beside_what_they_wrote() {
        let home = tempfile::tempdir().unwrap();
        let dirs = Dirs::under(home.path());
        let name = |text: &str| text.parse::<Namespace>().unwrap();
        let wasi = name("wasi");
        assert!(Pairs::read(&dirs).unwrap().agreed(&wasi).is_none());
        agree(&dirs, &wasi, &upstream::built_in(&wasi).unwrap()).unwrap();
        let text = std::fs::read_to_string(path(&dirs)).unwrap();
        std::fs::write(
            path(&dirs),
            format!("{text}# mine\nacme = \"local:/texts\"\n"),
        )
        .unwrap();
        // What is there stays.
        agree(
            &dirs,
            &name("acme"),
            &"oci:registry.invalid/x".parse().unwrap(),
        )
        .unwrap();
        let ba = name("ba");
        agree(&dirs, &ba, &upstream::built_in(&ba).unwrap()).unwrap();
        let pairs = Pairs::read(&dirs).unwrap();
        let all: Vec<_> = pairs.namespaces().map(Namespace::as_str).collect();
        assert_eq!(all, ["acme", "ba", "wasi"]);
        assert_eq!(
            pairs.agreed(&name("acme")).unwrap().to_string(),
            "local:/texts"
        );
        assert!(
            std::fs::read_to_string(path(&dirs))
                .unwrap()
                .contains("# mine")
        );
    }

    #[test]
    fn a_file_that_says_something_else_is_an_error() {
        let path = Path::new("upstreams.toml");
        for text in [
            "[namespaces]\nWasi = \"local:x\"\n",
            "[namespaces]\nwasi = \"local:x\"\n",
            "[namespaces]\nwasi = 1\n",
            "[namespaces]\nwasi = \"\"\n",
            "[other]\n",
            "namespaces = 1\n",
            "[namespaces\n",
        ] {
            let error = parse(text, path).unwrap_err();
            assert!(
                error.to_string().contains("upstreams.toml"),
                "{text}: {error}"
            );
        }
    }
}
