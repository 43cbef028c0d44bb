#![expect(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]

use std::fs;

use super::super::tests::with_locations;
use super::*;

/// A manifest in a folder of its own.
struct Manifest {
    folder: tempfile::TempDir,
}

impl Manifest {
    fn new(text: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("Cargo.toml"), text).unwrap();
        Self { folder }
    }

    fn path(&self) -> PathBuf {
        self.folder.path().join("Cargo.toml")
    }

    fn text(&self) -> String {
        fs::read_to_string(self.path()).unwrap()
    }

    fn edit(&self) -> ManifestEdit {
        ManifestEdit::open(&self.path(), self.folder.path()).unwrap()
    }
}

/// What a change makes of a text. Doing it again must change nothing, and the result must parse.
fn after(text: &str, verb: impl Fn(&mut ManifestEdit) -> Result<bool, ManifestError>) -> String {
    let manifest = Manifest::new(text);
    let mut edit = manifest.edit();
    let changed = verb(&mut edit).unwrap();
    assert_eq!(edit.save().unwrap(), changed, "{text}");
    let after = manifest.text();
    assert_eq!(after != text, changed, "{text}\n---\n{after}");
    after.parse::<DocumentMut>().unwrap();
    let mut again = manifest.edit();
    assert!(!verb(&mut again).unwrap(), "not idempotent:\n{after}");
    assert!(!again.save().unwrap());
    after
}

fn name(text: &str) -> PackageName {
    text.parse().unwrap()
}

fn wants<'a>(kind: Kind, alias: &'a PackageName, requirement: &'a str) -> NewDependency<'a> {
    NewDependency {
        kind,
        alias,
        package: None,
        requirement: Some(requirement),
        path: None,
        registry: None,
    }
}

fn add(text: &str, package: &str, requirement: &str) -> String {
    let package = name(package);
    after(text, |edit| {
        edit.set_dependency(&wants(Kind::Component, &package, requirement))
    })
}

fn add_wit(text: &str, package: &str, requirement: &str) -> String {
    let package = name(package);
    after(text, |edit| {
        edit.set_dependency(&wants(Kind::Wit, &package, requirement))
    })
}

const PACKAGE: &str = "[package]\nname = \"app\"\n\n[dependencies]\nserde = \"1\"\n";

#[test]
fn init_adds_the_tables_once_and_before_what_follows_the_package() {
    let app = name("acme:app");
    assert_eq!(
        after(PACKAGE, |edit| edit.init_package(Some(&app))),
        r#"[package]
name = "app"

[package.metadata.warg]
package = "acme:app"

[package.metadata.warg.dependencies]

[package.metadata.warg.wit-dependencies]

[dependencies]
serde = "1"
"#
    );
    assert_eq!(
        after(PACKAGE, |edit| edit.init_package(None)),
        r#"[package]
name = "app"

[package.metadata.warg]

[package.metadata.warg.dependencies]

[package.metadata.warg.wit-dependencies]

[dependencies]
serde = "1"
"#
    );
    assert_eq!(
        after("[workspace]\nmembers = []\n", ManifestEdit::init_workspace),
        "[workspace]\nmembers = []\n\n[workspace.metadata.warg]\n"
    );
}

#[test]
fn init_keeps_what_is_there() {
    let other = name("acme:other");
    let text = "[package]\nname = \"app\"\n[package.metadata.warg]\npackage = \"acme:app\" # mine\n[package.metadata.warg.dependencies]\n\"a:b\" = \"1\"\n[package.metadata.warg.wit-dependencies]\n";
    assert_eq!(after(text, |edit| edit.init_package(Some(&other))), text);
    for text in [
        "[package]\nname = \"app\"\nmetadata.warg = { package = \"acme:app\" }\n",
        "[package]\nname = \"app\"\n[package.metadata]\nwarg.package = \"acme:app\"\n",
        "[package]\nname = \"app\"\n[package.metadata.warg.dependencies]\n\"a:b\" = \"1\"\n",
    ] {
        let after = after(text, |edit| edit.init_package(None));
        assert!(after.starts_with(text.trim_end_matches(" }\n")), "{after}");
    }
}

