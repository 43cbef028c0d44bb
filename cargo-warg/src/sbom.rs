//! A bill of materials in the JSON of `CycloneDX`, 1.5, of what a lock says.
//!
//! The same lock gives the same bytes: there is no time and nothing random in it, and all lists are sorted. What it says
//! of a release is what the lock claims, with the checkpoint that it was solved at as evidence, so that whoever reads the
//! bill can ask the registry's log. Only these fields of the format are written; `docs/decisions/own-sbom.md` says why
//! no library is used.

use std::collections::{BTreeMap, BTreeSet};

use resolver::lockfile::{LockedPackage, Lockfile};
use serde::Serialize;
use transparency::digest::Digest;
use transparency::selection::Selection;

use crate::shell::clean_json;

/// What the bill is about: a member, a workspace, or a bundle.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Subject {
    /// Its name.
    pub name: String,
    /// Its version, where it has one.
    pub version: Option<String>,
    /// The SHA-256 of its bytes, where these are known.
    pub digest: Option<Digest>,
    /// What it requires, as selected.
    pub direct: BTreeSet<Selection>,
}

/// What goes into a bill.
#[derive(Debug)]
pub struct Materials<'l> {
    /// The lock.
    pub lock: &'l Lockfile,
    /// Whether it is not what the workspace asks for any more.
    pub stale: bool,
    /// What the bill is about; with several members, the workspace, and they are among the components.
    pub subject: Subject,
    /// The members, where there are several.
    pub members: Vec<Subject>,
    /// What each package depends on, as selected.
    pub edges: BTreeMap<Selection, BTreeSet<Selection>>,
}

/// A whole bill.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
#[expect(clippy::struct_field_names, reason = "the format calls it `bomFormat`")]
pub struct Bom {
    bom_format: &'static str,
    spec_version: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    serial_number: Option<String>,
    version: u32,
    metadata: Metadata,
    components: Vec<Component>,
    dependencies: Vec<Dependency>,
}

#[derive(Debug, Clone, Serialize)]
struct Metadata {
    tools: Tools,
    component: Component,
    properties: Vec<Property>,
}

#[derive(Debug, Clone, Serialize)]
struct Tools {
    components: Vec<Component>,
}

#[derive(Debug, Clone, Default, Serialize)]
#[serde(rename_all = "kebab-case")]
struct Component {
    r#type: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    bom_ref: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    group: Option<String>,
    name: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    version: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    scope: Option<&'static str>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    hashes: Vec<HashOf>,
    #[serde(skip_serializing_if = "Option::is_none")]
    purl: Option<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    properties: Vec<Property>,
}

#[derive(Debug, Clone, Serialize)]
struct HashOf {
    alg: &'static str,
    content: String,
}

#[derive(Debug, Clone, Serialize)]
struct Property {
    name: &'static str,
    value: String,
}

#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
struct Dependency {
    r#ref: String,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    depends_on: Vec<String>,
}

