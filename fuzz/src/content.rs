//! Contents: components, WIT packages in both forms.

use std::path::Path;

use component::content::{Interface, kind_of};
use component::derived::derive;
use component::wit::binary::Decoded;
use component::wit::text::{Group, Groups};
use transparency::content::Derived;
use transparency::name::Kind;

pub(crate) fn component(data: &[u8]) {
    let kind = kind_of(data);
    let derived = derive(data);
    if kind.is_err() {
        assert!(derived.is_err());
        return;
    }
    let interface = Interface::of_component(data);
    match derived {
        Ok(Derived::Component { imports, exports }) => {
            assert_eq!(kind.ok(), Some(Kind::Component));
            let interface = interface.expect("it was derived");
            assert_eq!((interface.imports, interface.exports), (imports, exports));
        }
        Ok(Derived::Wit { .. }) => assert!(interface.is_err()),
        Err(error) => drop(error.to_string()),
    }
}

pub(crate) fn wit_binary(data: &[u8]) {
    let Ok(decoded) = Decoded::open(data) else {
        return;
    };
    let requirements = decoded.requirements();
    let (Ok(requirements), Ok(text)) = (requirements, decoded.print()) else {
        return;
    };
    // What may be released can be written into wit/deps, and says the same there.
    let group = Group::parse(Path::new("package.wit"), &text).expect("it was parsed as a check");
    assert_eq!(group.name(), decoded.name());
    assert!(
        requirements
            .iter()
            .all(|one| one.kind == Kind::Wit && one.req.track().is_some())
    );
}

pub(crate) fn wit_text(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else {
        return;
    };
    let group = match Group::parse(Path::new("root.wit"), text) {
        Ok(group) => group,
        Err(error) => return drop(error.to_string()),
    };
    let lines = text.lines().count();
    for reference in group.references() {
        if let Some(location) = &reference.location {
            assert!(location.line() <= lines + 1);
        }
        assert!(reference.extern_name().contains(':'));
        drop(group.lacks(&reference));
    }
    let mut groups = Groups::default();
    if groups.insert(group.clone()).is_err() {
        return;
    }
    assert!(groups.insert(group.clone()).is_err(), "the same twice");
    drop(groups.check());
    drop(groups.resolve(group.name()));
}
