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
    /// Reads what is asked for: a token, where that is among it. Which scope it names is of no matter: the one that is needed is
    /// known here.
    ///
    /// # Errors
    /// Nothing that is known, or no address where tokens are got.
    pub fn parse<'h>(headers: impl IntoIterator<Item = &'h str>) -> Result<Self, ChallengeError> {
        let all: Vec<_> = headers.into_iter().flat_map(asked).collect();
        let of = |scheme: &str| {
            let mut all = all.iter();
            all.find(|asked| asked.scheme.eq_ignore_ascii_case(scheme))
        };
        match (of("bearer"), of("basic")) {
            (Some(bearer), _) => Self::bearer(bearer),
            (None, Some(_)) => Ok(Self::Basic),
            (None, None) => Err(ChallengeError::Unknown),
        }
    }

    fn bearer(asked: &Asked<'_>) -> Result<Self, ChallengeError> {
        let realm: Url = asked
            .value("realm")
            .and_then(|realm| realm.parse().ok())
            .ok_or(ChallengeError::Realm)?;
        let plain = realm.username().is_empty() && realm.password().is_none();
        if !realm.has_host() || !plain || !matches!(realm.scheme(), "http" | "https") {
            return Err(ChallengeError::Realm);
        }
        let service = asked.value("service");
        Ok(Self::Bearer { realm, service })
    }
}

/// One of the challenges of a header.
struct Asked<'h> {
    scheme: &'h str,
    /// Names and values, as they stand there.
    parameters: Vec<(&'h str, &'h str)>,
}

impl Asked<'_> {
    /// The first value under a name.
    fn value(&self, name: &str) -> Option<String> {
        let mut all = self.parameters.iter();
        let (_, value) = all.find(|(found, _)| found.eq_ignore_ascii_case(name))?;
        unquoted(value)
    }
}

/// The challenges of a header. Commas stand between them, and between the parameters of each: an element with a word before its
/// name begins the next challenge.
fn asked(header: &str) -> Vec<Asked<'_>> {
    let header = header.get(..MAX_CHALLENGE).unwrap_or(header);
    let mut all: Vec<Asked<'_>> = Vec::new();
    for element in elements(header).map(str::trim) {
        let (head, value) = match element.split_once('=') {
            Some((head, value)) => (head.trim(), Some(value)),
            None => (element, None),
        };
        let (scheme, name) = match (head.split_once([' ', '\t']), value) {
            (Some((scheme, name)), _) => (Some(scheme), name.trim()),
            (None, Some(_)) => (None, head),
            (None, None) => (Some(head).filter(|scheme| !scheme.is_empty()), ""),
        };
        if let Some(scheme) = scheme {
            let parameters = Vec::new();
            all.push(Asked { scheme, parameters });
        }
        if let (Some(asked), Some(value)) = (all.last_mut(), value) {
            asked.parameters.push((name, value));
        }
    }
    all
}

/// The elements of a list: a comma in quotes is part of one.
fn elements(text: &str) -> impl Iterator<Item = &str> {
    let (mut is_quoted, mut is_escaped) = (false, false);
    text.split(move |character| {
        match character {
            _ if is_escaped => is_escaped = false,
            '\\' => is_escaped = is_quoted,
            '"' => is_quoted = !is_quoted,
            _ => {}
        }
        character == ',' && !is_quoted
    })
}

/// A value without its quotes; none where they do not end.
fn unquoted(value: &str) -> Option<String> {
    let value = value.trim();
    let Some(quoted) = value.strip_prefix('"') else {
        return Some(value.to_owned());
    };
    let mut value = String::new();
    let mut characters = quoted.chars();
    loop {
        match characters.next()? {
            '"' => return Some(value),
            '\\' => value.push(characters.next()?),
            character => value.push(character),
        }
    }
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
        let token = bearer("https://ghcr.io/token", Some("ghcr.io"));
        assert_eq!(Challenge::parse(["Basic realm=\"x\"", ghcr]), token);
        for other in ["Basic realm=\"x, Bearer\"", "Negotiate", "Basic"] {
            for both in [format!("{other}, {ghcr}"), format!("{ghcr} ,{other}")] {
                assert_eq!(Challenge::parse([both.as_str()]), token, "{both}");
            }
        }
        let others = r#"Bearer service="x", Basic realm="https://a.example/""#;
        assert_eq!(Challenge::parse([others]), Err(ChallengeError::Realm));
        assert_eq!(Challenge::parse([]), Err(ChallengeError::Unknown));
    }
}