#[test]
fn a_new_dependency_makes_its_table_where_it_is_missing() {
    assert_eq!(
        add(PACKAGE, "acme:logger", "1.2"),
        r#"[package]
name = "app"

[package.metadata.warg.dependencies]
"acme:logger" = "1.2"

[dependencies]
serde = "1"
"#
    );
    assert!(
        add_wit(PACKAGE, "wasi:http", "0.2.12")
            .contains("\n[package.metadata.warg.wit-dependencies]\n\"wasi:http\" = \"0.2.12\"\n")
    );
}

#[test]
fn a_sorted_table_stays_sorted_and_another_gets_the_new_key_last() {
    let table = |lines: &str| format!("[package.metadata.warg.dependencies]\n{lines}");
    for (before, after) in [
        ("", "\"m:m\" = \"1\"\n"),
        (
            "# first\n\"a:a\" = \"1\" # a\n# last\n\"z:z\" = '2' # z\n",
            "# first\n\"a:a\" = \"1\" # a\n\"m:m\" = \"1\"\n# last\n\"z:z\" = '2' # z\n",
        ),
        (
            "\"z:z\" = \"2\"\n\n# low\n\"a:a\" = \"1\"\n",
            "\"z:z\" = \"2\"\n\n# low\n\"a:a\" = \"1\"\n\"m:m\" = \"1\"\n",
        ),
    ] {
        assert_eq!(add(&table(before), "m:m", "1"), table(after));
    }
}

#[test]
fn a_stated_dependency_changes_where_it_stands_and_keeps_the_rest() {
    for (before, after) in [
        ("\"a:b\"  =  \"1\"  # why\n", "\"a:b\"  =  \"2\"  # why\n"),
        ("\"a:b\" = '1'\n", "\"a:b\" = \"2\"\n"),
        (
            "\"a:b\" = { path = \"../b\", version = \"1\" } # why\n",
            "\"a:b\" = { path = \"../b\", version = \"2\" } # why\n",
        ),
        (
            "\"a:b\" = { path = \"../b\" }\n",
            "\"a:b\" = { path = \"../b\", version = \"2\" }\n",
        ),
        ("\"a:b\".version = \"1\"\n", "\"a:b\".version = \"2\"\n"),
        (
            "[package.metadata.warg.dependencies.\"a:b\"]\n# why\nversion = \"1\" # x\n",
            "[package.metadata.warg.dependencies.\"a:b\"]\n# why\nversion = \"2\" # x\n",
        ),
    ] {
        let head = "[package]\n\n# ours\n[package.metadata.warg.dependencies]\n\"z:z\" = \"1\"\n";
        let changed = add(&format!("{head}{before}\n# end\n"), "a:b", "2");
        assert_eq!(changed, format!("{head}{after}\n# end\n"));
    }
}

#[test]
fn inline_and_dotted_tables_keep_their_style() {
    for (before, after) in [
        (
            "[package]\nmetadata = { warg = { dependencies = { \"a:b\" = \"1\" } } } # x\n",
            "[package]\nmetadata = { warg = { dependencies = { \"a:b\" = \"1\", \"m:m\" = \"1\" } } } # x\n",
        ),
        (
            "[package]\nmetadata.warg = { package = \"a:b\" }\n",
            "[package]\nmetadata.warg = { package = \"a:b\", dependencies = { \"m:m\" = \"1\" } }\n",
        ),
        (
            "[package.metadata]\nwarg.dependencies.\"a:b\" = \"1\"\nz = 1\n",
            "[package.metadata]\nwarg.dependencies.\"a:b\" = \"1\"\nwarg.dependencies.\"m:m\" = \"1\"\nz = 1\n",
        ),
        (
            "[package.metadata.warg]\ndependencies = {}\n",
            "[package.metadata.warg]\ndependencies = { \"m:m\" = \"1\" }\n",
        ),
    ] {
        assert_eq!(add(before, "m:m", "1"), after);
    }
}

