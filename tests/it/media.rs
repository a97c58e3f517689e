//! Uploads and downloads: the right bytes, constant memory, and the key only on allowed hosts.
use crate::{
    rig::{Client, Naps, REAL, config, everywhere, growth, real, sent},
    server::{Act, Server, answer},
};
use d360::{
    Error, Outcome,
    cloud::media::{DeleteMedia, DownloadMedia, GetMedia, UploadMedia},
    model::{MediaInfo, MediaKind},
    transport::{ErrorKind, FileSink},
};
use serde_json::json;
use std::{
    env, fs,
    process::Command,
    sync::{Arc, Mutex},
};

const MIB: usize = 1 << 20;

/// Bytes with a period that is not close to the length of a chunk.
fn content(length: usize) -> Vec<u8> {
    let mut random = fastrand::Rng::with_seed(7);
    std::iter::repeat_with(|| random.u8(..)).take(length).collect()
}

fn info(url: &str, size: usize) -> MediaInfo {
    serde_json::from_value(json!({ "url": url, "file_size": size.to_string() })).unwrap()
}

/// Parses the fields of a form, each with its headers, by boundary and blank lines.
fn form(content_type: &str, body: &[u8]) -> Vec<(String, Vec<u8>)> {
    let boundary = content_type.strip_prefix("multipart/form-data; boundary=").unwrap();
    let (open, between) = (format!("--{boundary}\r\n"), format!("\r\n--{boundary}"));
    let mut rest = body.strip_prefix(open.as_bytes()).unwrap();
    let find = |text: &[u8], what: &[u8]| text.windows(what.len()).position(|at| at == what).unwrap();
    let mut fields = Vec::new();
    loop {
        let head = find(rest, b"\r\n\r\n");
        let end = head + 4 + find(&rest[head + 4..], between.as_bytes());
        let name = String::from_utf8(rest[..head].to_vec()).unwrap();
        fields.push((name, rest[head + 4..end].to_vec()));
        rest = &rest[end + between.len()..];
        match rest {
            b"--\r\n" => return fields,
            _ => rest = rest.strip_prefix(b"\r\n").unwrap(),
        }
    }
}

