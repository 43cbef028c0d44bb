//! Which package a mistyped name may have been meant to be, of those that this machine knows of anyway: no registry is asked,
//! and nothing is believed of a name that is suggested.

use transparency::name::{Namespace, PackageName};

use crate::spec::nearest;

/// The suggestion, where a name is near: in the same namespace, or of the same name in a namespace that is written alike.
pub(in crate::ops) fn did_you_mean<'a>(
    name: &PackageName,
    known: impl IntoIterator<Item = &'a PackageName>,
) -> Option<String> {
    let known: Vec<_> = known.into_iter().filter(|one| *one != name).collect();
    let (namespace, package) = (name.namespace(), name.name());
    let beside = known.iter().filter(|one| one.namespace() == namespace);
    let alike = nearest(package, beside.map(|one| one.name()))
        .map(|near| (namespace.as_str().to_owned(), near));
    let elsewhere = || {
        let namesakes = known.iter().filter(|one| one.name() == package);
        let namespaces: Vec<_> = namesakes.map(|one| one.namespace()).collect();
        let near = nearest(namespace.as_str(), namespaces.iter().map(Namespace::as_str))?;
        Some((near.to_owned(), package))
    };
    let (namespace, package) = alike.or_else(elsewhere)?;
    Some(format!("did you mean `{namespace}:{package}`?"))
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_near_in_its_namespace_or_in_one_that_is_written_alike() {
        let known = ["acme:logger", "acme:io", "wasi:http"];
        let known = known.map(|name| name.parse::<PackageName>().unwrap());
        for (name, meant) in [
            ("acme:loger", Some("did you mean `acme:logger`?")),
            ("acem:logger", Some("did you mean `acme:logger`?")),
            ("acme:iq", Some("did you mean `acme:io`?")),
            ("acme:ab", None),
            ("acme:http", None),
            ("acme:logger", None),
        ] {
            assert_eq!(
                did_you_mean(&name.parse().unwrap(), &known).as_deref(),
                meant,
                "{name}"
            );
        }
    }
}