#[test]
fn a_table_of_tables_takes_a_plain_entry_too() {
    let text =
        "[package]\n\n[package.metadata.warg.dependencies.\"a:b\"]\nversion = \"1\"\n\n[lib]\n";
    let after = add(text, "m:m", "1");
    assert_eq!(
        after,
        "[package]\n\n[package.metadata.warg.dependencies]\n\"m:m\" = \"1\"\n\n[package.metadata.warg.dependencies.\"a:b\"]\nversion = \"1\"\n\n[lib]\n"
    );
}

#[test]
fn a_renamed_dependency_with_path_and_registry_is_written_as_a_table() {
    let (alias, package) = (name("my:alias"), name("foo:bar"));
    let acme = Alias::parse("acme").unwrap();
    let new = NewDependency {
        kind: Kind::Component,
        alias: &alias,
        package: Some(&package),
        requirement: Some("1.2"),
        path: Some("../bar"),
        registry: Some(&acme),
    };
    assert!(after(PACKAGE, |edit| edit.set_dependency(&new)).contains(
        "\"my:alias\" = { package = \"foo:bar\", version = \"1.2\", path = \"../bar\", registry = \"acme\" }\n"
    ));
    let new = NewDependency {
        package: None,
        requirement: None,
        path: None,
        ..new
    };
    let text = "[package.metadata.warg.dependencies]\n\"my:alias\" = \"1.2\" # why\n";
    assert_eq!(
        after(text, |edit| edit.set_dependency(&new)),
        "[package.metadata.warg.dependencies]\n\"my:alias\" = { version = \"1.2\", registry = \"acme\" } # why\n"
    );
}

#[test]
fn a_dependency_of_cargo_component_changes_where_it_stands() {
    for (before, after) in [
        (
            "[package.metadata.component]\ntarget = \"wasi:http/proxy@0.2.0\" # world\n",
            "[package.metadata.component]\ntarget = \"wasi:http/proxy@0.2.3\" # world\n",
        ),
        (
            "[package.metadata.component.target]\npackage = \"wasi:http\"\nversion = \"0.2.0\"\nworld = \"proxy\"\n",
            "[package.metadata.component.target]\npackage = \"wasi:http\"\nversion = \"0.2.3\"\nworld = \"proxy\"\n",
        ),
        (
            "[package.metadata.component.target.dependencies]\n\"wasi:http\" = { version = \"0.2.0\", registry = \"r\" }\n",
            "[package.metadata.component.target.dependencies]\n\"wasi:http\" = { version = \"0.2.3\", registry = \"r\" }\n",
        ),
        (
            "[package.metadata.component.target.dependencies]\n\"wasi:http\" = \"0.2\"\n[package.metadata.warg.wit-dependencies]\n\"wasi:http\" = \"0.2\"\n",
            "[package.metadata.component.target.dependencies]\n\"wasi:http\" = \"0.2.3\"\n[package.metadata.warg.wit-dependencies]\n\"wasi:http\" = \"0.2.3\"\n",
        ),
        (
            "[package.metadata.component]\ntarget = \"wasi:cli@0.2.0\"\n",
            "[package.metadata.component]\ntarget = \"wasi:cli@0.2.0\"\n\n[package.metadata.warg.wit-dependencies]\n\"wasi:http\" = \"0.2.3\"\n",
        ),
    ] {
        assert_eq!(add_wit(before, "wasi:http", "0.2.3"), after);
    }
    assert_eq!(
        add(
            "[package.metadata.component.dependencies]\n\"a:b\" = \"1\"\n",
            "a:b",
            "2"
        ),
        "[package.metadata.component.dependencies]\n\"a:b\" = \"2\"\n"
    );
}

