//! Uploads and sends a file in one step.
use crate::{
    Cloud,
    media::{UploadMedia, UploadedMedia},
};
use d360_model::{
    Audio, Content, Document, Findings, Image, MediaKind, MediaSource, Message, MessageId, Recipient,
    Sticker, Video,
};
use d360_transport::{BuildError, SendsFiles};
use std::path::{Path, PathBuf};

/// A file to upload and send with [`Client::send_file`](d360_transport::Client::send_file): a path with options.
///
/// ```no_run
/// # async fn f(client: d360_cloud::Client) -> Result<(), d360_transport::Error> {
/// use d360_cloud::SendFile;
/// client.send_file("+16505551234", "invoice.pdf").await?;
/// client.send_file("+16505551234", SendFile::new("cat.jpg").caption("Our cat")).await?;
/// # Ok(()) }
/// ```
#[derive(Clone)]
#[must_use = "a file does nothing until a client sends it"]
pub struct SendFile {
    path: PathBuf,
    caption: Option<String>,
    filename: Option<String>,
    mime: Option<String>,
    reply_to: Option<MessageId>,
    as_document: bool,
    voice: bool,
}

impl SendFile {
    /// Creates the file at `path`.
    pub fn new(path: impl Into<PathBuf>) -> Self {
        Self {
            path: path.into(),
            caption: None,
            filename: None,
            mime: None,
            reply_to: None,
            as_document: false,
            voice: false,
        }
    }
    /// Sets the text below an image, video or document, up to 1,024 characters. Audio and stickers have none.
    pub fn caption(mut self, caption: impl Into<String>) -> Self {
        self.caption = Some(caption.into());
        self
    }
    /// Sets the name under which a document is shown and saved, instead of its name on disk.
    pub fn filename(mut self, name: impl Into<String>) -> Self {
        self.filename = Some(name.into());
        self
    }
    /// Sets the MIME type, instead of that of the content.
    pub fn mime_type(mut self, mime: impl Into<String>) -> Self {
        self.mime = Some(mime.into());
        self
    }
    /// Sets the message to quote.
    pub fn reply_to(mut self, message: impl Into<MessageId>) -> Self {
        self.reply_to = Some(message.into());
        self
    }
    /// Sends an image, video or audio file as a document, which WhatsApp does not compress.
    pub fn as_document(mut self) -> Self {
        self.as_document = true;
        self
    }
    /// Sends audio as a voice message, which needs Ogg with Opus.
    pub fn voice(mut self) -> Self {
        self.voice = true;
        self
    }

    fn endpoint(&self) -> std::io::Result<UploadMedia> {
        let upload = UploadMedia::file(&self.path)?;
        Ok(match &self.mime {
            Some(mime) => upload.mime_type(mime),
            None => upload,
        })
    }

    /// Returns the message and its problems. The upload reports an unsupported type.
    fn into_message(self, to: Recipient, kind: MediaKind) -> (Message, Findings) {
        let mut findings = Findings::new();
        if self.caption.is_some() && matches!(kind, MediaKind::Audio | MediaKind::Sticker) {
            findings.error(
                format!("{}.caption", kind.as_str()),
                "is only for images, videos and documents; remove it",
            );
        }
        if self.voice && kind != MediaKind::Audio {
            findings.error(format!("{}.voice", kind.as_str()), "is only for audio; remove it");
        }
        let of_path = || self.path.file_name().map(|name| name.to_string_lossy().into_owned());
        let filename = self.filename.clone().or_else(of_path);
        let caption = self.caption;
        let content = match kind {
            MediaKind::Image => Content::Image(caption.into_iter().fold(Image::id(NO_ID), Image::caption)),
            MediaKind::Video => Content::Video(caption.into_iter().fold(Video::id(NO_ID), Video::caption)),
            MediaKind::Audio if self.voice => Content::Audio(Audio::id(NO_ID).voice(true)),
            MediaKind::Audio => Content::Audio(Audio::id(NO_ID)),
            MediaKind::Sticker => Content::Sticker(Sticker::id(NO_ID)),
            _ => {
                let document = filename.into_iter().fold(Document::id(NO_ID), Document::filename);
                Content::Document(caption.into_iter().fold(document, Document::caption))
            }
        };
        let message = Message::new(to, content);
        let message = self.reply_to.into_iter().fold(message, Message::reply_to);
        findings.merge(message.validate());
        (message, findings)
    }
}

/// What stands in the place of the id until the file is uploaded.
const NO_ID: &str = "0";

impl std::fmt::Debug for SendFile {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "SendFile({})", d360_model::mask(&self.path.display().to_string()))
    }
}

macro_rules! from_path {
    ($($path:ty),+) => {$(
        impl From<$path> for SendFile {
            fn from(path: $path) -> Self {
                Self::new(path)
            }
        }
    )+};
}
from_path!(&str, String, &String, &Path, PathBuf, &PathBuf);

impl SendsFiles for Cloud {
    type File = SendFile;
    type Upload = UploadMedia;

    fn prepare(to: Recipient, file: SendFile) -> Result<(UploadMedia, Message, Findings), BuildError> {
        let path = || d360_model::mask(&file.path.display().to_string());
        let upload = file.endpoint().map_err(|error| BuildError::File(format!("{}: {error}", path())))?;
        let kind =
            if file.as_document { MediaKind::Document } else { upload.kind().unwrap_or(MediaKind::Document) };
        let (message, findings) = file.into_message(to, kind);
        Ok((upload, message, findings))
    }
    fn uploaded(mut message: Message, answer: UploadedMedia) -> Message {
        let source = match &mut message.content {
            Content::Image(image) => &mut image.source,
            Content::Video(video) => &mut video.source,
            Content::Audio(audio) => &mut audio.source,
            Content::Sticker(sticker) => &mut sticker.source,
            Content::Document(document) => &mut document.source,
            // `prepare` returns no other.
            _ => return message,
        };
        *source = MediaSource::Id(answer.id);
        message
    }
}
