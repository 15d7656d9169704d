//! `serve`: the JSON API over a store, with the platform's own workers beside it.

mod deployment;

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use clap::Args;
use jiff::Timestamp;
use platform::access::{Access, Setup, Site};
use platform::{Ids as _, Platform, RandomIds, Settings, Workers};
use web::{Api, Limits, Server};

use crate::Outcome;
use crate::command::store::Place;
use crate::exit::{Blame, Exit, Failure};
use crate::progress::interrupted;

use deployment::Deployment;

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
    /// What the deployment decides: keys, the register, login providers, where messages go (docs/serve.md).
    #[arg(long, value_name = "FILE.toml")]
    config: Option<PathBuf>,
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
        let deployment = match &self.config {
            Some(path) => Deployment::read(path)?,
            None => Deployment::default(),
        };
        let store = self.place.open().await?;
        let platform = Platform::new(
            store.clone(),
            Settings {
                policy: Arc::new(deployment.policy()?),
                delegations: deployment.delegations.clone(),
                ids: Arc::new(RandomIds),
                vault: deployment.vault()?,
            },
        );
        let workers = workers(platform.clone(), &deployment)?;
        let access = Access::new(platform, self.setup(&deployment)?).or_usage()?;
        let settings = web::Settings {
            access: access.clone(),
            authenticate: Arc::new(access.clone()),
            keys: Arc::new(deployment.keys()?),
            proxies: deployment.proxies.clone(),
            clock,
            log: Arc::new(|line| eprintln!("{} {line}", clock())),
            run: format!("{:08x}", RandomIds.next().or_fault()? >> 96),
            limits: Limits::default(),
        };
        let server = Server::listen(Api::new(settings), self.listen);
        let server = server.await.or_usage()?;
        eprintln!("listening at http://{}", server.address());
        let workers = tokio::spawn(work(workers, access));
        server.run(asked_to_end()).await;
        workers.await.or_fault()?;
        store.close().await;
        Ok(Exit::Good)
    }

    fn setup(&self, deployment: &Deployment) -> Result<Setup, Failure> {
        let port = self.listen.port();
        let (domain, origin) = match &deployment.domain {
            Some(domain) => (domain.clone(), format!("https://{domain}")),
            None => ("localhost".to_owned(), format!("http://localhost:{port}")),
        };
        Ok(Setup {
            rules: deployment.rules()?,
            seal: deployment.seal()?,
            site: Site {
                name: "Minh Chứng".to_owned(),
                domain,
                origins: vec![origin],
            },
            providers: deployment.providers()?,
        })
    }
}

/// The platform's own hands, with what the deployment gives them.
fn workers(platform: Platform, deployment: &Deployment) -> Result<Workers, Failure> {
    let mut workers = Workers::new(platform);
    if let Some(register) = deployment.register()? {
        workers = workers.with_register(register);
    }
    if let Some(courier) = deployment.courier()? {
        workers = workers.with_courier(courier);
    }
    if let Some(signer) = deployment.checkpoints()? {
        workers = workers.with_checkpoints(signer);
    }
    Ok(workers)
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