#[test]
fn a_file_is_uploaded_as_a_form() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("Rechnung \"7\" \u{fc}.pdf");
    let bytes = content(MIB);
    fs::write(&path, &bytes).unwrap();
    let naps = Naps::default();
    for i in 0..REAL {
        let server = Server::start(vec![answer(200, r#"{"id":"4490709327384033"}"#)]);
        let (who, client) = real(&config(&server.url()), &naps).into_iter().nth(i).unwrap();
        let told = Arc::new(Mutex::new(Vec::new()));
        let kept = told.clone();
        let upload = UploadMedia::file(&path)
            .unwrap()
            .on_progress(move |so_far, total| kept.lock().unwrap().push((so_far, total)));
        assert_eq!(upload.kind(), Some(MediaKind::Document));
        assert_eq!(client.call(upload).unwrap().id.as_str(), "4490709327384033", "{who}");
        let seen = server.seen().remove(0);
        assert_eq!((seen.method.as_str(), seen.target.as_str()), ("POST", "/media"));
        let fields = form(&seen.headers["content-type"], &seen.body);
        let heads: Vec<_> = fields.iter().map(|(head, _)| head.as_str()).collect();
        assert_eq!(
            heads,
            [
                "Content-Disposition: form-data; name=\"messaging_product\"",
                "Content-Disposition: form-data; name=\"file\"; filename=\"Rechnung %227%22 \u{fc}.pdf\"\r\n\
                 Content-Type: application/pdf",
            ]
        );
        assert_eq!(fields[0].1, b"whatsapp");
        assert!(fields[1].1 == bytes, "{who}");
        let told = told.lock().unwrap().clone();
        assert!(told.len() > 8 && told.is_sorted(), "{who}: {told:?}");
        assert_eq!(*told.last().unwrap(), (seen.body.len() as u64, seen.body.len() as u64), "{who}");
    }
}

#[test]
fn unsupported_files_are_not_sent() {
    let problems = |upload: UploadMedia| {
        let runs = everywhere(&[], |client| client.call(upload.clone()).unwrap_err());
        assert!(runs.iter().all(|run| run.seen.is_empty()));
        let invalid = runs[0].result.invalid().unwrap().findings().clone();
        invalid.errors().map(|finding| finding.path.clone()).collect::<Vec<_>>()
    };
    let bytes = |name: &str, length: usize| UploadMedia::bytes(name, vec![0; length]);
    assert_eq!(problems(bytes("a.zip", 1)), ["file.type"]);
    assert_eq!(problems(bytes("a.png", 5 * MIB + 1)), ["file"]);
    assert_eq!(problems(bytes("a.ogg", 16 * MIB + 1)), ["file"]);
    assert_eq!(problems(bytes("a.webp", 500 * 1024 + 1)), ["file"]);
    assert_eq!(problems(bytes("a.pdf", 0)), ["file"]);
    assert_eq!(problems(bytes("", 1).mime_type("image/png")), ["file.name"]);
    assert_eq!(problems(bytes("a.png", 1).mime_type("text/html")), ["file.type"]);
    let runs = everywhere(&[], |client| client.call(bytes("a.png", 1).mime_type("image/png;\r\nX: y")));
    assert!(runs.iter().all(|run| run.result.is_err() && run.seen.is_empty()));
    let folder = tempfile::tempdir().unwrap();
    assert!(UploadMedia::file(folder.path()).is_err() && UploadMedia::file("/no/such/file").is_err());
}

#[test]
fn both_shapes_of_an_uploads_answer_are_read() {
    for body in [r#"{"id":"7"}"#, r#"{"id":7}"#, r#"{"media":[{"id":"7"}],"meta":{}}"#] {
        let server = Server::start(vec![answer(200, body); REAL]);
        for (who, client) in real(&config(&server.url()), &Naps::default()) {
            let uploaded = client.call(UploadMedia::bytes("a.txt", "x")).unwrap();
            assert_eq!(uploaded.id.as_str(), "7", "{who} {body}");
        }
    }
    let server = Server::start(vec![answer(200, "{}"); REAL]);
    for (who, client) in real(&config(&server.url()), &Naps::default()) {
        let error = client.call(UploadMedia::bytes("a.txt", "x")).unwrap_err();
        assert_eq!(error.outcome(), Outcome::Unknown, "{who}");
    }
}

#[test]
fn files_are_fetched_and_deleted_by_id() {
    let body = r#"{"messaging_product":"whatsapp","url":"https://lookaside.fbsbx.com/x","mime_type":"image/jpeg","sha256":"ab","file_size":"303833","id":"2621233374848975"}"#;
    let seen = sent(answer(200, body), |client| {
        let info = client.call(GetMedia::new("2621233374848975")).unwrap();
        assert_eq!((info.file_size, info.mime_type.as_deref()), (Some(303_833), Some("image/jpeg")));
        assert!(!format!("{info:?}").contains("lookaside"));
    });
    assert_eq!((seen.method.as_str(), seen.target.as_str()), ("GET", "/2621233374848975"));
    for body in ["", r#"{"success":true}"#] {
        let seen = sent(answer(200, body), |client| client.call(DeleteMedia::new("a-7")).unwrap());
        assert_eq!((seen.method.as_str(), seen.target.as_str()), ("DELETE", "/a-7"));
    }
    for run in everywhere(&[answer(200, r#"{"success":false}"#)], |client| client.call(DeleteMedia::new("7")))
    {
        assert_eq!(run.result.unwrap_err().outcome(), Outcome::Refused { retryable: false });
    }
    // Anything else in place of the ID would be another call.
    for bad in ["", "messages", "block_users", "7/x", "..", "7?x=1", "7 "] {
        let runs = everywhere(&[], |client| client.call(DeleteMedia::new(bad)).unwrap_err());
        assert!(runs.iter().all(|run| run.seen.is_empty() && run.result.invalid().is_some()), "{bad:?}");
    }
}

/// 360dialog serves Meta's URLs from its own host. The key is sent only there.
#[test]
fn a_media_url_is_fetched_only_from_the_api_host() {
    let path = "/whatsapp_business/attachments/?mid=64&ext=54&hash=xx-%2F";
    let seen = sent(answer(200, "bytes"), |client| {
        let url = format!("https://lookaside.fbsbx.com{path}");
        assert_eq!(client.call(DownloadMedia::url(url)).unwrap(), "bytes");
    });
    assert_eq!((seen.method.as_str(), seen.target.as_str()), ("GET", path));
    assert!(seen.headers.contains_key("d360-api-key"));

    let foreign = Server::start(vec![answer(200, "evil")]);
    let own = Server::start(Vec::new());
    for (who, client) in real(&config(&own.url()), &Naps::default()) {
        for url in [
            foreign.url(),
            format!("{}/x", foreign.url()),
            format!("https://lookaside.fbsbx.com@{}/x", foreign.address),
            "https://lookaside.fbsbx.com.evil.example/x".to_owned(),
            "https://evil.example/x".to_owned(),
            "//evil.example/x".to_owned(),
            "file:///etc/passwd".to_owned(),
        ] {
            let error = client.call(DownloadMedia::url(&url)).unwrap_err();
            assert!(matches!(error.kind(), ErrorKind::Build(_)), "{who} {url}: {error}");
            assert_eq!(error.outcome(), Outcome::NotSent);
        }
        let named = info("https://evil.example/x", 1);
        let error = client.call(DownloadMedia::new(&named)).unwrap_err();
        assert!(error.to_string().contains("evil.example"), "{error}");
    }
    // Anybody who can post webhooks controls the URL, so it must not lead to another call.
    for (who, client) in real(&config(&own.url()), &Naps::default()) {
        for path in [
            "/v1/configs/webhook",
            "/v1/x",
            "/block_users/",
            "/v23.0/123/block_users",
            "/%76%31/configs/webhook",
            "//v1/x",
            "/waba_webhook?a",
        ] {
            for host in ["https://lookaside.fbsbx.com", &own.url()] {
                let error = client.call(DownloadMedia::url(format!("{host}{path}"))).unwrap_err();
                assert_eq!(error.outcome(), Outcome::NotSent, "{who} {path}: {error}");
            }
        }
    }
    assert!(foreign.seen().is_empty() && own.seen().is_empty());
}

#[test]
fn a_failed_download_leaves_no_partial_file() {
    let folder = tempfile::tempdir().unwrap();
    let bytes = content(3 * MIB);
    let broken = [b"HTTP/1.1 200 OK\r\ncontent-length: 9999999\r\n\r\n".to_vec(), bytes.clone()].concat();
    for i in 0..REAL {
        // Interrupted once, then complete.
        let server =
            Server::start(vec![Act::Bytes(broken.clone()), answer(200, &bytes), answer(404, "gone")]);
        let (who, client) = real(&config(&server.url()), &Naps::default()).into_iter().nth(i).unwrap();
        let target = folder.path().join(format!("{who}.bin"));
        let sink = FileSink::create(&target).unwrap();
        let told = Arc::new(Mutex::new((0, 0)));
        let kept = told.clone();
        let url = format!("{}/a", server.url());
        let download = DownloadMedia::new(&info(&url, bytes.len())).to(sink.clone());
        let download = download.on_progress(move |so_far, total| *kept.lock().unwrap() = (so_far, total));
        assert!(client.call(download).unwrap().is_empty());
        assert!(!target.exists());
        assert_eq!(sink.finish().unwrap(), bytes.len() as u64);
        assert!(fs::read(&target).unwrap() == bytes, "{who}");
        assert_eq!(*told.lock().unwrap(), (bytes.len() as u64, bytes.len() as u64), "{who}");

        let lost = folder.path().join("lost");
        let sink = FileSink::create(&lost).unwrap();
        let error = client.call(DownloadMedia::url(&url).to(sink)).unwrap_err();
        assert_eq!(error.outcome(), Outcome::Refused { retryable: false });
        assert!(!lost.exists() && !folder.path().join("lost.part").exists());
    }
}

const LARGE: usize = 20 * MIB;
/// The maximum growth of a process that transfers 20 MiB.
const MOST_KIB: u64 = 8 * 1024;

#[test]
fn large_files_use_constant_memory_in_every_transport() {
    let folder = tempfile::tempdir().unwrap();
    let (path, bytes) = (folder.path().join("large.pdf"), content(LARGE));
    fs::write(&path, &bytes).unwrap();
    for who in ["reqwest", "hyper", "ureq"] {
        let server = Server::start(vec![answer(200, r#"{"id":"7"}"#), answer(200, &bytes)]);
        let target = folder.path().join(format!("{who}.pdf"));
        let output = Command::new(env::current_exe().unwrap())
            .args(["--exact", "media::large", "--ignored", "--nocapture", "--test-threads=1"])
            .envs([("D360_OVER", who), ("D360_URL", &server.url())])
            .envs([("D360_UP", &path), ("D360_DOWN", &target)])
            .output()
            .unwrap();
        let text = String::from_utf8_lossy(&output.stdout);
        assert!(output.status.success(), "{text}{}", String::from_utf8_lossy(&output.stderr));
        let line = text.lines().find_map(|line| line.split_once("REPORT ")).expect(&text).1;
        for (what, grew) in ["upload", "download"].iter().zip(line.split(' ')) {
            println!("{who}: {what} of 20 MiB grew the process by {grew} KiB");
            assert!(grew == "?" || grew.parse::<u64>().unwrap() <= MOST_KIB, "{who} {what}: {grew} KiB");
        }
        let seen = server.seen();
        let fields = form(&seen[0].headers["content-type"], &seen[0].body);
        assert!(fields[1].1 == bytes && fs::read(&target).unwrap() == bytes, "{who}");
    }
}

/// The client side, in a separate process, so that memory can be measured.
#[test]
#[ignore = "the test above runs it in a separate process"]
fn large() {
    let var = |name: &str| env::var(name).unwrap();
    let over = var("D360_OVER");
    let clients = real(&config(&var("D360_URL")), &Naps::default());
    let (_, client) = clients.into_iter().find(|(who, _)| *who == over).unwrap();
    let (uploaded, up) = growth(|| client.call(UploadMedia::file(var("D360_UP")).unwrap()));
    uploaded.unwrap();
    let (downloaded, down) = growth(|| download(&client, &var("D360_DOWN"), &var("D360_URL")));
    downloaded.unwrap();
    let [up, down] = [up, down].map(|grew| grew.map_or("?".to_owned(), |kib| kib.to_string()));
    println!("REPORT {up} {down}");
}

fn download(client: &Client, target: &str, url: &str) -> Result<(), Error> {
    let sink = FileSink::create(target).unwrap();
    client.call(DownloadMedia::new(&info(&format!("{url}/x"), LARGE)).to(sink.clone()))?;
    sink.finish().unwrap();
    Ok(())
}

/// One step: the content decides the message type, not the file name.
#[test]
fn a_file_is_uploaded_and_sent_in_one_step() {
    use d360::cloud::SendFile;
    let folder = tempfile::tempdir().unwrap();
    let file = |name: &str, content: &[u8]| {
        let path = folder.path().join(name);
        std::fs::write(&path, content).unwrap();
        path
    };
    let png = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR";
    let ogg = b"OggS\0\x02\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0OpusHead";
    let cases: [(SendFile, &str, serde_json::Value); 7] = [
        (file("cat.jpg", png).into(), "image/png", json!({"type": "image", "image": {"id": "7"}})),
        (
            SendFile::new(file("cat", b"\xff\xd8\xff\xe0\0\x10JFIF\0"))
                .caption("Our cat")
                .reply_to("wamid.a"),
            "image/jpeg",
            json!({"type": "image", "image": {"id": "7", "caption": "Our cat"}, "context": {"message_id": "wamid.a"}}),
        ),
        (
            SendFile::new(file("cat.png", png)).as_document().filename("Cat.png"),
            "image/png",
            json!({"type": "document", "document": {"id": "7", "filename": "Cat.png"}}),
        ),
        (
            file("note.txt", b"Hello").into(),
            "text/plain",
            json!({"type": "document", "document": {"id": "7", "filename": "note.txt"}}),
        ),
        (
            SendFile::new(file("a.ogg", ogg)).voice(),
            "audio/ogg",
            json!({"type": "audio", "audio": {"id": "7", "voice": true}}),
        ),
        (
            file("s.webp", b"RIFF\x24\0\0\0WEBPVP8 ").into(),
            "image/webp",
            json!({"type": "sticker", "sticker": {"id": "7"}}),
        ),
        (
            SendFile::new(file("x.bin", b"??")).mime_type("application/pdf"),
            "application/pdf",
            json!({"type": "document", "document": {"id": "7", "filename": "x.bin"}}),
        ),
    ];
    for (sends, mime, expected) in cases {
        let (uploaded, accepted) =
            (answer(200, r#"{"id":"7"}"#), answer(200, r#"{"messages":[{"id":"wamid.x"}]}"#));
        let script = vec![[uploaded, accepted]; REAL].concat();
        let server = crate::server::Server::start(script);
        for (who, client) in
            crate::rig::real(&crate::rig::config(&server.url()), &crate::rig::Naps::default())
        {
            let options = d360::CallOptions::new().label("order-7");
            let sent = client.with_options(options).send_file("+16505551234", sends.clone()).unwrap();
            assert_eq!(sent.message_id().unwrap().as_str(), "wamid.x", "{who}");
        }
        for pair in server.seen().chunks(2) {
            assert_eq!(pair[0].target, "/media");
            let form = String::from_utf8_lossy(&pair[0].body).into_owned();
            assert!(form.contains(&format!("Content-Type: {mime}")), "{form}");
            let mut body: serde_json::Value = serde_json::from_slice(&pair[1].body).unwrap();
            let map = body.as_object_mut().unwrap();
            for name in ["messaging_product", "recipient_type"] {
                map.remove(name).unwrap();
            }
            assert_eq!(map.remove("to").unwrap(), "+16505551234");
            assert_eq!(map.remove("biz_opaque_callback_data").unwrap(), "order-7");
            assert_eq!(body, expected);
        }
    }
}

/// A message that cannot be sent uploads nothing.
#[test]
fn a_file_that_cannot_be_sent_is_not_uploaded() {
    use d360::cloud::SendFile;
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, content: &[u8]| {
        let path = folder.path().join(name);
        std::fs::write(&path, content).unwrap();
        path
    };
    let png = write("cat.png", b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR");
    let mp3 = write("a.mp3", b"ID3\x03\0");
    let gif = write("a.jpg", b"GIF89a\0\0");
    for (to, file, expected) in [
        ("6505551234", SendFile::new(&png), "to: has no + and no country code"),
        ("+16505551234", SendFile::new(&png).caption("x".repeat(1025)), "image.caption: "),
        (
            "+16505551234",
            SendFile::new(&mp3).caption("x"),
            "audio.caption: is only for images, videos and documents",
        ),
        ("+16505551234", SendFile::new(&png).voice(), "image.voice: is only for audio"),
        ("+16505551234", SendFile::new(&gif), "file.type: is image/gif, which is not supported"),
        ("+16505551234", SendFile::new(folder.path().join("none.png")), "none.png: No such file"),
        ("+16505551234", SendFile::new(folder.path()), "not a regular file"),
    ] {
        for run in everywhere(&[], |client| client.send_file(to, file.clone()).unwrap_err()) {
            assert_eq!(run.result.outcome(), Outcome::NotSent);
            let text = run.result.to_string();
            assert!(text.contains(expected) && text.contains("/media was not sent: "), "{text}");
        }
    }
}
