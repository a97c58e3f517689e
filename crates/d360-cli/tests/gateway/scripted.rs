//! An old program with scripted responses, byte by byte.
use crate::rig::{PATIENCE, read_request};
use serde_json::Value;
use std::{
    io::{BufReader, Write as _},
    net::{TcpListener, TcpStream},
    sync::{Arc, Condvar, Mutex},
    time::Instant,
};

/// The action after the bytes of a response.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Then {
    Listen,
    /// Keeps the connection, but sends unannounced bytes after the response.
    Stray,
    Close,
    Hang,
    /// Sends bytes without end.
    Flood,
}

type Script = Arc<dyn Fn(&Value) -> (String, Then) + Send + Sync>;

pub(crate) struct Scripted {
    pub(crate) url: String,
    seen: Arc<(Mutex<Vec<Value>>, Condvar)>,
}

/// An answer without a body.
pub(crate) fn status(status: u16) -> (String, Then) {
    (format!("HTTP/1.1 {status} X\r\ncontent-length: 0\r\n\r\n"), Then::Listen)
}

impl Scripted {
    pub(crate) fn start(script: impl Fn(&Value) -> (String, Then) + Send + Sync + 'static) -> Self {
        Self::on(TcpListener::bind("127.0.0.1:0").unwrap(), script)
    }
    pub(crate) fn on(
        listener: TcpListener,
        script: impl Fn(&Value) -> (String, Then) + Send + Sync + 'static,
    ) -> Self {
        let address = listener.local_addr().unwrap();
        let program = Self { url: format!("http://{address}/hook"), seen: Arc::default() };
        let (seen, script): (_, Script) = (program.seen.clone(), Arc::new(script));
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                let Ok(stream) = stream else { return };
                let (seen, script) = (seen.clone(), script.clone());
                std::thread::spawn(move || serve(stream, &seen, &script));
            }
        });
        program
    }
    /// Returns the posted webhooks, whatever the response.
    pub(crate) fn seen(&self) -> Vec<Value> {
        self.seen.0.lock().unwrap().clone()
    }
    /// Returns how often a message was posted.
    pub(crate) fn times(&self, id: &str) -> usize {
        self.seen().iter().filter(|hook| hook["messages"][0]["id"] == id).count()
    }
    /// Waits until a message was posted that often.
    pub(crate) fn wait_for(&self, id: &str, times: usize) {
        let since = Instant::now();
        let mut seen = self.seen.0.lock().unwrap();
        while seen.iter().filter(|hook| hook["messages"][0]["id"] == id).count() < times {
            assert!(since.elapsed() < PATIENCE, "{id} was not posted {times} times among {}", seen.len());
            seen = self.seen.1.wait_timeout(seen, std::time::Duration::from_secs(1)).unwrap().0;
        }
    }
}

fn serve(stream: TcpStream, seen: &(Mutex<Vec<Value>>, Condvar), script: &Script) {
    let mut reader = BufReader::new(stream);
    // Sent when the next request arrives, which is as late as possible.
    let mut stray = "";
    while let Some(body) = read_request(&mut reader) {
        let hook: Value = serde_json::from_slice(&body).unwrap_or_default();
        let (answer, then) = script(&hook);
        seen.0.lock().unwrap().push(hook);
        seen.1.notify_all();
        if reader.get_mut().write_all([stray, &answer].concat().as_bytes()).is_err() {
            return;
        }
        match then {
            Then::Listen => {}
            Then::Stray => stray = "ok",
            Then::Close => return,
            Then::Hang => {
                // Until the other side closes.
                let _ = std::io::Read::read(&mut reader, &mut [0]);
                return;
            }
            Then::Flood => while reader.get_mut().write_all(&[b'x'; 1 << 16]).is_ok() {},
        }
    }
}

/// Waits until `found` returns a value.
pub(crate) fn eventually<T>(what: &str, mut found: impl FnMut() -> Option<T>) -> T {
    let since = Instant::now();
    loop {
        if let Some(found) = found() {
            return found;
        }
        assert!(since.elapsed() < PATIENCE, "{what}");
        std::thread::sleep(std::time::Duration::from_millis(20));
    }
}