impl Bom {
    /// Writes down what a lock says.
    pub fn of(materials: &Materials<'_>) -> Self {
        let Materials {
            lock,
            subject,
            members,
            edges,
            ..
        } = materials;
        let mut reached: BTreeSet<&Selection> = BTreeSet::new();
        let mut ahead: Vec<&Selection> = Vec::new();
        for one in members.iter().chain([subject]) {
            ahead.extend(&one.direct);
        }
        while let Some(selection) = ahead.pop() {
            if reached.insert(selection) {
                ahead.extend(edges.get(selection).into_iter().flatten());
            }
        }
        // A member may be called as the whole is.
        let about = match members.as_slice() {
            [] => subject_ref(subject),
            _ => format!("workspace:{}", subject.name),
        };
        let mut dependencies = vec![Dependency {
            r#ref: about.clone(),
            depends_on: if members.is_empty() {
                refs(&subject.direct)
            } else {
                members.iter().map(subject_ref).collect()
            },
        }];
        dependencies.extend(members.iter().map(|member| Dependency {
            r#ref: subject_ref(member),
            depends_on: refs(&member.direct),
        }));
        dependencies.extend(reached.iter().map(|selection| Dependency {
            r#ref: package_ref(selection),
            depends_on: edges.get(*selection).map(refs).unwrap_or_default(),
        }));
        let packages = reached.iter().filter_map(|selection| {
            let package = lock.packages.get(*selection)?;
            Some(package_component(selection, package, lock))
        });
        let mut bom = Self {
            bom_format: "CycloneDX",
            spec_version: "1.5",
            serial_number: None,
            version: 1,
            metadata: Metadata {
                tools: Tools {
                    components: vec![Component {
                        r#type: "application",
                        name: "cargo-warg".to_owned(),
                        version: Some(env!("CARGO_PKG_VERSION").to_owned()),
                        ..Component::default()
                    }],
                },
                component: subject_component(subject, about),
                properties: properties(materials),
            },
            components: members
                .iter()
                .map(|member| subject_component(member, subject_ref(member)))
                .chain(packages)
                .collect(),
            dependencies,
        };
        bom.serial_number = Some(serial_number(&bom.to_string()));
        bom
    }

    /// How many components it lists.
    pub fn components(&self) -> usize {
        self.components.len()
    }
}

impl std::fmt::Display for Bom {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        // Strings, numbers and lists alone: nothing of it can fail to be written.
        let text = serde_json::to_string_pretty(self).map_err(|_| std::fmt::Error)?;
        // A bundle's root may be called anything. Written out as JSON does, it still reads where it is printed.
        for (position, line) in text.lines().enumerate() {
            let end = if position == 0 { "" } else { "\n" };
            write!(f, "{end}{}", clean_json(line))?;
        }
        Ok(())
    }
}

/// A UUID of the kind that is free to use (8, RFC 9562), from the digest of the bill without it.
fn serial_number(bill: &str) -> String {
    let digest = Digest::of(bill.as_bytes()).hex();
    let mut hex: Vec<char> = digest.chars().take(32).collect();
    let of_variant = |c: char| match c.to_digit(16).unwrap_or(0) % 4 {
        0 => '8',
        1 => '9',
        2 => 'a',
        _ => 'b',
    };
    if let Some(version) = hex.get_mut(12) {
        *version = '8';
    }
    if let Some(variant) = hex.get_mut(16) {
        *variant = of_variant(*variant);
    }
    let mut uuid = "urn:uuid:".to_owned();
    for (position, c) in hex.into_iter().enumerate() {
        if [8, 12, 16, 20].contains(&position) {
            uuid.push('-');
        }
        uuid.push(c);
    }
    uuid
}

fn properties(materials: &Materials<'_>) -> Vec<Property> {
    let text = materials.lock.to_string();
    let mut properties = vec![Property {
        name: "cargo-warg:lock",
        value: Digest::of(text.as_bytes()).to_string(),
    }];
    if materials.stale {
        properties.push(Property {
            name: "cargo-warg:stale",
            value: "true".to_owned(),
        });
    }
    properties
}

fn subject_ref(subject: &Subject) -> String {
    format!("root:{}", subject.name)
}

fn package_ref(selection: &Selection) -> String {
    format!(
        "{}:{}@{}",
        selection.kind, selection.name, selection.version
    )
}

fn refs(selections: &BTreeSet<Selection>) -> Vec<String> {
    selections.iter().map(package_ref).collect()
}

fn sha256(digest: &Digest) -> HashOf {
    HashOf {
        alg: "SHA-256",
        content: digest.hex(),
    }
}

fn subject_component(subject: &Subject, bom_ref: String) -> Component {
    Component {
        r#type: "application",
        bom_ref: Some(bom_ref),
        name: subject.name.clone(),
        version: subject.version.clone(),
        hashes: subject.digest.iter().map(sha256).collect(),
        ..Component::default()
    }
}