fn add_registry(text: &str, alias: &str, url: &str, namespaces: &[&str]) -> String {
    let alias = Alias::parse(alias).unwrap();
    let namespaces: Vec<Namespace> = namespaces.iter().map(|one| one.parse().unwrap()).collect();
    after(text, |edit| {
        edit.add_registry(&NewRegistry {
            alias: &alias,
            url,
            policy: "trust/x.policy",
            namespaces: &namespaces,
        })
    })
}

#[test]
fn a_registry_goes_to_the_workspace_or_to_the_single_package() {
    let lines = |owner: &str| {
        format!(
            "\n[{owner}.metadata.warg.registries]\nwasi = {{ url = \"../r\", policy = \"trust/x.policy\" }}\n\n[{owner}.metadata.warg.namespaces]\nother = \"wasi\"\nwasi = \"wasi\"\n"
        )
    };
    let package = "[package]\nname = \"app\"\n";
    assert_eq!(
        add_registry(package, "wasi", "../r", &["wasi", "other"]),
        format!("{package}{}", lines("package"))
    );
    let workspace = "[workspace]\nmembers = []\n";
    assert_eq!(
        add_registry(workspace, "wasi", "../r", &["wasi", "other"]),
        format!("{workspace}{}", lines("workspace"))
    );
    let both = format!("{package}\n{workspace}");
    let one = add_registry(&both, "wasi", "../r", &["wasi", "other"]);
    assert_eq!(one, format!("{both}{}", lines("workspace")));
    let two = add_registry(&one, "acme", "https://r.example", &["acme"]);
    assert!(two.contains(
        "registries]\nacme = { url = \"https://r.example\", policy = \"trust/x.policy\" }\nwasi = {"
    ));
    assert!(two.contains("namespaces]\nacme = \"acme\"\nother = \"wasi\"\nwasi = \"wasi\"\n"));
}

#[test]
fn a_registry_or_namespace_that_is_taken_is_refused_with_its_location() {
    let text = "[package]\n[package.metadata.warg]\nregistries.wasi = { url = \"../r\", policy = \"trust/x.policy\" }\nnamespaces.wasi = \"wasi\"\n";
    let manifest = Manifest::new(text);
    let refused = |alias: &str, url: &str| {
        let alias = Alias::parse(alias).unwrap();
        let mut edit = manifest.edit();
        let new = NewRegistry {
            alias: &alias,
            url,
            policy: "trust/x.policy",
            namespaces: &["wasi".parse().unwrap()],
        };
        with_locations(&edit.add_registry(&new).unwrap_err())
    };
    assert_eq!(
        refused("wasi", "../other"),
        "Cargo.toml:3:12: there is a registry `wasi` already, and it is another"
    );
    assert!(refused("acme", "../other").ends_with(
        "Cargo.toml:4:12: the namespace `wasi` belongs to two registries, `wasi` and `acme`"
    ));
    assert_eq!(manifest.text(), text);
    add_registry(text, "wasi", "../r", &["wasi"]);
}

#[test]
fn what_is_no_table_is_refused_with_its_location() {
    for (text, message) in [
        (
            "[package.metadata]\nwarg = 3\n",
            "Cargo.toml:2:1: `package.metadata.warg` must be a table, and is an integer",
        ),
        (
            "[package.metadata.warg]\ndependencies = []\n",
            "Cargo.toml:2:1: `package.metadata.warg.dependencies` must be a table, and is an array",
        ),
    ] {
        let package = name("a:b");
        let manifest = Manifest::new(text);
        let error = manifest
            .edit()
            .set_dependency(&wants(Kind::Component, &package, "1"))
            .unwrap_err();
        assert_eq!(with_locations(&error), message);
    }
}

