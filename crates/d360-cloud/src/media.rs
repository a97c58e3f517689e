//! `/media` and `/{media-id}`: files to send, and received files.
//!
//! ```no_run
//! # fn f(client: d360_cloud::blocking::Client) -> Result<(), Box<dyn std::error::Error>> {
//! use d360_cloud::media::{DownloadMedia, GetMedia, UploadMedia};
//! use d360_model::{Document, Message};
//! use d360_transport::FileSink;
//!
//! let file = client.call(UploadMedia::file("invoice.pdf")?)?;
//! client.send(Message::document("+16505551234", Document::id(file.id)))?;
//!
//! let info = client.call(GetMedia::new("4490709327384033"))?; // an id that a webhook brought
//! let photo = FileSink::create("photo.jpg")?;
//! client.call(DownloadMedia::new(&info).to(photo.clone()))?;
//! photo.finish()?;
//! # Ok(()) }
//! ```
use crate::{Cloud, endpoints};
use bytes::Bytes;
use d360_model::{
    Findings, MediaId, MediaInfo, MediaKind, MediaType,
    wire::{lenient_list, lenient_text},
};
use d360_transport::{
    Body, BodySink, BuildError, Endpoint, HttpResponse, Meta, Multipart, Part, Path, Progress, Transfer,
    Unreadable, json, success,
};
use serde::Deserialize;
use std::{
    io::{self, Read as _},
    path::Path as FilePath,
    sync::Arc,
};

/// The number of bytes that are inspected for the type of a file.
const HEAD: usize = 8 * 1024;
/// The maximum size of a download in memory: the largest file that WhatsApp accepts.
const MAX_IN_MEMORY: u64 = MediaKind::Document.max_size();

/// `POST /media` (`multipart/form-data` with `messaging_product` and `file`): uploads a file, to be sent by its ID.
///
/// The file is streamed, with constant memory, and is kept for 30 days. The limits are 5 MB for images, 16 MB for
/// audio and video, 100 MB for documents, and 500 KB for stickers ([`MediaType::ALL`]). They are checked before
/// anything is sent. A number can upload 25 files per second. A failed upload is retried, because another copy does
/// no harm (360dialog, "Upload, retrieve or delete media"; Meta, "Media", 2025-11).
#[derive(Clone)]
#[must_use = "an endpoint does nothing until a client calls it"]
pub struct UploadMedia {
    content: Part,
    filename: String,
    mime: String,
    progress: Option<Progress>,
}

impl UploadMedia {
    /// Uploads a file. Its content determines its type, or its extension if the content has no signature. Its length
    /// and its first bytes are read now, the rest while it is sent.
    ///
    /// # Errors
    /// Returns an error if the file does not exist, cannot be read, or is not a regular file.
    pub fn file(path: impl AsRef<FilePath>) -> io::Result<Self> {
        let path = path.as_ref();
        let meta = std::fs::metadata(path)?;
        if !meta.is_file() {
            return Err(io::Error::new(io::ErrorKind::InvalidInput, "it is not a regular file"));
        }
        let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        let mut head = Vec::with_capacity(HEAD);
        std::fs::File::open(path)?.take(HEAD as u64).read_to_end(&mut head)?;
        Ok(Self::new(name, Part::File { path: path.to_owned(), length: meta.len() }, &head))
    }
    /// Uploads bytes under a name. The type is determined as for [`file`](Self::file).
    pub fn bytes(filename: impl Into<String>, bytes: impl Into<Bytes>) -> Self {
        let bytes = bytes.into();
        let head = bytes.slice(..bytes.len().min(HEAD));
        Self::new(filename.into(), Part::Bytes(bytes), &head)
    }
    fn new(filename: String, content: Part, head: &[u8]) -> Self {
        let mime = mime_of(&filename, head).to_owned();
        Self { content, filename, mime, progress: None }
    }
    /// Sets the type, such as `audio/ogg; codecs=opus`.
    pub fn mime_type(mut self, mime: impl Into<String>) -> Self {
        self.mime = mime.into();
        self
    }
    /// Sets a callback for the progress: bytes so far, and the total.
    pub fn on_progress(mut self, tell: impl Fn(u64, u64) + Send + Sync + 'static) -> Self {
        self.progress = Some(Progress::new(tell));
        self
    }
    /// Returns the kind of message that it can be sent as, if the type is known.
    #[must_use]
    pub fn kind(&self) -> Option<MediaKind> {
        MediaType::of_mime(&self.mime).map(|known| known.kind)
    }
}

