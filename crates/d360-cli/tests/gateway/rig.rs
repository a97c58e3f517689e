//! A gateway in a separate process, and an old program that uses plain HTTP/1.1 without our code.
use serde_json::{Value, json};
use std::{
    collections::BTreeMap,
    io::{BufRead as _, BufReader, Read as _, Write as _},
    net::{Shutdown, SocketAddr, TcpListener, TcpStream},
    path::Path,
    process::{Child, Command, Stdio},
    sync::{
        Arc, Condvar, Mutex,
        atomic::{AtomicU16, AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

pub(crate) const PATIENCE: Duration = Duration::from_secs(60);

/// A response as received.
#[derive(Clone, Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: BTreeMap<String, String>,
    pub(crate) body: Vec<u8>,
}

impl Answer {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body)
            .unwrap_or_else(|_| panic!("{}", String::from_utf8_lossy(&self.body)))
    }
    /// Returns the code of the first error.
    pub(crate) fn code(&self) -> i64 {
        self.json()["errors"][0]["code"].as_i64().unwrap_or_default()
    }
}

/// Sends one request on its own connection.
pub(crate) fn http(
    to: SocketAddr,
    method: &str,
    path: &str,
    headers: &[(&str, &str)],
    body: &[u8],
) -> std::io::Result<Answer> {
    let mut stream = TcpStream::connect(to)?;
    stream.set_read_timeout(Some(PATIENCE))?;
    let mut head = format!(
        "{method} {path} HTTP/1.1\r\nhost: {to}\r\nconnection: close\r\ncontent-length: {}\r\n",
        body.len()
    );
    for (name, value) in headers {
        head.push_str(&format!("{name}: {value}\r\n"));
    }
    stream.write_all(format!("{head}\r\n").as_bytes())?;
    // A server that has read enough may respond and close before the end of the body.
    let _ = stream.write_all(body);
    read(&mut BufReader::new(stream))
}

pub(crate) fn read(stream: &mut BufReader<TcpStream>) -> std::io::Result<Answer> {
    let gone = || std::io::Error::from(std::io::ErrorKind::UnexpectedEof);
    let (first, headers) = head(stream)?;
    let status = first.split(' ').nth(1).and_then(|status| status.parse().ok()).ok_or_else(gone)?;
    let mut body = Vec::new();
    match headers.get("content-length").and_then(|length| length.parse().ok()) {
        Some(length) => {
            body.resize(length, 0);
            stream.read_exact(&mut body)?;
        }
        None => drop(stream.read_to_end(&mut body)?),
    }
    Ok(Answer { status, headers, body })
}

fn head(stream: &mut BufReader<TcpStream>) -> std::io::Result<(String, BTreeMap<String, String>)> {
    let mut lines = Vec::new();
    loop {
        let mut line = String::new();
        if stream.read_line(&mut line)? == 0 {
            return Err(std::io::ErrorKind::UnexpectedEof.into());
        }
        let line = line.trim_end().to_owned();
        if line.is_empty() {
            break;
        }
        lines.push(line);
    }
    let first = if lines.is_empty() { String::new() } else { lines.remove(0) };
    let pair = |line: &String| {
        line.split_once(':').map(|(name, value)| (name.to_ascii_lowercase(), value.trim().to_owned()))
    };
    Ok((first, lines.iter().filter_map(pair).collect()))
}

/// `d360 gateway`, killed on drop.
pub(crate) struct Gateway {
    pub(crate) child: Child,
    pub(crate) address: SocketAddr,
    /// The operations port, if there is one.
    pub(crate) operations: Option<SocketAddr>,
}

impl Gateway {
    /// Starts it with these arguments and Cloud's key.
    pub(crate) fn start(key: &str, args: &[&str]) -> Self {
        Self::start_with(key, args, Stdio::null())
    }
    pub(crate) fn start_with(key: &str, args: &[&str], log: Stdio) -> Self {
        Self::start_as(Command::new(env!("CARGO_BIN_EXE_d360")), key, args, log)
    }
    /// Starts the program from `command`.
    pub(crate) fn start_as(mut command: Command, key: &str, args: &[&str], log: Stdio) -> Self {
        let mut child = command
            .args(["gateway", "--output", "json"])
            .args(args)
            .env("D360_API_KEY", key)
            .env("D360_WEBHOOK_SECRET", "hush")
            .env_remove("D360_BASE_URL")
            .env("D360_PROFILE", "none")
            .env("NO_PROXY", "*")
            .stdout(Stdio::piped())
            .stderr(log)
            .spawn()
            .unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.as_mut().unwrap()).read_line(&mut line).unwrap();
        let started: Value =
            serde_json::from_str(&line).unwrap_or_else(|_| panic!("it did not start: {line:?}"));
        let address_of =
            |url: &str| url.trim_start_matches("http://").trim_end_matches("/metrics").parse().unwrap();
        let address = address_of(started["url"].as_str().unwrap());
        let operations = started["metrics"].as_str().map(address_of);
        Self { child, address, operations }
    }
    pub(crate) fn call(&self, key: &str, method: &str, path: &str, body: impl Into<Option<Value>>) -> Answer {
        let body: Option<Value> = body.into();
        let body = body.map(|body| body.to_string()).unwrap_or_default();
        http(
            self.address,
            method,
            path,
            &[("D360-API-KEY", key), ("content-type", "application/json")],
            body.as_bytes(),
        )
        .unwrap()
    }
    /// Runs a subcommand of `d360 gateway` against this gateway.
    pub(crate) fn manage(&self, key: &str, args: &[&str]) -> Value {
        let url = format!("http://{}", self.operations.unwrap_or(self.address));
        let ran = Command::new(env!("CARGO_BIN_EXE_d360"))
            .args(["gateway", "--output", "json"])
            .args(args)
            .args(["--url", &url])
            .env("D360_API_KEY", key)
            .env_remove("D360_BASE_URL")
            .env("D360_PROFILE", "none")
            .output()
            .unwrap();
        let mut answer: Value =
            serde_json::from_slice(&ran.stdout).unwrap_or_else(|_| panic!("{args:?}: {ran:?}"));
        if ran.status.code() != Some(0) {
            answer["exit"] = ran.status.code().into();
        }
        answer
    }
    /// Sends SIGTERM, like a service manager.
    #[cfg(unix)]
    pub(crate) fn terminate(&self) {
        let told = Command::new("kill").args(["-TERM", &self.child.id().to_string()]).status().unwrap();
        assert!(told.success());
    }
    /// Kills it, like a power cut.
    pub(crate) fn kill(mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }
}

