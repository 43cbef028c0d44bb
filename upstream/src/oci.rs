//! OCI registries, as wasm-pkg lays packages out in them: a repository for each package, and a tag for each version.
//!
//! A tag may be moved, and a registry may say what it likes: what comes back is bytes whose digest was made here, and equals
//! the one that the manifest names. Every answer has a limit, every list ends, and who asks is shown to nobody but
//! the registry ([`access`]).

mod access;

use std::collections::BTreeSet;
use std::fmt;
use std::sync::Arc;

use component::content::MAX_CONTENT;
use registry::fetch::FetchError;
use registry::http::{Reply, Url, Web, excerpt};
use semver::Version;
use transparency::digest::Digest;
use transparency::name::PackageName;

use crate::Upstream;
use crate::address::{OciAddress, OciHost, tag_of};
use crate::document::manifest::{ACCEPTED, Blob, Config, MAX_MANIFEST, Manifest, OciManifestError};
use crate::document::tags::{
    MAX_LISTING, MAX_PAGE, MAX_PAGES, MAX_TAGS, is_page_of, listing, next_link, parse_page,
};
use crate::error::{UpstreamError, check_digest};
use crate::fetched::{Claims, Document, Fetched};
use crate::listing::Listing;
use crate::login::Logins;
use access::{Access, Ask};

/// How many tags are asked for at once: those of every package there is in one page.
const AT_ONCE: usize = 1000;

/// Packages in an OCI registry.
pub struct Oci {
    address: OciAddress,
    access: Access,
}

impl Oci {
    /// The packages at an address. Nothing is asked yet. `realms` are further hosts that this user's login for the registry may
    /// go to, by the user's own configuration.
    pub fn new(
        address: OciAddress,
        web: Web,
        logins: Arc<dyn Logins>,
        realms: Vec<OciHost>,
    ) -> Self {
        let host = address.host().clone();
        Self {
            access: Access::new(web, host, logins, realms, address.to_string()),
            address,
        }
    }

    /// Where it is.
    pub fn address(&self) -> &OciAddress {
        &self.address
    }

    fn url(&self, repository: &str, rest: &str) -> Url {
        let path = format!("v2/{repository}/{rest}");
        self.access.base().below(&path)
    }

    fn get(
        &self,
        package: &PackageName,
        url: &Url,
        accept: Option<&'static str>,
        limit: u64,
    ) -> Result<Reply, UpstreamError> {
        self.access.ask(&Ask {
            package,
            repository: &self.address.repository(package),
            url,
            accept,
            limit,
        })
    }

    fn no_package(&self, package: &PackageName) -> UpstreamError {
        UpstreamError::NoPackage {
            package: package.clone(),
            upstream: self.to_string(),
        }
    }

    /// All tags of a package. The list goes on as long as a page links to one that was not asked for: a page may well have
    /// nothing new.
    fn tags(&self, package: &PackageName) -> Result<BTreeSet<String>, UpstreamError> {
        let too_many = || UpstreamError::TooManyTags {
            package: package.clone(),
            upstream: self.to_string(),
        };
        let list = self.url(&self.address.repository(package), "tags/list");
        let mut next = Some(first_page(&list, self.address.host()));
        let mut asked = BTreeSet::new();
        let mut found = BTreeSet::new();
        let mut rest = MAX_LISTING;
        while let Some(url) = next.take() {
            if !asked.insert(url.clone()) {
                break;
            }
            if asked.len() > MAX_PAGES {
                return Err(too_many());
            }
            let limit = MAX_PAGE.min(rest);
            let reply = match self.get(package, &url, Some("application/json"), limit) {
                Err(error) if limit < MAX_PAGE && error.is_too_large() => return Err(too_many()),
                reply => reply?,
            };
            match reply.status {
                200 => {}
                404 => return Err(self.no_package(package)),
                status => return Err(UpstreamError::status(&url, status)),
            }
            rest = rest.saturating_sub(reply.body.len().try_into().unwrap_or(u64::MAX));
            let page = parse_page(&reply.body);
            let page = page.map_err(|source| UpstreamError::json(&url, source))?;
            let last = page.tags.last().cloned();
            let before = found.len();
            found.extend(page.tags);
            if found.len() > MAX_TAGS {
                return Err(too_many());
            }
            let is_new = found.len() > before;
            next = match (next_link(reply.headers_of("link")), last) {
                (Some(link), _) => Some(follow(&list, &url, &link)?),
                // Nobody says that there is more: it may be all, from a server that takes no number.
                (None, Some(last)) if is_new && page.count >= AT_ONCE => {
                    Some(page_behind(&list, &last))
                }
                (None, _) => None,
            };
        }
        Ok(found)
    }