/// Returns the MIME type of a file by its first bytes, or else by its name. Empty if both are unknown.
fn mime_of(name: &str, head: &[u8]) -> &'static str {
    let by_name = MediaType::of_filename(name);
    let named = by_name.map_or("", |known| known.mime);
    let found = match infer::get(head).map(|found| found.mime_type()) {
        // A text has no signature: it may begin like a page or a script.
        None => return named,
        Some(text) if text.starts_with("text/") => return named,
        Some("audio/m4a") => "audio/mp4",
        // WhatsApp's pages use audio/ogg for Opus in Ogg.
        Some("audio/opus") => "audio/ogg",
        Some(found) => found,
    };
    match (MediaType::of_mime(found), by_name) {
        (Some(known), _) => known.mime,
        // Office files are ZIP archives or OLE files, and not all of them can be identified quickly.
        (None, Some(known)) if known.kind == MediaKind::Document && known.mime != "application/pdf" => {
            known.mime
        }
        (None, _) => found,
    }
}

impl std::fmt::Debug for UploadMedia {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "UploadMedia({} bytes, {})", self.content.length(), d360_model::mask(&self.mime))
    }
}

impl Endpoint for UploadMedia {
    type Api = Cloud;
    type Response = UploadedMedia;
    const META: Meta = endpoints::MEDIA_UPLOAD;

    fn body(&self) -> Result<Body, BuildError> {
        Multipart::new()
            .text("messaging_product", "whatsapp")
            .file("file", &self.filename, &self.mime, self.content.clone())
            .into_body()
    }
    fn transfer(&self) -> Transfer {
        let mut transfer = Transfer::default();
        transfer.progress.clone_from(&self.progress);
        transfer
    }
    fn check(&self) -> Findings {
        let mut findings = Findings::new();
        findings.require("file.name", &self.filename);
        let length = self.content.length();
        if length == 0 {
            findings.error("file", "is empty");
        }
        let Some(kind) = self.kind() else {
            let known: Vec<_> = MediaType::ALL.iter().map(|known| known.mime).collect();
            let given = match self.mime.as_str() {
                "" => "cannot be determined from its content or name".to_owned(),
                mime => format!("is {}, which is not supported", d360_model::mask(mime)),
            };
            findings.error("file.type", format!("{given}; WhatsApp accepts {}", known.join(", ")));
            return findings;
        };
        let (most, what) = (kind.max_size(), kind.as_str());
        if length > most {
            findings.error("file", format!("has {length} bytes; the limit for {what} is {most}"));
        } else if kind == MediaKind::Sticker && length > 100 << 10 {
            findings.advise("file", "has more than 100 KB, which is only allowed for an animated sticker");
        }
        findings
    }
    fn decode(response: &HttpResponse) -> Result<UploadedMedia, Unreadable> {
        // The form of On-Premise, which a proxy may still return.
        #[derive(Deserialize)]
        struct Answer {
            #[serde(default, deserialize_with = "lenient_text")]
            id: Option<String>,
            #[serde(default, deserialize_with = "lenient_list")]
            media: Vec<Answer>,
        }
        let mut answer: Answer = json(response)?;
        let id = answer.id.take().or_else(|| answer.media.into_iter().find_map(|media| media.id));
        match id.filter(|id| !id.trim().is_empty()) {
            Some(id) => Ok(UploadedMedia { id: id.into() }),
            None => Err(Unreadable::Shape("there is no ID".into())),
        }
    }
}

/// The response of [`UploadMedia`].
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct UploadedMedia {
    /// The ID of the file, for messages.
    pub id: MediaId,
}

/// `GET /{media-id}`: returns the type, length and URL of a file. The URL is valid for 5 minutes.
///
/// 360dialog disables this call for 30 minutes after 20 errors within an hour (360dialog, "Upload, retrieve or delete
/// media"; Meta, "Media", 2025-11).
#[derive(Clone, Debug)]
#[must_use = "an endpoint does nothing until a client calls it"]
pub struct GetMedia(MediaId);

impl GetMedia {
    /// Requests the file with this ID.
    pub fn new(id: impl Into<MediaId>) -> Self {
        Self(id.into())
    }
}

impl Endpoint for GetMedia {
    type Api = Cloud;
    type Response = MediaInfo;
    const META: Meta = endpoints::MEDIA_GET;

    fn path(&self) -> Path {
        Path::default().segment(self.0.as_str())
    }
    fn check(&self) -> Findings {
        check_id(&self.0)
    }
    fn decode(response: &HttpResponse) -> Result<MediaInfo, Unreadable> {
        json(response)
    }
}

/// `DELETE /{media-id}`: deletes a file (360dialog, "Upload, retrieve or delete media"; Meta, "Media", 2025-11).
#[derive(Clone, Debug)]
#[must_use = "an endpoint does nothing until a client calls it"]
pub struct DeleteMedia(MediaId);

impl DeleteMedia {
    /// Deletes the file with this ID.
    pub fn new(id: impl Into<MediaId>) -> Self {
        Self(id.into())
    }
}

impl Endpoint for DeleteMedia {
    type Api = Cloud;
    type Response = ();
    const META: Meta = endpoints::MEDIA_DELETE;

    fn path(&self) -> Path {
        Path::default().segment(self.0.as_str())
    }
    fn check(&self) -> Findings {
        check_id(&self.0)
    }
    fn decode(response: &HttpResponse) -> Result<(), Unreadable> {
        success(response)
    }
}