impl Drop for Gateway {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Returns the arguments of a gateway in front of `upstream`.
pub(crate) fn args<'a>(upstream: &'a str, state: &'a Path, webhook_to: &'a str) -> Vec<&'a str> {
    let state = state.to_str().unwrap();
    vec!["--listen", "127.0.0.1:0", "--base-url", upstream, "--state", state, "--webhook-to", webhook_to]
}

/// The webhook receiver of an old program.
pub(crate) struct OldProgram {
    pub(crate) url: String,
    address: SocketAddr,
    seen: Arc<(Mutex<Vec<Value>>, Condvar)>,
    /// The status of its responses.
    pub(crate) status: Arc<AtomicU16>,
    pub(crate) refused: Arc<AtomicU64>,
}

impl OldProgram {
    pub(crate) fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let program = Self {
            url: format!("http://{address}/hook"),
            address,
            seen: Arc::default(),
            status: Arc::new(AtomicU16::new(200)),
            refused: Arc::default(),
        };
        let (seen, status, refused) = (program.seen.clone(), program.status.clone(), program.refused.clone());
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                let Ok(stream) = stream else { return };
                let (seen, status, refused) = (seen.clone(), status.clone(), refused.clone());
                std::thread::spawn(move || serve(stream, &seen, &status, &refused));
            }
        });
        program
    }
    pub(crate) fn seen(&self) -> Vec<Value> {
        self.seen.0.lock().unwrap().clone()
    }
    /// Waits until `fits` returns a value for the received webhooks.
    pub(crate) fn wait_for<T>(&self, what: &str, fits: impl Fn(&[Value]) -> Option<T>) -> T {
        let since = Instant::now();
        let mut seen = self.seen.0.lock().unwrap();
        loop {
            if let Some(found) = fits(&seen) {
                return found;
            }
            assert!(since.elapsed() < PATIENCE, "no {what} among {} webhooks: {:?}", seen.len(), seen.last());
            seen = self.seen.1.wait_timeout(seen, Duration::from_secs(1)).unwrap().0;
        }
    }
    /// Waits for a status webhook of a message.
    pub(crate) fn wait_for_status(&self, id: &str, status: &str) -> Value {
        self.wait_for(&format!("status {status}"), |seen| {
            seen.iter()
                .flat_map(|hook| hook["statuses"].as_array().cloned().unwrap_or_default())
                .find(|item| item["id"] == id && item["status"] == status)
        })
    }
}

impl Drop for OldProgram {
    fn drop(&mut self) {
        if let Ok(stream) = TcpStream::connect(self.address) {
            let _ = stream.shutdown(Shutdown::Both);
        }
    }
}

fn serve(stream: TcpStream, seen: &(Mutex<Vec<Value>>, Condvar), status: &AtomicU16, refused: &AtomicU64) {
    let mut reader = BufReader::new(stream);
    while let Some(body) = read_request(&mut reader) {
        let answer = status.load(Ordering::SeqCst);
        if answer == 200 {
            let value = serde_json::from_slice(&body).unwrap_or(Value::Null);
            seen.0.lock().unwrap().push(value);
            seen.1.notify_all();
        } else {
            refused.fetch_add(1, Ordering::SeqCst);
        }
        let text = format!("HTTP/1.1 {answer} X\r\ncontent-length: 0\r\n\r\n");
        if reader.get_mut().write_all(text.as_bytes()).is_err() {
            return;
        }
    }
}

/// Returns the body of the next request.
pub(crate) fn read_request(reader: &mut BufReader<TcpStream>) -> Option<Vec<u8>> {
    let (_, headers) = head(reader).ok()?;
    let length = headers.get("content-length").and_then(|length| length.parse().ok()).unwrap_or(0);
    let mut body = vec![0; length];
    reader.read_exact(&mut body).ok()?;
    Some(body)
}

/// A webhook of Cloud with one message.
pub(crate) fn webhook(from: &str, id: &str, body: &str) -> Value {
    json!({ "object": "whatsapp_business_account", "entry": [{ "id": "1", "changes": [{ "field": "messages", "value": {
        "messaging_product": "whatsapp", "metadata": { "display_phone_number": "15550783881", "phone_number_id": "2" },
        "contacts": [{ "wa_id": from, "profile": { "name": "A" } }],
        "messages": [{ "from": from, "id": id, "timestamp": "1700000000", "type": "text", "text": { "body": body } }] } }] }] })
}
