//! Signing in with a real OpenID Connect provider on this machine: there, through its pages as a browser goes, and back.

use std::collections::BTreeMap;
use std::io::{BufRead as _, BufReader, Lines, Write as _};
use std::path::Path;
use std::process::{Child, ChildStdout, Command, Stdio};

use casework::{Act, Role};
use jiff::{SignedDuration, Timestamp};
use platform::access::{Access, AccessError, Outcome, Provider, Returned, Step};
use reqwest::header::{COOKIE, LOCATION, SET_COOKIE};
use serde_json::{Value, json};
use url::Url;

use super::factors::with_app;
use super::{access, account, act_of, clerk, code, office, opened, session};
use crate::world::on_both;

/// As the provider's script has them.
const CLIENT_SECRET: &str = "bi-mat:100%+&=/cua-mot-bai-thu";
const REDIRECT_URI: &str = "http://127.0.0.1:9/sign-in/provider";

/// Algorithms with which it signs ID tokens that we accept.
const ALGORITHMS: [&str; 4] = ["RS256", "PS256", "ES256", "EdDSA"];

/// The provider makes its tokens by the clock.
fn now() -> Timestamp {
    #[expect(
        clippy::disallowed_methods,
        reason = "another program's tokens are of this very moment"
    )]
    Timestamp::now()
}

fn later(seconds: i64) -> Timestamp {
    now() + SignedDuration::from_secs(seconds)
}

/// The provider, a process that ends with its stdin.
struct Running {
    process: Child,
    said: Lines<BufReader<ChildStdout>>,
    issuer: String,
}

impl Running {
    fn start() -> Self {
        Self::start_with(&[])
    }

    fn start_with(arguments: &[&str]) -> Self {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/provider");
        assert!(
            folder.join("node_modules").exists(),
            "this test needs its login provider: run `cargo xtask test`, or `npm ci` in {}",
            folder.display()
        );
        let mut process = Command::new("node")
            .arg(folder.join("provider.mjs"))
            .args(arguments)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("node starts");
        let said = process.stdout.take().expect("a pipe");
        let mut running = Self {
            process,
            said: BufReader::new(said).lines(),
            issuer: String::new(),
        };
        let issuer = running.answer();
        running
            .issuer
            .push_str(issuer["issuer"].as_str().expect("one"));
        running
    }

    /// What the script says, between the words of the library.
    fn answer(&mut self) -> Value {
        let mut lines = self.said.by_ref().map(|line| line.expect("a line"));
        let line = lines.find(|line| line.starts_with('{'));
        serde_json::from_str(&line.expect("an answer")).expect("JSON")
    }

    /// It signs with other keys from now on, and has forgotten who was signed in.
    fn rotate(&mut self) {
        let told = self.process.stdin.as_mut().expect("a pipe");
        told.write_all(b"rotate\n").expect("is told");
        assert_eq!(self.answer(), json!({ "rotated": true }));
    }

    fn stop(&mut self) {
        drop(self.process.stdin.take());
        self.process.wait().expect("ends");
    }

    /// Our names there: one for each algorithm, one that it does not sign openly, one without secret, one with a wrong secret.
    fn configured(&self) -> Vec<Provider> {
        let provider = |client: &str, name: &str, secret: Option<&str>| Provider {
            name: name.to_owned(),
            issuer: self.issuer.clone(),
            client_id: format!("minhchung-{client}"),
            client_secret: secret.map(|secret| secret.to_owned().into()),
            redirect_uri: REDIRECT_URI.to_owned(),
        };
        let names = ALGORITHMS.into_iter().chain(["HS256"]);
        let mut all: Vec<Provider> = names
            .map(|name| provider(name, name, Some(CLIENT_SECRET)))
            .collect();
        all.push(provider("public", "public", None));
        all.push(provider("RS256", "wrong-secret", Some("đoán thử")));
        all
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.stop();
    }
}

/// Runs a test on both stores against one provider.
fn with_provider<F: Future<Output = ()>>(provider: &Running, test: impl Fn(Access) -> F) {
    on_both(|platform| test(access(platform, provider.configured())));
}

/// Somebody's browser: it keeps cookies, and follows addresses until one leads back to us.
struct Browser {
    http: reqwest::Client,
    cookies: BTreeMap<String, String>,
}

impl Browser {
    fn new() -> Self {
        let http = reqwest::Client::builder()
            .redirect(reqwest::redirect::Policy::none())
            .no_proxy()
            .build();
        Self {
            http: http.expect("a client"),
            cookies: BTreeMap::new(),
        }
    }

