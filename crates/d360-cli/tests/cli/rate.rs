//! The rate limit across processes.
use crate::{Folder, Ran, command, finish};
use std::{
    io::{BufRead as _, BufReader, Read as _, Write as _},
    net::{TcpListener, TcpStream},
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, Instant},
};

/// A server that accepts every message, and records its arrival time.
#[derive(Clone, Default)]
struct Counter {
    url: String,
    seen: Arc<Mutex<Vec<Instant>>>,
    /// Whether the next message is rate limited, for five seconds.
    throttles: Arc<AtomicBool>,
}

impl Counter {
    fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let counter = Self { url, ..Self::default() };
        let served = counter.clone();
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                let served = served.clone();
                std::thread::spawn(move || served.answer(&stream.unwrap()));
            }
        });
        counter
    }
    fn times(&self) -> Vec<Instant> {
        let mut times = self.seen.lock().unwrap().clone();
        times.sort();
        times
    }
    fn answer(&self, mut stream: &TcpStream) {
        let mut reader = BufReader::new(stream);
        let mut length = 0;
        let mut line = String::new();
        while reader.read_line(&mut line).unwrap_or(0) > 2 {
            if let Some((name, value)) = line.split_once(':')
                && name.eq_ignore_ascii_case("content-length")
            {
                length = value.trim().parse().unwrap();
            }
            line.clear();
        }
        let mut body = vec![0; length];
        if reader.read_exact(&mut body).is_err() || length == 0 {
            return;
        }
        self.seen.lock().unwrap().push(Instant::now());
        let (head, body) = if self.throttles.swap(false, Ordering::SeqCst) {
            ("400 X\r\nretry-after: 5", r#"{"error":{"code":130429,"message":"x"}}"#)
        } else {
            ("200 OK", r#"{"messaging_product":"whatsapp","messages":[{"id":"wamid.x"}]}"#)
        };
        let more = format!("content-type: application/json\r\ncontent-length: {}", body.len());
        let _ = write!(stream, "HTTP/1.1 {head}\r\n{more}\r\nconnection: close\r\n\r\n{body}");
    }
}

/// The state folder of a machine.
struct Machine(Folder);

impl Machine {
    fn send(&self, server: &Counter, to: &str, args: &[&str]) -> Ran {
        let mut command = command(&[&["send", "text", "x", "--to", to], args].concat());
        command.env("D360_API_KEY", "hush-hush").env("D360_BASE_URL", &server.url);
        command.env("XDG_STATE_HOME", self.0.path(""));
        finish(command)
    }

    /// Sends messages from eight processes at a time, to recipients in turn. Returns the number of accepted messages.
    fn eight(&self, server: &Counter, messages: usize, recipients: usize, args: &[&str]) -> usize {
        let left = Mutex::new(0..messages);
        let accepted = Mutex::new(0);
        std::thread::scope(|scope| {
            for _ in 0..8 {
                scope.spawn(|| {
                    loop {
                        let Some(n) = left.lock().unwrap().next() else { break };
                        let ran = self.send(server, &format!("+1650555{:04}", n % recipients), args);
                        assert!(matches!(ran.code, 0 | 7), "{}", ran.err);
                        *accepted.lock().unwrap() += usize::from(ran.code == 0);
                    }
                });
            }
        });
        accepted.into_inner().unwrap()
    }
}

#[test]
fn eight_processes_share_the_rate_of_one_number() {
    for transport in [&[][..], &["--blocking"]] {
        let (server, machine) = (Counter::start(), Machine(Folder::new()));
        let rate = 10;
        let args = [&["--messages-per-second", "10", "-q"], transport].concat();
        assert_eq!(machine.eight(&server, 30, 1000, &args), 30);
        let times = server.times();
        // Message n is sent n/rate seconds after the first at the earliest. It may arrive up to a second later on a
        // busy machine. Without the limit all 30 arrive within that second.
        for (n, time) in times.iter().enumerate() {
            let earliest = Duration::from_secs(n as u64) / rate;
            assert!(*time - times[0] + Duration::from_secs(1) > earliest, "{n}: {:?}", *time - times[0]);
        }
    }
}

#[test]
fn eight_processes_share_the_limit_of_one_recipient() {
    let (server, machine) = (Counter::start(), Machine(Folder::new()));
    let started = Instant::now();
    let accepted = machine.eight(&server, 60, 1, &["--deadline", "1", "-q"]);
    // A burst of 45, and then one message every six seconds.
    let most = 45 + started.elapsed().as_secs() as usize / 6 + 1;
    assert!((45..=most).contains(&accepted), "{accepted} in {:?}", started.elapsed());
    assert_eq!(server.times().len(), accepted, "a message before its slot is not sent");
    // Only one message is allowed every six seconds, so some of these fail.
    let late = ["--deadline", "1", "--no-retry"];
    let mut tries = std::iter::repeat_with(|| machine.send(&server, "+16505550000", &late)).take(20);
    let ran = tries.find(|ran| ran.code == 7).expect("the limit is not enforced");
    let why = "the rate limit allows the message in ";
    assert!(ran.err.contains(why) && ran.err.contains("after the deadline"), "{}", ran.err);
    // Other recipients and other numbers do not wait.
    assert_eq!(machine.send(&server, "+16505550001", &["--deadline", "1"]).code, 0);
    assert_eq!(machine.send(&Counter::start(), "+16505550000", &["--deadline", "1"]).code, 0);
}

#[test]
fn throttling_of_one_process_delays_the_others() {
    let (server, machine) = (Counter::start(), Machine(Folder::new()));
    server.throttles.store(true, Ordering::SeqCst);
    assert_eq!(machine.send(&server, "+16505550000", &["--no-retry"]).code, 4);
    let ran = machine.send(&server, "+16505550001", &["--deadline", "1", "--no-retry"]);
    assert!(ran.code == 7 && ran.err.contains("the rate limit allows the message in"), "{}", ran.err);
    let ran = machine.send(&server, "+16505550001", &[]);
    assert!(ran.code == 0 && ran.err.contains("s for the rate limit"), "{}", ran.err);
    let times = server.times();
    assert!(times.len() == 2 && times[1] - times[0] > Duration::from_secs(3), "{:?}", times[1] - times[0]);
}

#[test]
fn the_file_holds_no_key_and_no_number_and_may_be_damaged() {
    let (server, machine) = (Counter::start(), Machine(Folder::new()));
    assert_eq!(machine.send(&server, "+16505550000", &[]).code, 0);
    let folder = machine.0.path("d360/rate");
    let files: Vec<_> = std::fs::read_dir(&folder).unwrap().map(|file| file.unwrap().path()).collect();
    assert_eq!(files.len(), 1);
    let text = std::fs::read_to_string(&files[0]).unwrap() + files[0].to_str().unwrap();
    assert!(!text.contains("hush") && !text.contains("16505550000"), "{text}");
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        let mode = |path: &std::path::Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
        assert_eq!((mode(folder.as_ref()), mode(&files[0])), (0o700, 0o600));
    }
    for damaged in [
        "{\"seen\":",
        "null",
        "\u{0}\u{0}",
        "{\"seen\":18446744073709551615,\"next\":18446744073709551615,\"held\":18446744073709551615,\"sent\":[18446744073709551615],\"pairs\":{}}",
    ] {
        std::fs::write(&files[0], damaged).unwrap();
        let ran = machine.send(&server, "+16505550000", &["--deadline", "5"]);
        assert_eq!(ran.code, 0, "{damaged}: {}", ran.err);
    }
}

#[cfg(unix)]
#[test]
fn an_unshared_limit_is_reported() {
    let server = Counter::start();
    let note = "the rate limit applies to this process only: ";
    // The folder is a file.
    let machine = Machine(Folder::new());
    machine.0.file("d360", "");
    let ran = machine.send(&server, "+16505550000", &[]);
    assert!(ran.code == 0 && ran.err.contains(note), "{}", ran.err);
    let ran = machine.send(&server, "+16505550000", &["-q"]);
    assert!(ran.code == 0 && ran.err.is_empty(), "{}", ran.err);
    // A read-only folder. Root can write anywhere except below /proc.
    let mut command = command(&["send", "text", "x", "--to", "+16505550000"]);
    command.env("D360_API_KEY", "hush").env("D360_BASE_URL", &server.url).env("XDG_STATE_HOME", "/proc");
    let ran = finish(command);
    assert!(ran.code == 0 && ran.err.contains(note) && ran.err.contains("/proc/d360"), "{}", ran.err);
}
