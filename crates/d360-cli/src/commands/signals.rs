//! Signals that stop a server, or a command between two messages.
use std::sync::{
    Once,
    atomic::{AtomicBool, Ordering},
    mpsc,
};

static INTERRUPTED: AtomicBool = AtomicBool::new(false);

/// From now on the first signal only sets a flag. The second ends the program.
pub(crate) fn notice() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        let (ready, is_ready) = mpsc::channel();
        std::thread::spawn(|| watch(ready));
        // The sender is dropped if the thread's runtime cannot be started.
        let _ = is_ready.recv();
    });
}

fn watch(ready: mpsc::Sender<()>) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let Ok(runtime) = runtime else { return };
    runtime.block_on(async {
        let mut first = std::pin::pin!(stopped());
        let come = tokio::select! {
            // After the first poll, it receives every signal.
            biased;
            come = &mut first => come,
            () = async { drop(ready) } => first.await,
        };
        if come.is_ok() {
            INTERRUPTED.store(true, Ordering::Relaxed);
            if stopped().await.is_ok() {
                std::process::exit(130);
            }
        }
    });
}

/// Whether a signal arrived after [`notice`].
pub(crate) fn interrupted() -> bool {
    INTERRUPTED.load(Ordering::Relaxed)
}

/// Waits for SIGTERM or Ctrl-C.
pub(crate) async fn stopped() -> std::io::Result<()> {
    #[cfg(unix)]
    {
        use tokio::signal::unix::{SignalKind, signal};
        let mut terminate = signal(SignalKind::terminate())?;
        tokio::select! {
            _ = terminate.recv() => Ok(()),
            done = tokio::signal::ctrl_c() => done,
        }
    }
    #[cfg(not(unix))]
    tokio::signal::ctrl_c().await
}
