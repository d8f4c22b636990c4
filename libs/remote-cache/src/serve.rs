//! Runs a server as a process does: with a runtime of its own, until it is told to stop.

use std::net::SocketAddr;

use krepis_change::Failure;
use tokio::signal::unix::{SignalKind, signal};

use crate::errors;
use crate::server::Server;
use crate::settings::Settings;

/// Threads that wait for the disk. Each costs its stack and its part of the heap.
const DISK_THREADS: usize = 32;

/// Serves until SIGTERM or SIGINT; a second one ends it at once. `ready` is told the address.
pub fn serve(settings: Settings, ready: impl FnOnce(SocketAddr)) -> Result<(), Failure> {
    let threads = std::thread::available_parallelism().map_or(1, |cores| cores.get().min(8));
    let failed = |error: std::io::Error| {
        Failure::new(&errors::NOT_LISTENING, "the server cannot be started").reason(error.to_string())
    };
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(threads)
        .max_blocking_threads(DISK_THREADS)
        .enable_all()
        .build()
        .map_err(failed)?;
    runtime.block_on(async {
        let mut terminate = signal(SignalKind::terminate()).map_err(failed)?;
        let mut interrupt = signal(SignalKind::interrupt()).map_err(failed)?;
        let server = Server::bind(settings).await?;
        ready(server.address());
        let (stop, stopped) = tokio::sync::oneshot::channel();
        tokio::spawn(async move {
            let mut told = async || {
                std::future::poll_fn(|context| match terminate.poll_recv(context) {
                    std::task::Poll::Pending => interrupt.poll_recv(context),
                    ready @ std::task::Poll::Ready(_) => ready,
                })
                .await
            };
            told().await;
            // Nobody waits any more if the server has ended by itself.
            let _ = stop.send(());
            told().await;
            std::process::exit(1);
        });
        server
            .run(async {
                drop(stopped.await);
            })
            .await;
        Ok(())
    })?;
    // A thread that hangs in the disk must not hold the process.
    runtime.shutdown_background();
    Ok(())
}