/// Other paths have words where the ID is: an ID without a digit would be another call.
fn check_id(id: &MediaId) -> Findings {
    let mut findings = Findings::new();
    let text = id.as_str();
    let plain = text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
    if !plain || !text.bytes().any(|byte| byte.is_ascii_digit()) {
        findings.error("media_id", "is not a media ID: expected digits, such as 4490709327384033");
    }
    findings
}

/// `GET` of a URL from [`GetMedia`] or a webhook: downloads a file.
///
/// The key is only sent to the API's own host. 360dialog serves the files of Meta's URLs (`lookaside.fbsbx.com`) on
/// its own host, and a URL on any other host is refused before anything is sent. On Graph, Meta's token is sent to
/// Meta's host. The file is kept in memory, up to 100 MB, or written to the sink of [`to`](Self::to) (360dialog,
/// "Upload, retrieve or delete media"; Meta, "Media", 2025-11).
#[derive(Clone)]
#[must_use = "an endpoint does nothing until a client calls it"]
pub struct DownloadMedia {
    url: String,
    length: u64,
    sink: Option<Arc<dyn BodySink>>,
    progress: Option<Progress>,
}

impl DownloadMedia {
    /// Downloads the file that [`GetMedia`] returned.
    pub fn new(info: &MediaInfo) -> Self {
        Self { length: info.file_size.unwrap_or(0), ..Self::url(&info.url) }
    }
    /// Downloads the file of a webhook.
    pub fn url(url: impl Into<String>) -> Self {
        Self { url: url.into(), length: 0, sink: None, progress: None }
    }
    /// Writes the file to a [`FileSink`](d360_transport::FileSink) or a custom sink, piece by piece.
    pub fn to(mut self, sink: impl BodySink + 'static) -> Self {
        self.sink = Some(Arc::new(sink));
        self
    }
    /// Sets a callback for the progress: bytes so far, and the total (0 if unknown). It is not called for downloads
    /// into memory.
    pub fn on_progress(mut self, tell: impl Fn(u64, u64) + Send + Sync + 'static) -> Self {
        self.progress = Some(Progress::new(tell));
        self
    }
}

impl std::fmt::Debug for DownloadMedia {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "DownloadMedia({} bytes)", self.length)
    }
}

impl Endpoint for DownloadMedia {
    type Api = Cloud;
    type Response = Bytes;
    const META: Meta = endpoints::MEDIA_DOWNLOAD;

    fn path(&self) -> Path {
        Path::of_url(&self.url)
    }
    /// The URL comes from whoever posted a webhook. It must not lead to another call with the key.
    fn check(&self) -> Findings {
        let mut findings = Findings::new();
        let rest = self.url.split_once("://").map_or("", |(_, rest)| rest);
        let path = rest.find('/').map_or("", |at| &rest[at..]).split(['?', '#']).next().unwrap_or_default();
        let path = path.trim_end_matches('/');
        // Meta's own URLs have no escapes in their paths.
        let odd = path.contains('%') || path.contains("//") || path.contains('\\');
        // Graph and a base URL add a prefix to the path of a call.
        let is_call = endpoints::ALL.iter().any(|meta| path.ends_with(meta.path));
        if odd || is_call || path.starts_with("/v1/") {
            findings.error("url", "is another call of the API, not a file");
        }
        findings
    }
    fn transfer(&self) -> Transfer {
        let mut transfer = Transfer::default();
        transfer.answer_length = self.length;
        transfer.response_limit = Some(MAX_IN_MEMORY);
        transfer.sink = match (&self.sink, &self.progress) {
            (Some(sink), Some(progress)) => {
                Some(Arc::new(Counted::new(sink.clone(), progress.clone(), self.length)))
            }
            (sink, _) => sink.clone(),
        };
        transfer
    }
    fn decode(response: &HttpResponse) -> Result<Bytes, Unreadable> {
        if response.status().is_success() { Ok(response.body().clone()) } else { Err(Unreadable::Refusal) }
    }
}

/// A sink that reports its progress.
#[derive(Debug)]
struct Counted {
    inner: Arc<dyn BodySink>,
    progress: Progress,
    so_far: std::sync::atomic::AtomicU64,
    total: u64,
}

impl Counted {
    fn new(inner: Arc<dyn BodySink>, progress: Progress, total: u64) -> Self {
        Self { inner, progress, so_far: 0.into(), total }
    }
}

impl BodySink for Counted {
    fn begin(&self) -> io::Result<()> {
        self.so_far.store(0, std::sync::atomic::Ordering::Relaxed);
        self.inner.begin()
    }
    fn write(&self, piece: &[u8]) -> io::Result<()> {
        self.inner.write(piece)?;
        let length = piece.len() as u64;
        let so_far = self.so_far.fetch_add(length, std::sync::atomic::Ordering::Relaxed) + length;
        self.progress.tell(so_far, self.total);
        Ok(())
    }
}
