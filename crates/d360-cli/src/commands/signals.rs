//! Signals that stop a server, or a command between two messages.
use std::sync::{
    Once,
    atomic::{AtomicBool, Ordering},
    mpsc,
};

static INTERRUPTED: AtomicBool = AtomicBool::new(false);

/// From now on the first signal only says that it came; the second ends the program.
pub(crate) fn notice() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        let (ready, is_ready) = mpsc::channel();
        std::thread::spawn(|| watch(ready));
        // It is dropped if there can be no such thread's runtime.
        let _ = is_ready.recv();
    });
}

fn watch(ready: mpsc::Sender<()>) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let Ok(runtime) = runtime else { return };
    runtime.block_on(async {
        let mut first = std::pin::pin!(stopped());
        let come = tokio::select! {
            // Polled once, it hears every signal from then on.
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

/// Whether a signal came after [`notice`].
pub(crate) fn interrupted() -> bool {
    INTERRUPTED.load(Ordering::Relaxed)
}

/// Ends at SIGTERM or Ctrl-C.
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
