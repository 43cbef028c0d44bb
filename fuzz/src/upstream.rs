//! What OCI registries and wasm-pkg write, read without believing it; and how users write where packages lie.

use transparency::version::parse_version;
use upstream::document::challenge::Challenge;
use upstream::document::manifest::{Config, Manifest};
use upstream::document::metadata::Metadata;
use upstream::document::tags::{MAX_TAGS, listing, next_link, parse_page};
use upstream::document::token::{is_token, parse_token};
use upstream::document::wkg::WkgConfig;
use upstream::login::Logins as _;
use upstream::{OciHost, UpstreamAddress};

pub(crate) fn oci(data: &[u8]) {
    if let Ok(page) = parse_page(data) {
        assert!(page.count <= MAX_TAGS && page.tags.len() <= page.count);
        assert!(page.tags.iter().all(|tag| tag.len() <= 128));
        let listing = listing(page.tags.into_iter().collect());
        for version in &listing.versions {
            let printed = version.to_string();
            assert_eq!(parse_version(&printed).as_ref(), Ok(version));
        }
    }
    if let Ok(manifest) = Manifest::parse(data) {
        for blob in [manifest.config(), manifest.content(&Config::default())] {
            let size = blob.map_or(0, |blob| blob.size);
            assert!(size <= 256 << 20);
        }
        // It may be both.
        if let Ok(config) = Config::parse(data) {
            drop(manifest.content(&config));
        }
    }
    if let Some(token) = parse_token(data) {
        let is_plain = !token.contains(|c: char| c.is_control() || c.is_whitespace());
        assert!(is_plain || !is_token(&token), "{token:?}");
    }
    let Ok(text) = std::str::from_utf8(data) else {
        return;
    };
    drop(next_link([text]));
    if let Ok(Challenge::Bearer { realm, .. }) = Challenge::parse([text]) {
        assert!(realm.username().is_empty() && realm.password().is_none());
        assert!(matches!(realm.scheme(), "http" | "https"));
    }
    if let Ok(address) = text.parse::<UpstreamAddress>() {
        is_written_once(&address);
    }
}

pub(crate) fn wasm_pkg(data: &[u8]) {
    let host: OciHost = "wasi.dev".parse().expect("a host");
    if let Ok(address) = Metadata::parse(data).and_then(|metadata| metadata.address(&host)) {
        assert!(!address.host().is_local(), "{address}");
        is_written_once(&UpstreamAddress::Oci(address));
    }
    let Ok(text) = std::str::from_utf8(data) else {
        return;
    };
    let Ok(config) = WkgConfig::parse(text) else {
        return;
    };
    drop(config.of(&host).expect("nothing fails here"));
    let package = "wasi:http".parse().expect("a name");
    // What a folder is called need not be what an address can say.
    if let Ok(Some(address)) = config.upstream(&package)
        && !matches!(address, UpstreamAddress::Local(_))
    {
        is_written_once(&address);
    }
}

fn is_written_once(address: &UpstreamAddress) {
    let printed = address.to_string();
    let again: UpstreamAddress = printed.parse().expect("it was printed");
    assert_eq!(&again, address, "{printed}");
    assert_eq!(again.to_string(), printed);
}
