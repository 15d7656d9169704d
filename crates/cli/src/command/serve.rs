//! `serve`: the JSON API over a store, with the platform's own workers beside it.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use casework::policy::Policy;
use casework::routing::Delegations;
use clap::Args;
use jiff::Timestamp;
use platform::access::{Access, Rules, SealKey, Setup, Site};
use platform::{Ids as _, Platform, RandomIds, Settings, Workers};
use web::{Api, Limits, Server};

use crate::Outcome;
use crate::command::clean::read_text;
use crate::command::store::Place;
use crate::exit::{Blame, Exit, Failure, usage};
use crate::progress::interrupted;

/// How often the clock, the jobs and the ledger are looked at.
const ROUND: Duration = Duration::from_secs(5);

/// How often it is looked whether the server was asked to end.
const LISTENING: Duration = Duration::from_millis(100);

/// Serve the JSON API. SIGTERM or Ctrl-C lets it finish what is at work
///
/// Listens on this machine alone unless told otherwise; TLS is the affair of the proxy before it. The log goes to stderr.
#[derive(Args)]
#[command(
    after_help = "Example:\n  minhchung migrate --store sqlite:records.db\n  minhchung serve --store sqlite:records.db --listen 127.0.0.1:8080\n  curl http://127.0.0.1:8080/readyz"
)]
pub struct Serve {
    #[command(flatten)]
    place: Place,
    /// Where to listen.
    #[arg(long, value_name = "ADDRESS:PORT", default_value = "127.0.0.1:8080")]
    listen: SocketAddr,
    /// The domain of the pages, to which passkeys are bound.
    #[arg(long, value_name = "DOMAIN", default_value = "localhost")]
    domain: String,
    /// Key that seals the secrets of authenticator apps.
    #[arg(long, value_name = "FILE")]
    seal_key: Option<PathBuf>,
    /// The ministry's rules, when they are not the shipped ones.
    #[arg(long, value_name = "FILE.toml")]
    policy: Option<PathBuf>,
}

impl Serve {
    /// Runs it.
    pub fn run(self) -> Outcome {
        without_data_in_panics();
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .enable_all()
            .build()
            .or_fault()?;
        runtime.block_on(self.serve())
    }

    async fn serve(self) -> Outcome {
        let store = self.place.open().await?;
        let platform = Platform::new(
            store.clone(),
            Settings {
                policy: Arc::new(self.policy()?),
                delegations: Delegations::default(),
                ids: Arc::new(RandomIds),
                vault: None,
            },
        );
        let access = Access::new(platform.clone(), self.setup()?).or_usage()?;
        let settings = web::Settings {
            authenticate: Arc::new(access.clone()),
            clock,
            log: Arc::new(|line| eprintln!("{} {line}", clock())),
            run: format!("{:08x}", RandomIds.next().or_fault()? >> 96),
            limits: Limits::default(),
        };
        let server = Server::listen(Api::new(platform.clone(), settings), self.listen);
        let server = server.await.or_usage()?;
        eprintln!("listening at http://{}", server.address());
        let workers = tokio::spawn(work(Workers::new(platform), access));
        server.run(asked_to_end()).await;
        workers.await.or_fault()?;
        store.close().await;
        Ok(Exit::Good)
    }

    fn policy(&self) -> Result<Policy, Failure> {
        match &self.policy {
            Some(path) => Policy::parse(&read_text(path)?)
                .map_err(|error| usage(format!("{}: {error}", path.display()))),
            None => Ok(Policy::shipped()),
        }
    }

    fn setup(&self) -> Result<Setup, Failure> {
        let seal = match &self.seal_key {
            Some(path) => {
                let key = SealKey::parse(read_text(path)?.trim());
                let key = key.ok_or_else(|| usage(format!("{}: no key", path.display())))?;
                Some(key)
            }
            None => None,
        };
        let origin = if self.domain == "localhost" {
            format!("http://localhost:{}", self.listen.port())
        } else {
            format!("https://{}", self.domain)
        };
        Ok(Setup {
            rules: Rules::shipped(),
            seal,
            site: Site {
                name: "Minh Chứng".to_owned(),
                domain: self.domain.clone(),
                origins: vec![origin],
            },
            providers: Vec::new(),
        })
    }
}

/// Rounds of the platform's own work until the server ends.
async fn work(workers: Workers, access: Access) {
    let mut rounds = tokio::time::interval(ROUND);
    loop {
        tokio::select! {
            () = asked_to_end() => return,
            _ = rounds.tick() => {}
        }
        if let Err(error) = workers.round(clock()).await {
            eprintln!("{} the platform's own work: {error}", clock());
        }
        if let Err(error) = access.tidy(clock()).await {
            eprintln!("{} sessions that have run out: {error}", clock());
        }
    }
}

async fn asked_to_end() {
    while !interrupted() {
        tokio::time::sleep(LISTENING).await;
    }
}

/// A panic's payload may hold data of a person: only its place is told.
fn without_data_in_panics() {
    std::panic::set_hook(Box::new(|panic| {
        let place = panic.location().map(ToString::to_string);
        eprintln!("panic at {}", place.unwrap_or_default());
    }));
}

#[expect(
    clippy::disallowed_methods,
    reason = "the binary reads the clock, and hands the moment on"
)]
fn clock() -> Timestamp {
    Timestamp::now()
}
