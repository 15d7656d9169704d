//! The server: connections in, answers out, and an end that loses nothing.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use hyper::body::Incoming;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::GracefulShutdown;
use hyper_util::service::TowerToHyperService;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tower::ServiceExt as _;

use crate::caller::Peer;
use crate::{Api, once};

/// How long what is at work may still take when the server ends.
const GRACE: Duration = Duration::from_secs(35);

/// Why there is no server.
#[derive(Debug, thiserror::Error)]
pub enum ServeError {
    /// The address can't be listened at.
    #[error("can't listen at {address}: {source}; is another server running there?")]
    Listen {
        /// Where.
        address: SocketAddr,
        /// Why not.
        source: std::io::Error,
    },
    /// The store fails.
    #[error(transparent)]
    Storage(#[from] storage::StorageError),
    /// The tables of the store are of another version.
    #[error(
        "the tables of the store are not those of this version; bring them there first: `minhchung migrate --store …`"
    )]
    NotMigrated,
}

/// A server that listens.
#[derive(Debug)]
pub struct Server {
    api: Api,
    listener: TcpListener,
    address: SocketAddr,
}

impl Server {
    /// Listens; port 0 takes any that is free.
    ///
    /// # Errors
    /// The store is not ready, or the address is taken.
    pub async fn listen(api: Api, address: SocketAddr) -> Result<Self, ServeError> {
        if !api
            .platform()
            .store()
            .pending_migrations()
            .await?
            .is_empty()
        {
            return Err(ServeError::NotMigrated);
        }
        let failed = |source| ServeError::Listen { address, source };
        let listener = TcpListener::bind(address).await.map_err(failed)?;
        let address = listener.local_addr().map_err(failed)?;
        Ok(Self {
            api,
            listener,
            address,
        })
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Answers until `end` comes; then takes nothing more, and finishes what is at work.
    pub async fn run(self, end: impl Future<Output = ()> + Send) {
        let connections = Arc::new(Semaphore::new(self.api.limits().connections as usize));
        let graceful = GracefulShutdown::new();
        let router = self.api.router();
        let mut forget = tokio::time::interval(once::FORGET_EVERY);
        tokio::pin!(end);
        loop {
            let accepted = tokio::select! {
                () = &mut end => break,
                _ = forget.tick() => {
                    if let Err(error) = once::forget(&self.api).await {
                        self.api.log(&format!("kept answers were not forgotten: {error}"));
                    }
                    continue;
                }
                accepted = accept(&self.listener, &connections) => accepted,
            };
            let Some((stream, peer, permit)) = accepted else {
                // Out of file descriptors, or a peer that hung up while it waited: others must not starve for it.
                tokio::time::sleep(Duration::from_millis(10)).await;
                continue;
            };
            let service =
                router
                    .clone()
                    .map_request(move |mut request: hyper::Request<Incoming>| {
                        request.extensions_mut().insert(Peer(peer));
                        request.map(axum::body::Body::new)
                    });
            let mut http = hyper::server::conn::http1::Builder::new();
            http.timer(TokioTimer::new())
                .header_read_timeout(self.api.limits().head_timeout)
                .max_buf_size(64 * 1024);
            let io = TokioIo::new(stream);
            let connection = http.serve_connection(io, TowerToHyperService::new(service));
            let connection = graceful.watch(connection);
            tokio::spawn(async move {
                // A peer that breaks off is its own affair; what it asked for is carried out all the same.
                let _ = connection.await;
                drop(permit);
            });
        }
        drop(self.listener);
        let rest = async {
            graceful.shutdown().await;
            self.api.idle().await;
        };
        if tokio::time::timeout(GRACE, rest).await.is_err() {
            self.api.log("ended before all requests were answered");
        }
    }
}

type Accepted = (TcpStream, SocketAddr, tokio::sync::OwnedSemaphorePermit);

async fn accept(listener: &TcpListener, connections: &Arc<Semaphore>) -> Option<Accepted> {
    let permit = Arc::clone(connections).acquire_owned().await.ok()?;
    let (stream, peer) = listener.accept().await.ok()?;
    let _ = stream.set_nodelay(true);
    Some((stream, peer, permit))
}
