//! How one registry is asked: with a token for each repository, got as the registry says, and with a login only where it may go.
//!
//! A login goes to the registry's own scheme, host and port; to where Docker Hub has its tokens given; and to the pairs that
//! the user configured. To any other address that the registry names, only a question without a name goes, over TLS. A scope
//! is asked for by the repository that is read, whatever the registry says.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use registry::fetch::FetchError;
use registry::http::Address as HttpAddress;
use registry::http::{Credential, Method, Question, Reply, Url, Web, excerpt};
use transparency::name::PackageName;

use crate::address::{DOCKER_HUB_REGISTRY, OciHost};
use crate::document::challenge::Challenge;
use crate::document::token::{NoToken, is_token, parse_token};
use crate::error::{UpstreamError, without_query};
use crate::login::{Login, LoginUse, Logins};

/// The largest answer with a token.
const MAX_TOKEN_ANSWER: u64 = 64 * 1024;
/// Where Docker Hub has its tokens given.
const DOCKER_HUB_REALM: &str = "auth.docker.io";
/// As whom we ask where a name is wanted that nobody checks.
const CLIENT: &str = "cargo-warg";

/// What is asked of a repository.
pub(super) struct Ask<'a> {
    pub(super) package: &'a PackageName,
    pub(super) repository: &'a str,
    pub(super) url: &'a Url,
    pub(super) accept: Option<&'static str>,
    pub(super) limit: u64,
}

/// The way to one registry.
pub(super) struct Access {
    web: Web,
    host: OciHost,
    base: HttpAddress,
    logins: Arc<dyn Logins>,
    /// To which further hosts a login for this registry may go.
    realms: Vec<OciHost>,
    /// How the upstream is written.
    upstream: String,
    known: Mutex<Known>,
}

#[derive(Default)]
struct Known {
    /// What the registry asked for the last time: it asks so of every repository.
    challenge: Option<Challenge>,
    /// What was shown last, by repository.
    credentials: BTreeMap<String, Credential>,
    /// Whether this user's login was looked for.
    has_looked: bool,
    /// This user's login, if there is one.
    login: Option<Login>,
    login_use: Option<LoginUse>,
    /// Whether nothing came of the last question.
    is_down: bool,
}

impl Access {
    pub(super) fn new(
        web: Web,
        host: OciHost,
        logins: Arc<dyn Logins>,
        realms: Vec<OciHost>,
        upstream: String,
    ) -> Self {
        Self {
            base: host.base().clone(),
            web,
            host,
            logins,
            realms,
            upstream,
            known: Mutex::default(),
        }
    }

    pub(super) fn base(&self) -> &HttpAddress {
        &self.base
    }

    fn known(&self) -> MutexGuard<'_, Known> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Asks, and shows who asks if the registry wants to know.
    ///
    /// # Errors
    /// A registry that cannot be reached, or lets nobody see the package.
    pub(super) fn ask(&self, ask: &Ask<'_>) -> Result<Reply, UpstreamError> {
        let own = self.web.token(ask.url);
        let mut shown = match &own {
            Some(token) => Some(token.clone()),
            None => self.credential_for(ask)?,
        };
        let mut reply = self.send(ask, shown.as_ref())?;
        if reply.status == 401 && own.is_none() {
            let challenge = Challenge::parse(reply.headers_of("www-authenticate"));
            let challenge = challenge.map_err(|error| self.no_token(error.into()))?;
            {
                let mut known = self.known();
                known.credentials.remove(ask.repository);
                known.challenge = Some(challenge);
            }
            let again = self.credential_for(ask)?;
            if again.is_some() {
                shown = again;
                reply = self.send(ask, shown.as_ref())?;
            }
        }
        if matches!(reply.status, 401 | 403) {
            let login = match own {
                Some(_) => LoginUse::Refused,
                None => self.login_use(),
            };
            return Err(self.denied(ask.package, login));
        }
        Ok(reply)
    }

    fn login_use(&self) -> LoginUse {
        self.known().login_use.clone().unwrap_or(LoginUse::None)
    }

    fn denied(&self, package: &PackageName, login: LoginUse) -> UpstreamError {
        UpstreamError::AbsentOrPrivate {
            package: package.clone(),
            upstream: self.upstream.clone(),
            login,
        }
    }

    fn no_token(&self, source: NoToken) -> UpstreamError {
        UpstreamError::NoToken {
            host: self.host.to_string(),
            source: Box::new(source),
        }
    }

    fn send(&self, ask: &Ask<'_>, shown: Option<&Credential>) -> Result<Reply, UpstreamError> {
        let question = Question {
            url: ask.url,
            method: Method::Get,
            accept: ask.accept,
            credential: shown,
            limit: ask.limit,
            again: !self.known().is_down,
        };
        self.put(&question)
            .map_err(|source| UpstreamError::fetch(ask.url, source))
    }

