//! What the stories of this folder are told with: machines that remember, registries that lie, sources that fail or
//! write down what was read, and one reader that asks for everything.

#![allow(
    dead_code,
    clippy::allow_attributes,
    clippy::unwrap_used,
    missing_docs,
    unreachable_pub,
    reason = "each test file uses a part of it"
)]

pub mod chain;
pub mod machine;
pub mod source;

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::fs;
use std::sync::Arc;

use fixtures::storage::Memory;
use registry::client::{ClientError, LoadedLog, LoadedPackage, Session};
use registry::trust::Saved;
use transparency::Unverified;
use transparency::content::Derived;
use transparency::misbehavior::Misbehavior;
use transparency::name::{NameError, PackageName};
use transparency::policy::Policy;
use transparency::version::parse_version;

pub fn name(text: &str) -> PackageName {
    text.parse().unwrap()
}

pub fn names(texts: &[&str]) -> BTreeSet<PackageName> {
    texts.iter().map(|text| name(text)).collect()
}

/// The packages of which a session is asked for all.
pub const PACKAGES: [&str; 4] = ["acme:clock", "acme:logger", "acme:nobody", "wasi:io"];

/// What the contents of these stories are. They are texts: `wit NAME VERSION`, or lines `import NAME` and `export NAME`,
/// or anything else for a component without either.
pub fn derive(bytes: &[u8]) -> Result<Derived, NameError> {
    let text = String::from_utf8_lossy(bytes);
    let words: Vec<_> = text.split_whitespace().collect();
    if let ["wit", name, version] = words.as_slice() {
        return Ok(Derived::Wit {
            name: name.parse()?,
            version: parse_version(version)
                .expect("a content is only derived once its digest is right"),
            requirements: [].into(),
        });
    }
    let named = |verb| {
        let after = words.windows(2).filter(move |pair| pair[0] == verb);
        after.map(|pair| pair[1].parse()).collect::<Result<_, _>>()
    };
    Ok(Derived::Component {
        imports: named("import")?,
        exports: named("export")?,
    })
}

/// A copy of a registry, as it is now.
pub fn copy(objects: &std::collections::BTreeMap<String, Vec<u8>>) -> Memory {
    let memory = Memory::default();
    memory.tamper(|copy| copy.clone_from(objects));
    memory
}

pub fn present(package: LoadedPackage) -> Arc<LoadedLog> {
    match package {
        LoadedPackage::Present(loaded) => loaded,
        LoadedPackage::Absent(absence) => panic!("{} is not there", absence.name()),
    }
}

/// Reads all that there is to read: every package, every release proved in the log, every content that may be used; and
/// writes down what was found.
pub fn read_all(session: &mut Session<'_>) -> Result<String, ClientError> {
    let mut found = String::new();
    let checkpoint = session.checkpoint().checkpoint();
    let (size, root) = (checkpoint.size, checkpoint.root);
    writeln!(found, "{size} {root}").unwrap();
    for (name, package) in session.load(&names(&PACKAGES))? {
        let LoadedPackage::Present(loaded) = package else {
            writeln!(found, "{name} is absent").unwrap();
            continue;
        };
        let log = loaded.log();
        writeln!(found, "{log:?}").unwrap();
        for release in log.releases() {
            let index = loaded.index_hint(release.position());
            let index = index.expect("a record has an index");
            session.check_included(&[(release.record(), index)])?;
            writeln!(found, "{} at {index}", release.version()).unwrap();
            if release.withdrawn().is_none() {
                let content = session.content(&name, release, derive)?;
                writeln!(found, "{:?}", content.bytes()).unwrap();
            }
        }
    }
    Ok(found)
}

/// The evidence of an error, after it was written to a file and read by somebody who has only the policy.
pub fn evidence(policy: &Policy, error: &ClientError) -> String {
    let ClientError::Misbehavior {
        evidence, saved, ..
    } = error
    else {
        panic!("no evidence: {error:?}");
    };
    let file = evidence.to_string();
    match saved {
        // The files of a machine go with it.
        Saved::In(path) => {
            assert!(fs::read_to_string(path).is_ok_and(|saved| saved == file) || !path.exists());
        }
        Saved::Failed(error) => panic!("not saved: {error}"),
        Saved::Nowhere => {}
    }
    let read = Unverified::<Misbehavior>::parse(file.as_bytes()).unwrap();
    let read = read.open(policy).unwrap();
    assert_eq!(read.to_string(), file);
    file.lines().nth(1).unwrap().to_owned()
}