    /// The manifest of a version.
    fn find(&self, package: &PackageName, version: &Version) -> Result<Document, UpstreamError> {
        let path = format!("manifests/{}", tag_of(version));
        let url = self.url(&self.address.repository(package), &path);
        let reply = self.get(package, &url, Some(ACCEPTED), MAX_MANIFEST)?;
        match reply.status {
            200 => Ok(Document::of(reply.body)),
            404 => Err(UpstreamError::NoVersion {
                package: package.clone(),
                version: version.clone(),
                upstream: self.to_string(),
            }),
            status => Err(UpstreamError::status(&url, status)),
        }
    }

    /// The bytes that a digest names.
    fn blob(
        &self,
        package: &PackageName,
        reference: &str,
        blob: &Blob,
    ) -> Result<Vec<u8>, UpstreamError> {
        let url = self.url(
            &self.address.repository(package),
            &format!("blobs/{}", blob.digest),
        );
        let reply = self.get(package, &url, None, blob.size)?;
        match reply.status {
            200 => {}
            404 => {
                return Err(UpstreamError::NoBlob {
                    reference: reference.to_owned(),
                    digest: blob.digest,
                });
            }
            status => return Err(UpstreamError::status(&url, status)),
        }
        check_digest(reference, &blob.digest, &reply.body)?;
        let came = u64::try_from(reply.body.len()).unwrap_or(u64::MAX);
        if came != blob.size {
            let said = blob.size;
            return Err(UpstreamError::fetch(
                &url,
                FetchError::Length { said, came },
            ));
        }
        Ok(reply.body)
    }
}

/// The address of the first page of tags. Docker Hub takes no number, and links to the next page.
fn first_page(list: &Url, host: &OciHost) -> Url {
    let mut url = list.clone();
    if !host.is_docker_hub() {
        url.query_pairs_mut().append_pair("n", &AT_ONCE.to_string());
    }
    url
}

/// The address of the page behind a tag, where no link says it.
fn page_behind(list: &Url, last: &str) -> Url {
    let mut url = list.clone();
    url.query_pairs_mut()
        .append_pair("n", &AT_ONCE.to_string())
        .append_pair("last", last);
    url
}

/// The next page, by a link.
fn follow(list: &Url, from: &Url, link: &str) -> Result<Url, UpstreamError> {
    match from.join(link) {
        Ok(to) if is_page_of(list, &to) => Ok(to),
        _ => Err(UpstreamError::Link {
            address: list.to_string(),
            to: excerpt(link),
        }),
    }
}

impl fmt::Display for Oci {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.address.fmt(f)
    }
}

impl Upstream for Oci {
    /// None: registries list their repositories to nobody.
    fn packages(&self) -> Result<Option<BTreeSet<PackageName>>, UpstreamError> {
        Ok(None)
    }

    fn versions(&self, package: &PackageName) -> Result<Listing, UpstreamError> {
        self.tags(package).map(listing)
    }

    fn fetch(&self, package: &PackageName, version: &Version) -> Result<Fetched, UpstreamError> {
        let reference = self.address.reference(package, version);
        let document = self.find(package, version)?;
        let refused = |source: OciManifestError| UpstreamError::Manifest {
            reference: reference.clone(),
            source: Box::new(source),
        };
        let manifest = Manifest::parse(&document.bytes).map_err(refused)?;
        let config = manifest.config().map_err(refused)?;
        let config = Document::of(self.blob(package, &reference, &config)?);
        let read = Config::parse(&config.bytes).map_err(refused)?;
        let content = manifest.content(&read).map_err(refused)?;
        let bytes = self.blob(package, &reference, &content)?;
        let claims = Claims {
            reference: reference.clone(),
            manifest: Some(document),
            config: Some(config),
            annotations: manifest.annotations(),
            checksum: None,
        };
        Fetched::open(package, version, bytes, claims)
    }

    fn manifest(
        &self,
        package: &PackageName,
        version: &Version,
    ) -> Result<Option<Digest>, UpstreamError> {
        self.find(package, version).map(|found| Some(found.digest))
    }

    fn content(
        &self,
        package: &PackageName,
        version: &Version,
        digest: &Digest,
        size: u64,
    ) -> Result<Vec<u8>, UpstreamError> {
        let blob = Blob {
            digest: *digest,
            size: size.min(MAX_CONTENT),
        };
        self.blob(package, &self.address.reference(package, version), &blob)
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]
mod tests {
    use super::*;

    #[test]
    fn docker_hub_is_asked_for_no_number_of_tags() {
        for (host, asked) in [
            ("docker.io", "https://registry-1.docker.io/v2/a/tags/list"),
            ("ghcr.io", "https://ghcr.io/v2/a/tags/list?n=1000"),
            (
                "127.0.0.1:5000",
                "http://127.0.0.1:5000/v2/a/tags/list?n=1000",
            ),
        ] {
            let host: OciHost = host.parse().unwrap();
            let list = host.base().below("v2/a/tags/list");
            assert_eq!(first_page(&list, &host).as_str(), asked);
        }
    }
}
