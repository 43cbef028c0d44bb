//! What cannot be changed of a package that is there.

use super::Case;
use super::stage::{Shown, Stage};

fn yank(s: &Stage, code: i32, release: &str) -> Shown {
    s.founded();
    s.fails(code, &["yank", release, "--reason", "wrong"])
}

pub(super) const CASES: &[Case] = &[
    Case {
        shows: &["AppendError::NoVersion"],
        title: "a version that is not there",
        run: |s| yank(s, 11, "acme:logger@7.0.0"),
    },
    Case {
        shows: &[],
        title: "a package that is not there",
        run: |s| yank(s, 11, "acme:loger@1.0.0"),
    },
    Case {
        shows: &["AppendError::OtherReason"],
        title: "a release that is yanked for another reason",
        run: |s| {
            s.founded()
                .does(&["yank", "acme:logger@1.0.0", "--reason", "leaks"]);
            s.fails(13, &["yank", "acme:logger@1.0.0", "--reason", "wrong"])
        },
    },
    Case {
        shows: &["AppendError::LastOwner"],
        title: "the last owner",
        run: |s| {
            s.founded();
            s.fails(13, &["revoke", "acme:logger", "acme/ci", "own"])
        },
    },
    Case {
        shows: &["AppendError::Implied"],
        title: "a permission that an owner has anyway",
        run: |s| {
            s.founded();
            s.fails(13, &["revoke", "acme:logger", "acme/ci", "release"])
        },
    },
    Case {
        shows: &[],
        title: "a key that is not known",
        run: |s| {
            s.founded();
            s.fails(2, &["grant", "acme:logger", "bob", "release"])
        },
    },
    Case {
        shows: &[],
        title: "a recovery that gives less than all",
        run: |s| {
            s.founded();
            s.fails(
                2,
                &["grant", "acme:logger", "acme/ci", "release", "--recover"],
            )
        },
    },
    Case {
        shows: &[],
        title: "a change without the network",
        run: |s| {
            s.founded();
            s.fails(
                2,
                &[
                    "yank",
                    "acme:logger@1.0.0",
                    "--reason",
                    "wrong",
                    "--offline",
                ],
            )
        },
    },
    Case {
        shows: &[],
        title: "several keys of one name",
        run: |s| {
            s.founded();
            let secrets = s.app.secrets();
            let name = secrets[1].split('+').nth(2).unwrap().to_owned();
            let said = s.app.warg(&["grant", "acme:logger", &name, "release"]);
            s.shown(2, &said, "grant acme:logger ORIGIN release")
        },
    },
    Case {
        shows: &[],
        title: "update: a version for several packages",
        run: |s| {
            s.fails(
                2,
                &["update", "acme:clock", "acme:logger", "--precise", "1.0.0"],
            )
        },
    },
    Case {
        shows: &[],
        title: "update: a version that a requirement does not allow",
        run: |s| {
            s.depends("\"acme:clock\" = \"1.1\"").does(&["lock"]);
            s.fails(11, &["update", "acme:clock", "--precise", "1.0.0"])
        },
    },
    Case {
        shows: &[],
        title: "remove: a package that is not a dependency",
        run: |s| {
            s.depends("\"acme:clock\" = \"1.1\"");
            s.fails(2, &["remove", "acme:clok"])
        },
    },
    Case {
        shows: &[],
        title: "vendor: a folder with something else in it",
        run: |s| {
            s.depends("\"acme:clock\" = \"1.1\"")
                .does(&["lock"])
                .write("vendor/mine", "");
            s.fails(2, &["vendor", "vendor"])
        },
    },
    #[cfg(unix)]
    Case {
        shows: &[],
        title: "vendor: a link in the folder",
        run: |s| {
            s.depends("\"acme:clock\" = \"1.1\"")
                .does(&["vendor"])
                .link("vendor/warg/content/elsewhere", "elsewhere");
            s.fails(2, &["vendor"])
        },
    },
];
