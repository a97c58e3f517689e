//! An interrupted download leaves no partial file, and leftovers of earlier downloads are no obstacle.
use assert_cmd::cargo::cargo_bin;
use std::{
    fs,
    io::{Read as _, Write as _},
    net::TcpListener,
    process::{Command, Stdio},
    time::{Duration, Instant},
};

/// A server that sends half of a file and then waits.
fn half_a_file() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let base = url.clone();
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            let mut head = [0; 4096];
            let read = stream.read(&mut head).unwrap_or(0);
            let asks_for_the_file = head[..read].starts_with(b"GET /file");
            let (length, body) = if asks_for_the_file {
                (20_000, "x".repeat(10_000))
            } else {
                let body =
                    format!(r#"{{"url":"{base}/file","mime_type":"image/png","file_size":20000,"id":"7"}}"#);
                (body.len(), body)
            };
            let _ = write!(stream, "HTTP/1.1 200 OK\r\ncontent-length: {length}\r\n\r\n{body}");
            // The connection ends when the client disconnects.
            std::thread::spawn(move || stream.read(&mut [0]));
        }
    });
    url
}

#[cfg(unix)]
#[test]
fn an_interrupted_download_leaves_nothing_behind() {
    for (signal, code) in [("INT", 130), ("TERM", 143)] {
        let folder = tempfile::tempdir().unwrap();
        let (target, part) = (folder.path().join("a.png"), folder.path().join("a.png.part"));
        // A leftover of a download that was killed.
        fs::write(&part, "of old").unwrap();
        let mut child = Command::new(cargo_bin("d360"))
            .args(["media", "download", "7", "--out"])
            .arg(&target)
            .args(["--base-url", &half_a_file()])
            .env("D360_API_KEY", "key")
            .env("D360_PROFILE", "none")
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let until = Instant::now() + Duration::from_secs(20);
        while fs::metadata(&part).map_or(0, |part| part.len()) != 10_000 {
            assert!(Instant::now() < until, "the file does not grow");
            std::thread::yield_now();
        }
        assert!(
            Command::new("kill")
                .args([format!("-{signal}"), child.id().to_string()])
                .status()
                .unwrap()
                .success()
        );
        assert_eq!(child.wait().unwrap().code(), Some(code), "{signal}");
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0, "{signal}");
    }
}

#[test]
fn a_file_that_another_download_writes_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let (target, part) = (folder.path().join("a.png"), folder.path().join("a.png.part"));
    let other = fs::File::create(&part).unwrap();
    other.try_lock().unwrap();
    let output = Command::new(cargo_bin("d360"))
        .args(["media", "download", "7", "--out"])
        .arg(&target)
        .args(["--base-url", &half_a_file()])
        .env("D360_API_KEY", "key")
        .env("D360_PROFILE", "none")
        .output()
        .unwrap();
    let told = String::from_utf8_lossy(&output.stderr);
    assert!(told.contains("a.png.part is being written by another download"), "{told}");
    assert!(part.exists() && !target.exists());
}
