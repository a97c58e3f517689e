//! Forwards a call to the upstream, and returns its answer.
use super::record::Sent;
use crate::web::{
    body::{self, Response},
    spool,
};
use axum::body::Body;
use d360::{
    migrate::errors::Answer,
    transport::{
        AsyncTransport as _, FileSink, HttpRequest, Part, Payload, ReqwestTransport, TransportErrorKind,
    },
};
use http::{HeaderMap, HeaderName, Method, Uri, header, request::Parts};
use std::{io, path::PathBuf, sync::Arc, time::Duration};

/// The timeouts of a call and of a file.
const CALL_TIME: Duration = Duration::from_secs(120);
const FILE_TIME: Duration = Duration::from_secs(10 * 60);
/// The maximum size of an answer that is not a file.
const MAX_ANSWER: u64 = 64 << 20;

/// Hop-by-hop headers (RFC 9110, 7.6.1), and headers that the transport sets itself.
const OF_CONNECTION: [HeaderName; 9] = [
    header::CONNECTION,
    HeaderName::from_static("keep-alive"),
    HeaderName::from_static("proxy-connection"),
    header::TE,
    header::TRAILER,
    header::TRANSFER_ENCODING,
    header::UPGRADE,
    header::EXPECT,
    header::CONTENT_LENGTH,
];

/// The server that calls are forwarded to.
#[derive(Debug)]
pub(super) struct Upstream {
    base: String,
    transport: ReqwestTransport,
}

impl Upstream {
    pub(super) fn new(base: &str, transport: ReqwestTransport) -> Result<Self, String> {
        let base = base.trim().trim_end_matches('/');
        let uri: Option<Uri> = base.parse().ok().filter(|_| !base.contains('@'));
        let uri = uri
            .filter(|uri: &Uri| matches!(uri.scheme_str(), Some("http" | "https")) && uri.host().is_some());
        match uri {
            None => {
                Err("the upstream is not a URL; give scheme, host and port, for example https://onprem.example:9090"
                    .to_owned())
            }
            Some(uri) if uri.path() != "/" || uri.query().is_some() => Err(
                "the upstream has a path; give scheme, host and port only: the program's calls contain /v1"
                    .to_owned(),
            ),
            Some(_) => Ok(Self { base: base.to_owned(), transport }),
        }
    }

    /// Forwards a call once. If there is no answer, the program gets an On-Premise error that says whether the call
    /// was sent.
    pub(super) async fn send(&self, parts: &Parts, sent: &Sent) -> Result<Response, Response> {
        let path = parts.uri.path_and_query().map_or("/", |path| path.as_str());
        let uri = format!("{}{path}", self.base)
            .parse()
            .map_err(|_| refusal(400, 1009, "the path is malformed"))?;
        let mut request = HttpRequest::new(parts.method.clone(), uri);
        copy(&parts.headers, &mut request.headers);
        // Keys must not appear in logs.
        request.headers.values_mut().for_each(|value| value.set_sensitive(true));
        request.payload = match sent {
            Sent::Bytes(bytes) if bytes.is_empty() => Payload::Empty,
            Sent::Bytes(bytes) => Payload::Bytes(bytes.clone().into()),
            Sent::File(file, length) => {
                Payload::Parts(vec![Part::File { path: file.path().to_owned(), length: *length }])
            }
        };
        let is_file = matches!(sent, Sent::File(..)) || parts.uri.path().contains("/media");
        request.time_limit = if is_file { FILE_TIME } else { CALL_TIME };
        request.response_limit = MAX_ANSWER;
        let download = if is_file && parts.method == Method::GET {
            Some(Download::new().map_err(|error| Download::local(&error))?)
        } else {
            None
        };
        if let Some(download) = &download {
            request.sink = Some(Arc::new(download.sink.clone()));
        }
        let answer = self.transport.send(request).await.map_err(|error| {
            let told = d360::model::mask(&error.to_string());
            match error.kind() {
                TransportErrorKind::NotSent => {
                    refusal(502, 1016, &format!("Nothing was sent: the upstream cannot be reached ({told})"))
                }
                _ => refusal(
                    504,
                    1000,
                    &format!("The outcome is unknown: the upstream did not answer ({told})"),
                ),
            }
        })?;
        let (head, bytes) = answer.into_parts();
        let (content, length) = match download {
            Some(download) if head.status.is_success() => {
                let (body, length) = download.body().await?;
                (body, Some(length))
            }
            _ => (Body::from(bytes), None),
        };
        let mut response = Response::new(content);
        *response.status_mut() = head.status;
        copy(&head.headers, response.headers_mut());
        // Old programs may not support chunked encoding.
        if let Some(length) = length {
            response.headers_mut().insert(header::CONTENT_LENGTH, length.into());
        }
        Ok(response)
    }
}

fn refusal(status: u16, code: i64, details: &str) -> Response {
    body::answer(&Answer::error_with(status, code, details))
}

fn copy(from: &HeaderMap, to: &mut HeaderMap) {
    // Headers listed in `Connection` are hop-by-hop, too.
    let named = from.get_all(header::CONNECTION).iter().filter_map(|value| value.to_str().ok());
    let named: Vec<String> =
        named.flat_map(|names| names.split(',')).map(|name| name.trim().to_ascii_lowercase()).collect();
    for (name, value) in from {
        let own = OF_CONNECTION.contains(name)
            || *name == header::HOST
            || named.iter().any(|own| own == name.as_str());
        if !own {
            to.append(name.clone(), value.clone());
        }
    }
}

/// A download spooled to disk.
struct Download {
    _folder: tempfile::TempDir,
    path: PathBuf,
    sink: FileSink,
}

impl Download {
    fn new() -> io::Result<Self> {
        let folder = tempfile::tempdir()?;
        let path = folder.path().join("file");
        let sink = FileSink::create(&path)?;
        Ok(Self { _folder: folder, path, sink })
    }
    async fn body(self) -> Result<(Body, u64), Response> {
        let length = self.sink.finish().map_err(|error| Self::local(&error))?;
        // Opened before the folder is deleted. An open file stays readable.
        let body = spool::open(&self.path).await.map_err(|error| Self::local(&error))?;
        Ok((body, length))
    }
    fn local(error: &io::Error) -> Response {
        tracing::error!(%error, "a temporary file could not be written or read");
        refusal(500, 1014, "the recorder cannot write or read its temporary file")
    }
}
