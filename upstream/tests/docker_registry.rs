//! Debian's docker-registry, pushed to by skopeo: neither was written for these tests.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on says where")]

use std::collections::BTreeSet;
use std::error::Error;
use std::sync::Arc;

use fixtures::component::wit_package;
use fixtures::docker_registry::DockerRegistry;
use registry::http::{Options, Web};
use semver::Version;
use tempfile::TempDir;
use tokio::runtime::Runtime;
use transparency::name::PackageName;
use upstream::login::{Anonymous, Login, Logins};
use upstream::{Oci, OciHost, Upstream as _, UpstreamError};

const REPOSITORY: &str = "wit/acme/clock";

fn clock() -> Vec<u8> {
    wit_package("package acme:clock@1.0.0; interface now { get: func() -> u64; }")
}

fn name() -> PackageName {
    "acme:clock".parse().unwrap()
}

fn reader(registry: &DockerRegistry, runtime: &Runtime, logins: Arc<dyn Logins>) -> Oci {
    let web = Web::new(Options::default(), runtime.handle().clone());
    let address = format!("{}/wit", registry.host()).parse().unwrap();
    Oci::new(address, web, logins, Vec::new())
}

struct Me;

impl Logins for Me {
    fn of(&self, _: &OciHost) -> Result<Option<Login>, Box<dyn Error + Send + Sync>> {
        Ok(Some(Login::Basic {
            user: "me".into(),
            password: "secret".into(),
        }))
    }
}

#[test]
fn what_skopeo_pushed_is_read() {
    let folder = TempDir::new().unwrap();
    let Some(registry) = DockerRegistry::start(folder.path(), false) else {
        return;
    };
    let manifest = registry.push(REPOSITORY, "1.0.0", &clock());
    let runtime = Runtime::new().unwrap();
    let oci = reader(&registry, &runtime, Arc::new(Anonymous));
    let one = Version::new(1, 0, 0);
    let fetched = oci.fetch(&name(), &one).unwrap();
    assert_eq!(fetched.bytes, clock());
    assert_eq!(fetched.claims.manifest.unwrap().digest, manifest);
    assert_eq!(oci.manifest(&name(), &one).unwrap(), Some(manifest));
    // It ignores how many tags are asked for, and behind which.
    let tags = (1..=1200).map(|patch| format!("1.0.{patch}"));
    registry.tag(REPOSITORY, manifest, tags.chain(["latest".to_owned()]));
    let listing = oci.versions(&name()).unwrap();
    let versions: BTreeSet<_> = (0..=1200).map(|patch| Version::new(1, 0, patch)).collect();
    assert_eq!(listing.versions, versions);
    assert_eq!(listing.others, ["latest"]);
    let other = oci.fetch(&name(), &Version::new(1, 0, 7)).unwrap_err();
    assert!(
        matches!(other, UpstreamError::OtherPackage { .. }),
        "{other}"
    );
    let absent = oci.fetch(&name(), &Version::new(9, 0, 0)).unwrap_err();
    assert!(
        matches!(absent, UpstreamError::NoVersion { .. }),
        "{absent}"
    );
    let absent = oci.versions(&"acme:none".parse().unwrap()).unwrap_err();
    assert!(
        matches!(absent, UpstreamError::NoPackage { .. }),
        "{absent}"
    );
}

#[test]
fn a_registry_with_a_password_is_read_with_it_alone() {
    let folder = TempDir::new().unwrap();
    let Some(registry) = DockerRegistry::start(folder.path(), true) else {
        return;
    };
    registry.push(REPOSITORY, "1.0.0", &clock());
    let runtime = Runtime::new().unwrap();
    let one = Version::new(1, 0, 0);
    let closed = reader(&registry, &runtime, Arc::new(Anonymous));
    let error = closed.fetch(&name(), &one).unwrap_err();
    assert!(
        matches!(error, UpstreamError::AbsentOrPrivate { .. }),
        "{error}"
    );
    let open = reader(&registry, &runtime, Arc::new(Me));
    assert_eq!(open.fetch(&name(), &one).unwrap().bytes, clock());
}
