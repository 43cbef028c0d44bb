//! What is wrong with packages that no log vouches for, and with where they lie.

use std::fs;

use fixtures::component::wit_package;
use fixtures::oci::{CONFIG, Paging, Registry, Tokens, WASM, with_type};
use fixtures::server::{Answer, Server};
use serde_json::{Value, json};

use super::Case;
use super::stage::{Shown, Stage};

fn clock() -> Vec<u8> {
    wit_package("package acme:clock@1.0.0;\ninterface now { get: func() -> u64; }")
}

/// What an import of packages from an OCI registry says.
fn imports(s: &Stage, code: i32, packages: &[&str], how: impl FnOnce(&Registry)) -> Shown {
    s.founded();
    let registry = Registry::new();
    how(&registry);
    let address = format!("oci:{}/wit", registry.host());
    let line = [&["registry", "import", &address], packages].concat();
    s.fails(code, &line)
        .with(&registry.host(), "127.0.0.1:5000")
}

fn full(status: u16, headers: &[(&'static str, &str)], body: &str) -> Answer {
    let headers = headers
        .iter()
        .map(|(name, value)| (*name, (*value).to_owned()));
    Answer::Full {
        status,
        headers: headers.collect(),
        body: body.into(),
    }
}

/// What a host says of where its packages lie.
fn host(s: &Stage, code: i32, answer: Answer) -> Shown {
    s.founded();
    let server = Server::of_objects([].into());
    server.always(".well-known/wasm-pkg/registry.json", answer);
    let host = server.address().to_string();
    let line = [
        "registry",
        "import",
        &format!("wasm-pkg:{host}"),
        "acme:clock",
    ];
    s.fails(code, &line).with(&host, "127.0.0.1:8000")
}

/// What an import says where a file of this user's home is so.
fn at_home(s: &Stage, code: i32, path: &str, text: &str) -> Shown {
    imports(s, code, &["acme:clock"], |registry| {
        registry.push("wit/acme/clock", "1.0.0", &clock());
        registry.want(Tokens::Public);
        let path = s.app.home().join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    })
}

fn usage(s: &Stage, address: &str) -> Shown {
    s.founded().fails(2, &["registry", "import", address])
}

pub(super) const CASES: &[Case] = &[
    Case {
        shows: &["UpstreamAddressError::InTheClear"],
        title: "an upstream without TLS",
        run: |s| usage(s, "oci:http://ghcr.io/acme"),
    },
    Case {
        shows: &["UpstreamAddressError::NotHost"],
        title: "an upstream that is more than a host",
        run: |s| usage(s, "wasm-pkg:wasi.dev/wasi"),
    },
    Case {
        shows: &["UpstreamAddressError::Host"],
        title: "an upstream with a password in its address",
        run: |s| usage(s, "oci:user:password@ghcr.io/acme"),
    },
    Case {
        shows: &["UpstreamAddressError::Prefix"],
        title: "an upstream whose repositories would begin with a capital letter",
        run: |s| usage(s, "oci:ghcr.io/Acme"),
    },
    Case {
        shows: &["UpstreamAddressError::Crate"],
        title: "a crate without an exact version",
        run: |s| usage(s, "crate:wasip2@1"),
    },
    Case {
        shows: &["UpstreamAddressError::Empty"],
        title: "an upstream without a path",
        run: |s| usage(s, "local:"),
    },
    Case {
        shows: &["UpstreamError::NoPackage", "UpstreamError::NoVersion"],
        title: "a package, and a version, that the upstream does not have",
        run: |s| {
            let packages = ["acme:none", "acme:clock@9.0.0"];
            imports(s, 11, &packages, |registry| {
                registry.push("wit/acme/clock", "1.0.0", &clock());
            })
        },
    },
    Case {
        shows: &["UpstreamError::AbsentOrPrivate"],
        title: "a package that is private, or not there: registries do not say which",
        run: |s| {
            imports(s, 11, &["acme:none"], |registry| {
                registry.want(Tokens::Public);
            })
        },
    },
    Case {
        shows: &["UpstreamError::Fetch"],
        title: "an upstream that is over its limit",
        run: |s| {
            imports(s, 12, &["acme:clock"], |registry| {
                let busy = full(
                    503,
                    &[("Retry-After", "3600")],
                    "Egress is over the account limit",
                );
                registry.server().everything(busy);
            })
        },
    },
    Case {
        shows: &["UpstreamError::Status"],
        title: "an upstream whose answer makes no sense",
        run: |s| {
            imports(s, 12, &["acme:clock"], |registry| {
                registry.server().everything(full(400, &[], ""));
            })
        },
    },
    Case {
        shows: &["UpstreamError::Json", "UpstreamError::Link"],
        title: "lists of tags that do not read, or go on elsewhere",
        run: |s| {
            imports(s, 13, &["acme:a", "acme:clock"], |registry| {
                let list = "v2/wit/acme/a/tags/list?n=1000";
                registry.server().always(list, full(200, &[], "[]"));
                registry.push("wit/acme/clock", "1.0.0", &clock());
                registry.page(Paging::Told("https://other.example/tags".into()));
            })
        },
    },
    Case {
        shows: &["UpstreamError::TooManyTags"],
        title: "a list of tags without an end",
        run: |s| {
            imports(s, 13, &["acme:clock"], |registry| {
                registry.push("wit/acme/clock", "1.0.0", &clock());
                registry.page(Paging::Endless);
            })
        },
    },
    Case {
        shows: &[
            "UpstreamError::NoToken",
            "NoToken::Characters",
            "NoToken::Malformed",
            "NoToken::Status",
        ],
        title: "tokens that are none",
        run: |s| {
            imports(s, 13, &["acme:a", "acme:b", "acme:c"], |registry| {
                registry.want(Tokens::Public);
                let answers = [
                    ("a", 200, "{\"token\":\"a\\nb\"}"),
                    ("b", 200, "{}"),
                    ("c", 404, ""),
                ];
                for (name, status, body) in answers {
                    let query =
                        format!("token?service=told&scope=repository%3Awit%2Facme%2F{name}%3Apull");
                    registry.server().always(&query, full(status, &[], body));
                }
            })
        },
    },
    Case {
        shows: &["NoToken::Unsafe"],
        title: "an upstream whose tokens would come without TLS",
        run: |s| {
            imports(s, 13, &["acme:a"], |registry| {
                registry.want(Tokens::Public);
                registry.give_tokens_at("http://tokens.example/token");
            })
        },
    },
    Case {
        shows: &[
            "NoToken::Challenge",
            "ChallengeError::Unknown",
            "ChallengeError::Realm",
        ],
        title: "upstreams that ask for another kind of login",
        run: |s| {
            imports(s, 13, &["acme:a", "acme:b"], |registry| {
                for (name, challenge) in [("a", "Negotiate"), ("b", "Bearer")] {
                    let list = format!("v2/wit/acme/{name}/tags/list?n=1000");
                    let answer = full(401, &[("WWW-Authenticate", challenge)], "");
                    registry.server().always(&list, answer);
                }
            })
        },
    },
    Case {
        shows: &[
            "UpstreamError::Manifest",
            "OciManifestError::Index",
            "OciManifestError::NoConfig",
            "OciManifestError::Config",
            "OciManifestError::NoContent",
            "OciManifestError::Ambiguous",
            "OciManifestError::OtherLayers",
            "OciManifestError::Digest",
            "OciManifestError::TooLarge",
            "OciManifestError::Json",
        ],
        title: "artifacts that are no components and no WIT packages",
        run: |s| {
            let names = ["a", "b", "c", "d", "e", "f", "g", "h", "i"];
            let packages = names.map(|name| format!("acme:{name}@1.0.0"));
            let packages = packages.each_ref().map(String::as_str);
            imports(s, 101, &packages, |registry| {
                let wasm = || with_type(registry.put(&clock()), WASM);
                let text = || with_type(registry.put(b"text"), "text/plain");
                let of =
                    |config: Value, layers: &[Value]| registry.manifest(CONFIG, &config, layers);
                let none = || json!({"layerDigests": []});
                let mut sha512 = wasm();
                sha512["digest"] = "sha512:00".into();
                let mut large = wasm();
                large["size"] = (1_u64 << 40).into();
                let manifests = [
                    json!({"schemaVersion": 2, "manifests": []}),
                    json!({"schemaVersion": 1}),
                    registry.manifest("application/vnd.oci.empty.v1+json", &none(), &[wasm()]),
                    of(none(), &[text()]),
                    of(none(), &[wasm(), wasm()]),
                    of(none(), &[wasm(), text()]),
                    of(none(), &[sha512]),
                    of(none(), &[large]),
                    of(json!([1]), &[wasm()]),
                ];
                for (name, manifest) in names.iter().zip(&manifests) {
                    registry.push_manifest(&format!("wit/acme/{name}"), "1.0.0", manifest);
                }
            })
        },
    },
    Case {
        shows: &[
            "UpstreamError::Differs",
            "UpstreamError::NoBlob",
            "UpstreamError::OtherPackage",
        ],
        title: "bytes that are not what they should be",
        run: |s| {
            let packages = ["acme:a@1.0.0", "acme:b@1.0.0", "acme:c@1.0.0"];
            imports(s, 13, &packages, |registry| {
                use transparency::digest::Digest;
                let text = "package acme:a@1.0.0;\ninterface i { f: func(); }";
                let a = wit_package(text);
                registry.push("wit/acme/a", "1.0.0", &a);
                let mut other = a.clone();
                other.reverse();
                registry.replace(Digest::of(&a), &other);
                let b = wit_package(&text.replace(":a", ":b"));
                registry.push("wit/acme/b", "1.0.0", &b);
                let blob = format!("v2/wit/acme/b/blobs/{}", Digest::of(&b));
                registry.server().always(&blob, Answer::Status(404));
                registry.push("wit/acme/c", "1.0.0", &clock());
            })
        },
    },
    Case {
        shows: &[
            "UpstreamError::Content",
            "UpstreamError::Read",
            "UpstreamError::Wit",
        ],
        title: "files in wkg's layout that are no packages",
        run: |s| {
            s.founded();
            s.write("up/acme/module/1.0.0.wasm", b"\0asm\x01\0\0\0");
            s.write("up/acme/folder/1.0.0.wasm/readme.md", "");
            let unversioned = wit_package("package acme:wit;\ninterface i { f: func(); }");
            s.write("up/acme/wit/1.0.0.wasm", unversioned);
            s.fails(101, &["registry", "import", "local:up"])
        },
    },
    Case {
        shows: &["UpstreamError::Folder"],
        title: "a file where wkg's layout should be",
        run: |s| {
            s.founded().write("up", "");
            s.fails(101, &["registry", "import", "local:up"])
        },
    },
    Case {
        shows: &["UpstreamError::NoMetadata"],
        title: "a host that does not say where its packages lie",
        run: |s| host(s, 12, Answer::Status(404)),
    },
    Case {
        shows: &["UpstreamError::Metadata", "MetadataError::NoRegistry"],
        title: "a host that names no OCI registry",
        run: |s| host(s, 13, full(200, &[], "{}")),
    },
    Case {
        shows: &["MetadataError::Protocol"],
        title: "a host whose packages are got in another way",
        run: |s| host(s, 13, full(200, &[], "{\"preferredProtocol\":\"warg\"}")),
    },
    Case {
        shows: &["MetadataError::Json"],
        title: "a host whose file is not JSON",
        run: |s| host(s, 13, full(200, &[], "oci: ghcr.io")),
    },
    Case {
        shows: &["MetadataError::Type"],
        title: "a host whose file has another form",
        run: |s| host(s, 13, full(200, &[], "{\"oci\":\"ghcr.io\"}")),
    },
    Case {
        shows: &["MetadataError::Address"],
        title: "a host whose registry is no address",
        run: |s| {
            host(
                s,
                13,
                full(200, &[], "{\"oci\":{\"registry\":\"ghcr.io/wasi\"}}"),
            )
        },
    },
    Case {
        shows: &["UpstreamError::Crate", "CrateError::Absent"],
        title: "a version of a crate that is not there",
        run: |s| {
            s.founded();
            let mut shown = s.fails(11, &["registry", "import", "crate:wasip2@=1.99.0"]);
            // Cargo's words, which are others with each version and each day.
            let end = shown.said.find("finds no such version:").unwrap();
            let help = shown
                .said
                .find("\nhelp:")
                .map(|at| shown.said[at..].to_owned());
            shown.said.truncate(end + "finds no such version:".len());
            shown.said.push_str(" …\n");
            shown.said.push_str(&help.unwrap_or_default());
            shown
        },
    },
    Case {
        shows: &["CrateError::Elsewhere"],
        title: "a crate that cargo is told to take from a folder",
        run: |s| {
            s.founded();
            let vendored = |name: &str| format!("vendor/wasip2/{name}");
            s.write(&vendored("wit/clock.wit"), "package acme:clock@1.0.0;\n")
                .write(&vendored("src/lib.rs"), "")
                .write(
                    &vendored("Cargo.toml"),
                    "[package]\nname = \"wasip2\"\nversion = \"1.0.1\"\nedition = \"2021\"\n",
                );
            let checksum = format!("{{\"files\":{{}},\"package\":\"{}\"}}", "0".repeat(64));
            s.write(&vendored(".cargo-checksum.json"), checksum);
            let config = format!(
                "[source.crates-io]\nreplace-with = \"mine\"\n[source.mine]\ndirectory = '{}'\n",
                s.app.path().join("vendor").display()
            );
            s.write("cargo-home/config.toml", config);
            let home = s.app.path().join("cargo-home").display().to_string();
            s.fails_with(
                13,
                &[("CARGO_HOME", &home)],
                &["registry", "import", "crate:wasip2@=1.0.1"],
            )
        },
    },
    Case {
        shows: &["UpstreamError::Texts"],
        title: "a crate without WIT",
        run: |s| {
            s.founded();
            let mut shown = s.fails(101, &["registry", "import", "crate:either@=1.15.0"]);
            let folder = shown.said.find(" holds no WIT").unwrap();
            let start = shown.said[..folder].rfind(' ').map_or(0, |at| at + 1);
            shown
                .said
                .replace_range(start..folder, "~/.cargo/registry/src/…/either-1.15.0");
            shown
        },
    },
    Case {
        shows: &["UpstreamError::Login", "DockerError::File"],
        title: "docker's logins that do not read",
        run: |s| at_home(s, 101, ".docker/config.json", "{\"auths\":[]}"),
    },
    Case {
        shows: &["DockerError::Encoding"],
        title: "a login of docker's that does not read",
        run: |s| {
            s.founded();
            let registry = Registry::new();
            registry.push("wit/acme/clock", "1.0.0", &clock());
            registry.want(Tokens::Public);
            let config = json!({"auths": {registry.host(): {"auth": "secret!"}}});
            let docker = s.app.home().join(".docker");
            fs::create_dir_all(&docker).unwrap();
            fs::write(docker.join("config.json"), config.to_string()).unwrap();
            let address = format!("oci:{}/wit", registry.host());
            s.fails(101, &["registry", "import", &address, "acme:clock"])
                .with(&registry.host(), "127.0.0.1:5000")
        },
    },
    Case {
        shows: &["DockerError::Name"],
        title: "a helper for logins that is no name",
        run: |s| {
            at_home(
                s,
                101,
                ".docker/config.json",
                "{\"credsStore\":\"../helper\"}",
            )
        },
    },
    Case {
        shows: &["DockerError::Helper", "ProcessError::Start"],
        title: "a helper for logins that is not there",
        run: |s| {
            at_home(
                s,
                101,
                ".docker/config.json",
                "{\"credsStore\":\"nowhere\"}",
            )
        },
    },
    Case {
        shows: &["DockerError::Read"],
        title: "a folder where docker's logins should be",
        run: |s| at_home(s, 101, ".docker/config.json/readme", ""),
    },
    Case {
        shows: &["TokenServersError::Line"],
        title: "a line that names no server of tokens",
        run: |s| at_home(s, 101, "config/token-servers", "registry.gitlab.com\n"),
    },
    Case {
        shows: &["TokenServersError::Read"],
        title: "a folder where the file of token servers should be",
        run: |s| at_home(s, 101, "config/token-servers/readme", ""),
    },
    Case {
        shows: &["WkgFileError::Malformed", "WkgConfigError::Toml"],
        title: "a configuration of wasm-pkg's that is not TOML",
        run: |s| {
            at_home(
                s,
                101,
                ".config/wasm-pkg/config.toml",
                "[namespace_registries\n",
            )
        },
    },
    Case {
        shows: &["WkgConfigError::Type"],
        title: "a configuration of wasm-pkg's that has another form",
        run: |s| {
            at_home(
                s,
                101,
                ".config/wasm-pkg/config.toml",
                "default_registry = 1\n",
            )
        },
    },
    Case {
        shows: &["WkgFileError::Read"],
        title: "a folder where wasm-pkg's configuration should be",
        run: |s| at_home(s, 101, ".config/wasm-pkg/config.toml/readme", ""),
    },
];
