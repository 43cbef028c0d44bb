//! Folders of WIT, published.

use cargo_warg::error::Classify as _;
use cargo_warg::wit::root;
use component::content::kind_of;
use component::wit::binary::Decoded;
use component::wit::publish::PublishError;
use transparency::name::Kind;

use crate::world::{folder, read_package, told, version, write};

#[test]
fn a_folder_becomes_a_package_with_requirements() {
    let dir = folder(&[
        (
            "wit/api.wit",
            "package acme:logger@1.2.0;\ninterface api { use wasi:io/streams@0.2.3.{output-stream}; use acme:level/l@0.3.0-rc.1.{level}; log: func(to: borrow<output-stream>, at: level); }\n",
        ),
        (
            "wit/deps/io/streams.wit",
            "package wasi:io@0.2.3;\ninterface streams { use error.{error}; resource output-stream; }\n",
        ),
        (
            "wit/deps/io/error.wit",
            "interface error { resource error; }\n",
        ),
        (
            "wit/deps/level.wit",
            "package acme:level@0.3.0-rc.1;\ninterface l { use acme:deep/d@9.0.0.{d}; type level = d; }\n",
        ),
        (
            "wit/deps/deep.wit",
            "package acme:deep@9.0.0;\ninterface d { type d = u32; }\n",
        ),
        (
            "wit/deps/broken-but-unused.wit",
            "package a:b;\ninterface i { use c:d/e.{f}; }\n",
        ),
    ]);
    let package = read_package(&dir.path().join("wit")).unwrap();
    assert_eq!(package.name.as_str(), "acme:logger");
    assert_eq!(package.version, version("1.2.0"));
    let requirements: Vec<_> = package
        .requirements
        .iter()
        .map(ToString::to_string)
        .collect();
    assert_eq!(
        requirements,
        ["wit acme:level =0.3.0-rc.1", "wit wasi:io ^0.2.3"]
    );
    assert_eq!(kind_of(&package.bytes).unwrap(), Kind::Wit);

    let beside = read_package(&dir.path().join("wit/deps/level.wit")).unwrap();
    let requirements: Vec<_> = beside
        .requirements
        .iter()
        .map(ToString::to_string)
        .collect();
    assert_eq!(requirements, ["wit acme:deep ^9.0.0"]);
}

#[test]
fn encoding_is_the_same_twice_and_wherever_the_files_were_written() {
    let files = [
        (
            "wit/a.wit",
            "package acme:logger@1.2.0;\ninterface a { @unstable(feature = q) use b.{t}; use wasi:io/s@0.2.3.{x}; }\n",
        ),
        (
            "wit/b.wit",
            "/// B.\ninterface b { @unstable(feature = q) type t = u8; }\n",
        ),
        ("wit/c.wit", "world c { import a; export b; }\n"),
        (
            "wit/deps/io/s.wit",
            "package wasi:io@0.2.3;\ninterface s { type x = u8; }\n",
        ),
    ];
    let mut backwards = files;
    backwards.reverse();
    let (one, two) = (folder(&files), folder(&backwards));
    let bytes = |dir: &tempfile::TempDir| read_package(&dir.path().join("wit")).unwrap().bytes;
    assert_eq!(bytes(&one), bytes(&one));
    assert_eq!(bytes(&one), bytes(&two));
}

/// Types of which each is the one before, or the one behind.
fn chain(length: usize, backward: bool) -> String {
    let alias = |at: usize| format!("type t{at:x}=t{:x};", at - 1);
    let aliases: String = if backward {
        (1..length).rev().map(alias).collect()
    } else {
        (1..length).map(alias).collect()
    };
    format!(
        "package my:chain@1.0.0;interface i{{{aliases}type t0=u8;f:func(x:t{:x})->t{:x};}}world w{{export i;}}",
        length - 1,
        length - 1
    )
}

#[test]
fn a_chain_of_types_as_long_as_a_text_may_be_ends_no_process() {
    for backward in [false, true] {
        let dir = folder(&[("wit/chain.wit", &chain(30_000, backward))]);
        let package = read_package(&dir.path().join("wit")).unwrap();
        Decoded::open(&package.bytes).unwrap().print().unwrap();

        let text = chain(59_500, backward);
        assert!(text.len() > 1_000_000);
        write(&dir.path().join("wit/chain.wit"), &text);
        assert!(root::read(&dir.path().join("wit")).is_ok());
        // It decodes; its text is longer once it is printed.
        let error = told(&read_package(&dir.path().join("wit")).unwrap_err());
        assert!(error.contains("package.wit is larger than"), "{error}");
    }
}

#[test]
fn all_texts_of_a_folder_together_have_a_limit() {
    let half = format!("package my:text@1.0.0;\n// {}", " ".repeat(600_000));
    let dir = folder(&[("wit/a.wit", &half)]);
    assert!(root::read(&dir.path().join("wit")).is_ok());
    write(&dir.path().join("wit/b.wit"), &half);
    let error = told(&root::read(&dir.path().join("wit")).unwrap_err());
    assert!(error.contains("wit is larger than 1048576"), "{error}");
}

#[test]
fn what_is_not_there_is_said_with_its_place() {
    let dir = folder(&[(
        "wit/api.wit",
        "package acme:logger@1.2.0;\ninterface api {\n  use wasi:io/streams@0.2.3.{output-stream};\n}\n",
    )]);
    let error = read_package(&dir.path().join("wit")).unwrap_err();
    let [place] = error.annotations().try_into().unwrap();
    let place = place.location.below(dir.path());
    assert_eq!(place.to_string(), "wit/api.wit:3:7");
    assert!(
        error
            .to_string()
            .contains("package 'wasi:io@0.2.3' not found"),
        "{error}"
    );
    let empty = folder(&[("wit/readme.md", "")]);
    let error = read_package(&empty.path().join("wit")).unwrap_err();
    assert!(matches!(error, PublishError::Empty { .. }), "{error:?}");
}
