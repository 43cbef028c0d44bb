//! What a registry asks for when it says 401: the `WWW-Authenticate` header, as far as registries use it.

use registry::http::Url;

/// The longest header that is read.
const MAX_CHALLENGE: usize = 8 * 1024;

/// How somebody is to show who they are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Challenge {
    /// By a token, which a server gives.
    Bearer {
        /// Where the token is got.
        realm: Url,
        /// For what server, in the words of the one that gives it.
        service: Option<String>,
    },
    /// By a name and a password.
    Basic,
}

/// Why a challenge cannot be met.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ChallengeError {
    /// None of those that are known.
    #[error("it asks for no kind of login that is known here")]
    Unknown,
    /// A realm that is no address.
    #[error("it names no address where tokens are got")]
    Realm,
}

impl Challenge {
    /// Reads the first header that is known. Which scope it names is of no matter: the one that is needed is known here.
    ///
    /// # Errors
    /// No header that is known, or one without an address.
    pub fn parse<'h>(headers: impl IntoIterator<Item = &'h str>) -> Result<Self, ChallengeError> {
        let mut found = None;
        for header in headers {
            let header = header.get(..MAX_CHALLENGE).unwrap_or(header).trim();
            let (scheme, rest) = header.split_once(' ').unwrap_or((header, ""));
            if scheme.eq_ignore_ascii_case("bearer") {
                return Self::bearer(rest);
            }
            if scheme.eq_ignore_ascii_case("basic") {
                found = Some(Self::Basic);
            }
        }
        found.ok_or(ChallengeError::Unknown)
    }

    fn bearer(text: &str) -> Result<Self, ChallengeError> {
        let (mut realm, mut service) = (None, None);
        let mut rest = text;
        while let Some((name, value, behind)) = parameter(rest) {
            rest = behind;
            let slot = match name {
                _ if name.eq_ignore_ascii_case("realm") => &mut realm,
                _ if name.eq_ignore_ascii_case("service") => &mut service,
                _ => continue,
            };
            slot.get_or_insert(value);
        }
        let realm: Url = realm
            .and_then(|realm| realm.parse().ok())
            .ok_or(ChallengeError::Realm)?;
        let plain = realm.username().is_empty() && realm.password().is_none();
        if !realm.has_host() || !plain || !matches!(realm.scheme(), "http" | "https") {
            return Err(ChallengeError::Realm);
        }
        Ok(Self::Bearer { realm, service })
    }
}

/// The first `name=value` or `name="value"` of a list, and what comes behind it.
fn parameter(text: &str) -> Option<(&str, String, &str)> {
    let (name, rest) = text.trim_start_matches([' ', ',', '\t']).split_once('=')?;
    let Some(quoted) = rest.strip_prefix('"') else {
        let end = rest.find(',').unwrap_or(rest.len());
        let (value, behind) = rest.split_at_checked(end)?;
        return Some((name.trim(), value.trim().to_owned(), behind));
    };
    let mut value = String::new();
    let mut characters = quoted.char_indices();
    while let Some((at, character)) = characters.next() {
        match character {
            '"' => return Some((name.trim(), value, quoted.get(at.saturating_add(1)..)?)),
            '\\' => value.push(characters.next()?.1),
            character => value.push(character),
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_challenge_is_read_as_registries_write_it() {
        let bearer = |realm: &str, service: Option<&str>| {
            Ok(Challenge::Bearer {
                realm: realm.parse().map_err(|_| ChallengeError::Realm)?,
                service: service.map(str::to_owned),
            })
        };
        let ghcr =
            r#"Bearer realm="https://ghcr.io/token",service="ghcr.io",scope="repository:a/b:pull""#;
        let spaced = r#"bearer service="a \"b\", c" ,  realm=https://x.example/t?a=b"#;
        for (header, challenge) in [
            (ghcr, bearer("https://ghcr.io/token", Some("ghcr.io"))),
            (
                spaced,
                bearer("https://x.example/t?a=b", Some("a \"b\", c")),
            ),
            ("Basic realm=\"x\"", Ok(Challenge::Basic)),
            ("Negotiate", Err(ChallengeError::Unknown)),
            ("Bearer", Err(ChallengeError::Realm)),
            ("Bearer realm=\"\"", Err(ChallengeError::Realm)),
            ("Bearer realm=\"https://a", Err(ChallengeError::Realm)),
            (
                "Bearer realm=\"ftp://a.example/\"",
                Err(ChallengeError::Realm),
            ),
            (
                "Bearer realm=\"https://u:p@a.example/\"",
                Err(ChallengeError::Realm),
            ),
        ] {
            assert_eq!(Challenge::parse([header]), challenge, "{header}");
        }
        let both = ["Basic realm=\"x\"", ghcr];
        assert!(matches!(
            Challenge::parse(both),
            Ok(Challenge::Bearer { .. })
        ));
        assert_eq!(Challenge::parse([]), Err(ChallengeError::Unknown));
    }
}