#[test]
fn line_endings_marks_and_missing_last_lines_are_kept() {
    let text =
        "[package]\nname = \"app\" # é\n\n[package.metadata.warg.dependencies]\n\"z:z\" = \"1\"\n";
    let expected = add(text, "a:b", "1");
    let crlf = |text: &str| text.replace('\n', "\r\n");
    assert_eq!(add(&crlf(text), "a:b", "1"), crlf(&expected));
    let marked = |text: &str| format!("\u{feff}{text}");
    assert_eq!(
        add(&marked(&crlf(text)), "a:b", "1"),
        marked(&crlf(&expected))
    );
    let (path, root) = (Path::new("/w/Cargo.toml"), Path::new("/w"));
    assert!(ManifestEdit::parse(path, root, marked(&marked(text))).is_err());
    let twice = text.replacen('\n', "\r\r\n", 1);
    assert!(ManifestEdit::parse(path, root, twice).is_err());
    let comment = format!("{text}# two returns\r\r\n");
    assert!(ManifestEdit::parse(path, root, comment).is_err());
    assert_eq!(add(text.trim_end(), "a:b", "1"), expected);
    // A change that changes nothing leaves even mixed endings alone.
    let mixed = text.replacen('\n', "\r\n", 2);
    assert_eq!(add(&mixed, "z:z", "1"), mixed);
    // Nor does it end a last line, which the printer would after a table's header.
    for open in ["[package]", "[package]\nname = \"app\""] {
        let edit = ManifestEdit::parse(path, root, open.to_owned()).unwrap();
        assert_eq!(edit.text(), open);
    }
}

#[test]
fn saving_keeps_permissions_and_links_and_leaves_nothing_behind() {
    let manifest = Manifest::new(PACKAGE);
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        fs::set_permissions(manifest.path(), fs::Permissions::from_mode(0o640)).unwrap();
        let link = manifest.folder.path().join("link");
        std::os::unix::fs::symlink(manifest.path(), &link).unwrap();
        let mut edit = ManifestEdit::open(&link, manifest.folder.path()).unwrap();
        edit.init_package(None).unwrap();
        assert!(edit.save().unwrap());
        assert!(fs::symlink_metadata(&link).unwrap().is_symlink());
        let mode = fs::metadata(manifest.path()).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o640);
        fs::remove_file(link).unwrap();
        assert!(manifest.text().contains("warg"));
    }
    assert_eq!(fs::read_dir(manifest.folder.path()).unwrap().count(), 1);
}

#[test]
fn a_file_that_changed_meanwhile_or_is_read_only_is_left_alone() {
    let manifest = Manifest::new(PACKAGE);
    let mut edit = manifest.edit();
    edit.init_package(None).unwrap();
    fs::write(manifest.path(), "[package]\nname = \"other\"\n").unwrap();
    assert!(matches!(edit.save(), Err(ManifestError::Changed { .. })));
    assert_eq!(manifest.text(), "[package]\nname = \"other\"\n");

    fs::write(manifest.path(), PACKAGE).unwrap();
    let mut permissions = fs::metadata(manifest.path()).unwrap().permissions();
    permissions.set_readonly(true);
    fs::set_permissions(manifest.path(), permissions).unwrap();
    assert!(matches!(edit.save(), Err(ManifestError::Write { .. })));
    assert_eq!(manifest.text(), PACKAGE);
}

#[test]
fn a_change_can_be_taken_back_byte_for_byte() {
    let text = PACKAGE.replacen('\n', "\r\n", 1);
    let manifest = Manifest::new(&text);
    let mut edit = manifest.edit();
    edit.init_package(None).unwrap();
    assert!(edit.save().unwrap());
    assert_ne!(manifest.text(), text);
    edit.revert().unwrap();
    assert_eq!(manifest.text(), text);
    manifest.edit().revert().unwrap();
    assert_eq!(manifest.text(), text, "nothing to take back");
}