    /// Types a name and a password in, consents, and comes back.
    async fn sign_in(&mut self, there: &str, name: &str) -> Returned {
        let mut page = self.open(there).await;
        loop {
            page = match page {
                Page::Back(returned) => return returned,
                Page::Form { uid, html } if html.contains(r#"name="login""#) => {
                    let typed = [("prompt", "login"), ("login", name), ("password", "bất kỳ")];
                    self.submit(&uid, &typed).await
                }
                Page::Form { uid, html } => {
                    assert!(html.contains(r#"value="consent""#), "{html}");
                    self.submit(&uid, &[("prompt", "consent")]).await
                }
            };
        }
    }

    /// Looks at the login form, and chooses not to sign in.
    async fn cancel(&mut self, there: &str) -> Returned {
        let Page::Form { uid, .. } = self.open(there).await else {
            panic!("a form");
        };
        match self.open(&format!("{uid}/abort")).await {
            Page::Back(returned) => returned,
            Page::Form { html, .. } => panic!("back: {html}"),
        }
    }

    async fn open(&mut self, address: &str) -> Page {
        let address = Url::parse(address).expect("an address");
        self.follow(self.http.get(address)).await
    }

    async fn submit(&mut self, form: &str, typed: &[(&str, &str)]) -> Page {
        self.follow(self.http.post(form).form(typed)).await
    }

    /// Sends a request and goes where it leads.
    async fn follow(&mut self, mut request: reqwest::RequestBuilder) -> Page {
        loop {
            let cookies = self.cookies.iter();
            let cookies: Vec<String> = cookies
                .map(|(name, value)| format!("{name}={value}"))
                .collect();
            let answer = request.header(COOKIE, cookies.join("; ")).send().await;
            let answer = answer.expect("the provider answers");
            for cookie in answer.headers().get_all(SET_COOKIE) {
                self.keep(cookie.to_str().expect("a text"));
            }
            let here = answer.url().clone();
            let Some(next) = answer.headers().get(LOCATION) else {
                let status = answer.status();
                let html = answer.text().await.expect("a page");
                assert!(status.is_success(), "{status}: {html}");
                return Page::Form {
                    uid: here.into(),
                    html,
                };
            };
            let next = here
                .join(next.to_str().expect("a text"))
                .expect("an address");
            if next.as_str().starts_with(REDIRECT_URI) {
                return Page::Back(returned(&next));
            }
            request = self.http.get(next);
        }
    }

    fn keep(&mut self, cookie: &str) {
        let (name, value) = cookie.split_once('=').expect("a cookie");
        match value.split(';').next() {
            Some("") | None => self.cookies.remove(name),
            Some(value) => self.cookies.insert(name.to_owned(), value.to_owned()),
        };
    }
}

/// Where a browser arrived.
enum Page {
    /// At a form of the provider, at this address.
    Form { uid: String, html: String },
    /// Back with us.
    Back(Returned),
}

fn returned(address: &Url) -> Returned {
    let said: BTreeMap<String, String> = address.query_pairs().into_owned().collect();
    let one = |name: &str| said.get(name).cloned();
    Returned {
        state: one("state").unwrap_or_default(),
        code: one("code"),
        error: one("error"),
        iss: one("iss"),
    }
}

/// There and back; `name` is typed in there.
async fn signed_in(
    access: &Access,
    provider: &str,
    name: &str,
    act: Option<&Act>,
    when: Timestamp,
) -> Result<Outcome, AccessError> {
    let there = access.start_provider(provider, act, when).await?;
    let back = Browser::new().sign_in(&there.url, name).await;
    access
        .finish_provider(there.ticket.expose(), &back, act, &office(), when)
        .await
}

/// A clerk of a hamlet team, with an identity of theirs linked.
async fn linked(access: &Access, id: &str, provider: &str, name: &str) -> Act {
    clerk(access, id).await;
    let session = session(access, id, &office(), now()).await;
    let act = act_of(access, &session, &office(), now()).await;
    let done = signed_in(access, provider, name, Some(&act), now()).await;
    assert_eq!(done.expect("links"), Outcome::Linked);
    act
}

#[test]
fn a_linked_identity_signs_in_whatever_the_provider_signs_with() {
    let provider = Running::start();
    with_provider(&provider, |access| async move {
        let act = linked(&access, "le.an", "RS256", "0912.le.an").await;
        for name in ALGORITHMS.into_iter().chain(["public"]) {
            let done = signed_in(&access, name, "0912.le.an", None, now()).await;
            let Ok(Outcome::Step(Step::SignedIn {
                session,
                account: who,
            })) = done
            else {
                panic!("{name}: {done:?}")
            };
            assert_eq!(who, account("le.an"), "{name}");
            act_of(&access, &session, &office(), now()).await;
        }
        let notices = access.notices(&act, 20).await.expect("reads");
        assert!(notices.iter().any(|n| n.what == "identity_linked"));
        // Whoever knows our secret could make such a token.
        let shared = signed_in(&access, "HS256", "0912.le.an", None, now()).await;
        assert_eq!(code(shared), "access.provider_refused");
        let wrong = signed_in(&access, "wrong-secret", "0912.le.an", None, now()).await;
        assert_eq!(code(wrong), "access.provider_refused");
        let none = access.start_provider("vneid", None, now()).await;
        assert_eq!(code(none), "access.provider_unknown");
    });
}

#[test]
fn an_identity_opens_the_account_that_it_is_linked_to_and_no_other() {
    let provider = Running::start();
    with_provider(&provider, |access| async move {
        let act = linked(&access, "le.an", "RS256", "an").await;
        let stranger = signed_in(&access, "RS256", "binh", None, now()).await;
        assert_eq!(code(stranger), "access.not_linked");
        clerk(&access, "le.binh").await;
        let other = session(&access, "le.binh", &office(), now()).await;
        let other = act_of(&access, &other, &office(), now()).await;
        let taken = signed_in(&access, "RS256", "an", Some(&other), now()).await;
        assert_eq!(code(taken), "access.linked_elsewhere");
        let again = signed_in(&access, "RS256", "an", Some(&act), now()).await;
        assert_eq!(again.expect("is linked"), Outcome::Linked);

        // What one began to link, nobody else links to theirs.
        let there = access.start_provider("RS256", Some(&act), now()).await;
        let there = there.expect("starts");
        let back = Browser::new().sign_in(&there.url, "binh").await;
        let ticket = there.ticket.expose();
        let done = access
            .finish_provider(ticket, &back, Some(&other), &office(), now())
            .await;
        assert_eq!(code(done), "access.ticket");

        let console = Act::system("console", now());
        let reset = access.reset(&console, &account("le.an"), None, false).await;
        reset.expect("resets");
        let waiting = signed_in(&access, "RS256", "an", None, now()).await;
        assert_eq!(code(waiting), "access.password_first");
        let removed = access.reset(&console, &account("le.an"), None, true).await;
        removed.expect("resets");
        let unlinked = signed_in(&access, "RS256", "an", None, now()).await;
        assert_eq!(code(unlinked), "access.not_linked");
    });
}

#[test]
fn a_disabled_account_stays_closed_and_a_second_factor_is_asked_for_as_always() {
    let provider = Running::start();
    with_provider(&provider, |access| async move {
        linked(&access, "le.an", "RS256", "an").await;
        let console = Act::system("console", now());
        access
            .disable(&console, &account("le.an"), None)
            .await
            .expect("closes");
        let closed = signed_in(&access, "RS256", "an", None, now()).await;
        assert_eq!(code(closed), "account.disabled");

        let (_, _, session) = with_app(&access, 10).await;
        let when = crate::world::at(20);
        let mut act = act_of(&access, &session, &office(), when).await;
        act.at = now();
        let done = signed_in(&access, "RS256", "huyen", Some(&act), now()).await;
        assert_eq!(done.expect("links"), Outcome::Linked);
        let step = signed_in(&access, "RS256", "huyen", None, now()).await;
        let asked = matches!(
            step,
            Ok(Outcome::Step(Step::SecondFactor { totp: true, .. }))
        );
        assert!(asked, "{step:?}");
    });
}

#[test]
fn an_answer_that_was_not_asked_for_leads_nowhere() {
    let provider = Running::start();
    let issuer = provider.issuer.clone();
    with_provider(&provider, |access| {
        let issuer = issuer.clone();
        async move {
            linked(&access, "le.an", "RS256", "an").await;
            let go = async || {
                let there = access.start_provider("RS256", None, now()).await;
                let there = there.expect("starts");
                let back = Browser::new().sign_in(&there.url, "an").await;
                assert_eq!(back.iss.as_deref(), Some(issuer.as_str()));
                (there.ticket, back)
            };
            let come_back = async |ticket: &str, back: &Returned| {
                access
                    .finish_provider(ticket, back, None, &office(), now())
                    .await
            };

            let spoilt: [fn(&mut Returned); 5] = [
                |back| back.state = "khác".into(),
                |back| back.code = None,
                |back| back.code = Some("đoán-thử".into()),
                |back| back.iss = Some("https://id.example.com".into()),
                // This provider says that it always names itself.
                |back| back.iss = None,
            ];
            for spoil in spoilt {
                let (ticket, mut back) = go().await;
                let whole = back.clone();
                spoil(&mut back);
                let refused = come_back(ticket.expose(), &back).await;
                assert_eq!(code(refused), "access.provider_refused", "{back:?}");
                let again = come_back(ticket.expose(), &whole).await;
                assert_eq!(code(again), "access.ticket", "one try for each way");
            }

            // Somebody else's code, slipped into the way of another: it fits neither the verifier nor the nonce.
            let ((victim, own), (_, other)) = (go().await, go().await);
            let mixed = Returned {
                state: own.state,
                ..other
            };
            let refused = come_back(victim.expose(), &mixed).await;
            assert_eq!(code(refused), "access.provider_refused");

            // A code that was used.
            let (ticket, back) = go().await;
            let done = come_back(ticket.expose(), &back).await;
            let signed_in = matches!(done, Ok(Outcome::Step(Step::SignedIn { .. })));
            assert!(signed_in, "{done:?}");
            let again = come_back(ticket.expose(), &back).await;
            assert_eq!(code(again), "access.ticket");
            let (ticket, own) = go().await;
            let used = Returned {
                state: own.state,
                ..back
            };
            let refused = come_back(ticket.expose(), &used).await;
            assert_eq!(code(refused), "access.provider_refused");
        }
    });
}

#[test]
fn a_provider_that_takes_secrets_in_the_body_alone_gets_ours_there() {
    let provider = Running::start_with(&["post"]);
    with_provider(&provider, |access| async move {
        linked(&access, "le.an", "RS256", "an").await;
        let wrong = signed_in(&access, "wrong-secret", "an", None, now()).await;
        assert_eq!(code(wrong), "access.provider_refused");
    });
}

#[test]
fn whoever_cancels_at_the_provider_comes_back_and_may_begin_again() {
    let provider = Running::start();
    with_provider(&provider, |access| async move {
        linked(&access, "le.an", "RS256", "an").await;
        let there = access.start_provider("RS256", None, now()).await;
        let there = there.expect("starts");
        let back = Browser::new().cancel(&there.url).await;
        assert_eq!(back.error.as_deref(), Some("access_denied"));
        assert_eq!(back.code, None);
        let cancelled = access
            .finish_provider(there.ticket.expose(), &back, None, &office(), now())
            .await;
        assert_eq!(code(cancelled), "access.provider_refused");
        let step = signed_in(&access, "RS256", "an", None, now()).await;
        let signed_in = matches!(step, Ok(Outcome::Step(Step::SignedIn { .. })));
        assert!(signed_in, "{step:?}");
    });
}

#[test]
fn keys_that_the_provider_changed_are_asked_for_once_a_minute() {
    on_both(|platform| async move {
        let mut provider = Running::start();
        let access = access(platform, provider.configured());
        linked(&access, "le.an", "RS256", "an").await;
        provider.rotate();
        let soon = signed_in(&access, "RS256", "an", None, now()).await;
        assert_eq!(code(soon), "access.provider_refused");
        let step = signed_in(&access, "RS256", "an", None, later(61)).await;
        let signed_in = matches!(step, Ok(Outcome::Step(Step::SignedIn { .. })));
        assert!(signed_in, "{step:?}");
    });
}

#[test]
fn a_provider_that_is_gone_is_silent_and_the_password_still_opens() {
    on_both(|platform| async move {
        let mut provider = Running::start();
        let access = access(platform, provider.configured());
        linked(&access, "le.an", "RS256", "an").await;
        let there = access.start_provider("RS256", None, now()).await;
        let there = there.expect("starts");
        let back = Browser::new().sign_in(&there.url, "an").await;
        provider.stop();
        let silent = access
            .finish_provider(there.ticket.expose(), &back, None, &office(), now())
            .await;
        assert_eq!(code(silent), "access.provider_silent");
        // What it said of itself has become old.
        let silent = access.start_provider("RS256", None, later(3601)).await;
        assert_eq!(code(silent), "access.provider_silent");
        session(&access, "le.an", &office(), later(3602)).await;
    });
}

#[test]
fn another_issuer_than_the_one_configured_is_not_believed() {
    let provider = Running::start();
    on_both(|platform| {
        let mut configured = provider.configured();
        for one in &mut configured {
            one.issuer.push('/');
        }
        async move {
            let access = access(platform, configured);
            opened(&access, "le.an", "hamlet/00004/A", Role::HamletTeam, now()).await;
            let started = access.start_provider("RS256", None, now()).await;
            assert_eq!(code(started), "access.provider_silent");
        }
    });
}