fn package_component(selection: &Selection, package: &LockedPackage, lock: &Lockfile) -> Component {
    let property = |name, value: String| Property { name, value };
    let mut properties = vec![property("cargo-warg:kind", selection.kind.to_string())];
    let release = package.release.as_ref();
    if let Some(release) = release {
        properties.push(property("cargo-warg:origin", release.origin.to_string()));
        properties.push(property("cargo-warg:record", release.record.to_string()));
        properties.push(property("cargo-warg:index", release.index.to_string()));
        if let Some(checkpoint) = lock.registries.get(&release.origin) {
            properties.push(property("cargo-warg:size", checkpoint.size.to_string()));
            properties.push(property("cargo-warg:root", checkpoint.root.base64()));
            let digest = checkpoint.digest().to_string();
            properties.push(property("cargo-warg:checkpoint", digest));
        }
    } else {
        properties.push(property("cargo-warg:local", "true".to_owned()));
    }
    Component {
        r#type: "library",
        bom_ref: Some(package_ref(selection)),
        group: Some(selection.name.namespace().to_string()),
        name: selection.name.name().to_owned(),
        version: Some(selection.version.to_string()),
        scope: Some("required"),
        hashes: release.iter().map(|one| sha256(&one.digest)).collect(),
        purl: release.map(|release| {
            // No type of package URL is registered for these registries, and readers refuse types that they do not know.
            format!(
                "pkg:generic/{}/{}@{}?checksum={}&repository_url={}",
                selection.name.namespace(),
                selection.name.name(),
                encoded(&selection.version.to_string()),
                release.digest,
                encoded(release.origin.as_str())
            )
        }),
        properties,
    }
}

/// A text in a package URL: all but its unreserved characters and colons percent-encoded.
fn encoded(text: &str) -> String {
    let mut encoded = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b".-_~:".contains(&byte) {
            encoded.push(char::from(byte));
        } else {
            encoded.extend([format!("%{byte:02X}")]);
        }
    }
    encoded
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_serial_number_is_a_uuid_of_version_8() {
        let number = serial_number("a bill");
        let uuid = number.strip_prefix("urn:uuid:").unwrap_or_default();
        let lengths: Vec<_> = uuid.split('-').map(str::len).collect();
        assert_eq!(lengths, [8, 4, 4, 4, 12]);
        assert_eq!(uuid.chars().nth(14), Some('8'));
        assert!(uuid.chars().nth(19).is_some_and(|c| "89ab".contains(c)));
        assert_eq!(number, serial_number("a bill"));
        assert_ne!(number, serial_number("another"));
    }

    #[test]
    fn a_member_that_is_called_workspace_is_not_the_workspace() {
        let subject = |name: &str| Subject {
            name: name.to_owned(),
            version: None,
            digest: None,
            direct: BTreeSet::new(),
        };
        let lock = Lockfile {
            options: resolver::problem::Options::default(),
            solver: resolver::lockfile::SOLVER,
            registries: BTreeMap::new(),
            roots: BTreeMap::new(),
            packages: BTreeMap::new(),
        };
        let bom = Bom::of(&Materials {
            lock: &lock,
            stale: false,
            subject: subject("workspace"),
            members: vec![subject("app"), subject("workspace")],
            edges: BTreeMap::new(),
        });
        let refs: Vec<_> = bom.dependencies.iter().map(|one| &one.r#ref).collect();
        assert_eq!(refs, ["workspace:workspace", "root:app", "root:workspace"]);
        let about = bom.metadata.component.bom_ref.as_ref();
        assert_eq!(about, Some(refs[0]));
        assert!(
            bom.components
                .iter()
                .all(|one| one.bom_ref.as_ref() != about)
        );
    }

    #[test]
    fn what_a_package_url_reserves_is_encoded() {
        assert_eq!(encoded("1.0.0-rc.1+b_2"), "1.0.0-rc.1%2Bb_2");
        assert_eq!(
            encoded("registry.example:8080/a b"),
            "registry.example:8080%2Fa%20b"
        );
    }
}