    /// Puts a question. Where nothing came of one, however often it was put, others are put once: hundreds of packages of a registry
    /// that is down would each take all tries.
    fn put(&self, question: &Question<'_>) -> Result<Reply, FetchError> {
        let asked = self.web.ask(question);
        self.known().is_down = asked.is_err();
        asked
    }

    /// What shows who asks for a repository, as the registry wanted it the last time; none where it wants nothing.
    fn credential_for(&self, ask: &Ask<'_>) -> Result<Option<Credential>, UpstreamError> {
        let challenge = {
            let known = self.known();
            if let Some(credential) = known.credentials.get(ask.repository) {
                return Ok(Some(credential.clone()));
            }
            known.challenge.clone()
        };
        let Some(challenge) = challenge else {
            return Ok(None);
        };
        let credential = match challenge {
            Challenge::Basic => self.basic()?,
            Challenge::Bearer { realm, service } => {
                Some(self.bearer(ask, &realm, service.as_deref())?)
            }
        };
        let mut known = self.known();
        if let Some(credential) = &credential {
            let repository = ask.repository.to_owned();
            known.credentials.insert(repository, credential.clone());
        }
        Ok(credential)
    }

    /// This user's login for the registry.
    fn login(&self) -> Result<Option<Login>, UpstreamError> {
        {
            let known = self.known();
            if known.has_looked {
                return Ok(known.login.clone());
            }
        }
        let login = self.logins.of(&self.host);
        let login = login.map_err(|source| UpstreamError::Login {
            host: self.host.to_string(),
            source,
        })?;
        let mut known = self.known();
        known.has_looked = true;
        known.login.clone_from(&login);
        Ok(login)
    }

    fn basic(&self) -> Result<Option<Credential>, UpstreamError> {
        let login = self.login()?;
        if login.is_some() {
            self.known().login_use = Some(LoginUse::Shown);
        }
        Ok(login.and_then(|login| match login {
            Login::Basic { user, password } => Some(Credential::Basic { user, password }),
            Login::Bearer(token) => is_token(&token).then_some(Credential::Bearer(token)),
            Login::Identity(_) => None,
        }))
    }

    /// A token for a repository.
    fn bearer(
        &self,
        ask: &Ask<'_>,
        realm: &Url,
        service: Option<&str>,
    ) -> Result<Credential, UpstreamError> {
        let authority = excerpt(&authority_of(realm));
        if !self.is_safe(realm) {
            let realm = authority;
            return Err(self.no_token(NoToken::Unsafe { realm }));
        }
        let scope = format!("repository:{}:pull", ask.repository);
        let login = match self.login()? {
            Some(_) if self.login_use() == LoginUse::Refused => None,
            Some(login) if self.may_see_login(realm) => Some(login),
            Some(_) => {
                let realm = authority.clone();
                self.known().login_use = Some(LoginUse::Withheld { realm });
                None
            }
            None => None,
        };
        if let Some(login) = login {
            self.known().login_use = Some(LoginUse::Shown);
            let reply = match &login {
                Login::Bearer(token) if is_token(token) => {
                    return Ok(Credential::Bearer(token.clone()));
                }
                Login::Bearer(_) => {
                    let realm = self.host.to_string();
                    return Err(self.no_token(NoToken::Characters { realm }));
                }
                Login::Basic { user, password } => {
                    let credential = Credential::Basic {
                        user: user.clone(),
                        password: password.clone(),
                    };
                    self.get_token(realm, service, &scope, Some(&credential))?
                }
                Login::Identity(token) => self.exchange(realm, service, &scope, token)?,
            };
            match reply.status {
                // What is public needs no login, and one that has run out should not hide it.
                400 | 401 | 403 => self.known().login_use = Some(LoginUse::Refused),
                _ => return self.token_of(&authority, &reply),
            }
        }
        let reply = self.get_token(realm, service, &scope, None)?;
        if matches!(reply.status, 401 | 403) {
            return Err(self.denied(ask.package, self.login_use()));
        }
        self.token_of(&authority, &reply)
    }

    /// Whether tokens may be got at an address at all: over TLS, and on this machine only where the registry is, too. A stranger is
    /// not to have us ask what this machine alone reaches.
    fn is_safe(&self, realm: &Url) -> bool {
        match authority_of(realm).parse::<OciHost>() {
            Ok(host) if host.is_local() => self.host.is_local(),
            Ok(_) => realm.scheme() == "https",
            Err(_) => false,
        }
    }

