//! What servers and users say around HTTP: headers, addresses, tokens, and packages as users name them.

use cargo_warg::spec::PackageSpec;
use registry::fetch::RetryAfter;
use registry::http::{Address, Tokens};

pub(crate) fn http(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else {
        return;
    };
    if let Some(RetryAfter::Pause(pause)) = RetryAfter::parse(text) {
        assert_eq!(text.parse(), Ok(pause.as_secs()), "seconds");
    }
    if let Ok(address) = text.parse::<Address>() {
        let printed = address.to_string();
        assert!(printed.starts_with("http://") || printed.starts_with("https://"));
        // No name and password before the host. In a path `@` means nothing.
        let (_, rest) = printed.split_once("://").expect("a scheme");
        let (host, path) = rest.split_once('/').unwrap_or((rest, ""));
        assert!(!host.contains('@'), "{printed}");
        assert!(!path.contains(['?', '#']), "{printed}");
        let again: Address = printed.parse().expect("it was printed");
        assert_eq!(again.to_string(), printed);
        assert_eq!(again.is_private(), address.is_private());
    }
    drop(Tokens::parse(text));
    if let Ok(spec) = text.parse::<PackageSpec>() {
        let printed = spec.to_string();
        let again: PackageSpec = printed.parse().expect("it was printed");
        assert_eq!(again, spec);
    }
}