    /// Whether this user's login may go to an address.
    fn may_see_login(&self, realm: &Url) -> bool {
        let origin = origin_of(realm);
        let is_at = |host: &OciHost| host.base().to_string() == origin;
        let own = self.base.to_string();
        let hub = own == format!("https://{DOCKER_HUB_REGISTRY}")
            && origin == format!("https://{DOCKER_HUB_REALM}");
        origin == own || hub || self.realms.iter().any(is_at)
    }

    fn get_token(
        &self,
        realm: &Url,
        service: Option<&str>,
        scope: &str,
        credential: Option<&Credential>,
    ) -> Result<Reply, UpstreamError> {
        let mut url = realm.clone();
        {
            let mut query = url.query_pairs_mut();
            if let Some(service) = service {
                query.append_pair("service", service);
            }
            query.append_pair("scope", scope);
        }
        self.ask_realm(&url, Method::Get, credential)
    }

    /// Gives an identity token for one of a repository.
    fn exchange(
        &self,
        realm: &Url,
        service: Option<&str>,
        scope: &str,
        token: &str,
    ) -> Result<Reply, UpstreamError> {
        let mut form = realm.clone();
        form.set_query(None);
        form.query_pairs_mut()
            .append_pair("grant_type", "refresh_token")
            .append_pair("service", service.unwrap_or_default())
            .append_pair("scope", scope)
            .append_pair("client_id", CLIENT)
            .append_pair("refresh_token", token);
        self.ask_realm(realm, Method::Post(form.query().unwrap_or_default()), None)
    }

    fn ask_realm(
        &self,
        url: &Url,
        method: Method<'_>,
        credential: Option<&Credential>,
    ) -> Result<Reply, UpstreamError> {
        let question = Question {
            url,
            method,
            accept: Some("application/json"),
            credential,
            limit: MAX_TOKEN_ANSWER,
            again: !self.known().is_down,
        };
        self.put(&question).map_err(|source| UpstreamError::Fetch {
            address: excerpt(&without_query(url)),
            source: Box::new(source),
        })
    }

    /// The token in an answer.
    fn token_of(&self, authority: &str, reply: &Reply) -> Result<Credential, UpstreamError> {
        let realm = authority.to_owned();
        if reply.status != 200 {
            let status = reply.status;
            return Err(self.no_token(NoToken::Status { realm, status }));
        }
        match parse_token(&reply.body) {
            Some(token) if is_token(&token) => Ok(Credential::Bearer(token)),
            Some(_) => Err(self.no_token(NoToken::Characters { realm })),
            None => Err(self.no_token(NoToken::Malformed { realm })),
        }
    }
}

/// The scheme, host and port of an address.
fn origin_of(url: &Url) -> String {
    format!("{}://{}", url.scheme(), authority_of(url))
}

/// The host of an address, and its port where it is not the usual one.
fn authority_of(url: &Url) -> String {
    let host = url.host_str().unwrap_or_default();
    match url.port() {
        Some(port) => format!("{host}:{port}"),
        None => host.to_owned(),
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]
mod tests {
    use registry::http::Options;
    use tokio::runtime::Runtime;

    use super::*;
    use crate::login::Anonymous;

    #[test]
    fn tokens_are_got_over_tls_and_a_login_goes_to_few() {
        let runtime = Runtime::new().unwrap();
        let access = |host: &str| {
            let web = Web::new(Options::default(), runtime.handle().clone());
            let realms = vec!["gitlab.com".parse().unwrap()];
            let host: OciHost = host.parse().unwrap();
            Access::new(web, host, Arc::new(Anonymous), realms, "told".into())
        };
        for (host, realm, is_safe, sees_login) in [
            ("ghcr.io", "https://ghcr.io/token", true, true),
            ("ghcr.io", "https://ghcr.io:8443/token", true, false),
            ("ghcr.io", "http://ghcr.io/token", false, false),
            ("ghcr.io", "https://ghcr.io.evil.example/token", true, false),
            ("ghcr.io", "https://127.0.0.1/token", false, false),
            ("ghcr.io", "http://localhost/token", false, false),
            ("ghcr.io", "https://auth.docker.io/token", true, false),
            ("docker.io", "https://auth.docker.io/token", true, true),
            (
                "docker.io",
                "https://registry-1.docker.io/token",
                true,
                true,
            ),
            (
                "registry.gitlab.com",
                "https://gitlab.com/jwt/auth",
                true,
                true,
            ),
            ("127.0.0.1:5000", "http://127.0.0.1:5000/token", true, true),
            ("127.0.0.1:5000", "http://127.0.0.1:5001/token", true, false),
        ] {
            let access = access(host);
            let url: Url = realm.parse().unwrap();
            assert_eq!(access.is_safe(&url), is_safe, "{host}: {realm}");
            let shown = access.is_safe(&url) && access.may_see_login(&url);
            assert_eq!(shown, sees_login, "{host}: {realm}");
        }
    }
}
