//! The file types that WhatsApp accepts with their size limits, and the metadata of a file.
use crate::{id::MediaId, response::Extra, wire::lenient};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::fmt;

/// A file type that can be uploaded (Meta, "Media", 2025-11, and 360dialog's pages).
#[derive(Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct MediaType {
    /// The MIME type.
    pub mime: &'static str,
    /// The kind of message that it is sent as.
    pub kind: MediaKind,
    /// The usual file extensions.
    pub extensions: &'static [&'static str],
}

/// The kind of message that a file is sent as.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum MediaKind {
    /// [`Image`](crate::Image), up to 5 MB.
    Image,
    /// [`Video`](crate::Video), up to 16 MB.
    Video,
    /// [`Audio`](crate::Audio), up to 16 MB.
    Audio,
    /// [`Document`](crate::Document), up to 100 MB.
    Document,
    /// [`Sticker`](crate::Sticker), up to 500 KB if animated, otherwise 100 KB.
    Sticker,
}

impl MediaKind {
    /// Returns the maximum size in bytes. The documentation says MB and KB, interpreted here as the larger 2^20 and
    /// 2^10.
    #[must_use]
    pub const fn max_size(self) -> u64 {
        match self {
            Self::Image => 5 << 20,
            Self::Video | Self::Audio => 16 << 20,
            Self::Document => 100 << 20,
            Self::Sticker => 500 << 10,
        }
    }
    /// Returns the name on the wire: the type of the message.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Image => "image",
            Self::Video => "video",
            Self::Audio => "audio",
            Self::Document => "document",
            Self::Sticker => "sticker",
        }
    }
}

const fn of(mime: &'static str, kind: MediaKind, extensions: &'static [&'static str]) -> MediaType {
    MediaType { mime, kind, extensions }
}

impl MediaType {
    /// All file types.
    pub const ALL: &[Self] = &[
        of("image/jpeg", MediaKind::Image, &["jpg", "jpeg"]),
        of("image/png", MediaKind::Image, &["png"]),
        of("image/webp", MediaKind::Sticker, &["webp"]),
        of("video/mp4", MediaKind::Video, &["mp4"]),
        of("video/3gpp", MediaKind::Video, &["3gp", "3gpp"]),
        of("audio/aac", MediaKind::Audio, &["aac"]),
        of("audio/amr", MediaKind::Audio, &["amr"]),
        of("audio/mpeg", MediaKind::Audio, &["mp3"]),
        of("audio/mp4", MediaKind::Audio, &["m4a"]),
        of("audio/ogg", MediaKind::Audio, &["ogg", "oga"]),
        of("audio/opus", MediaKind::Audio, &["opus"]),
        of("application/pdf", MediaKind::Document, &["pdf"]),
        of("text/plain", MediaKind::Document, &["txt", "text"]),
        of("application/msword", MediaKind::Document, &["doc"]),
        of("application/vnd.ms-excel", MediaKind::Document, &["xls"]),
        of("application/vnd.ms-powerpoint", MediaKind::Document, &["ppt"]),
        of(
            "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
            MediaKind::Document,
            &["docx"],
        ),
        of(
            "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
            MediaKind::Document,
            &["xlsx"],
        ),
        of(
            "application/vnd.openxmlformats-officedocument.presentationml.presentation",
            MediaKind::Document,
            &["pptx"],
        ),
    ];

    /// Returns the type with this MIME type, without regard to parameters: `audio/ogg; codecs=opus` is `audio/ogg`.
    #[must_use]
    pub fn of_mime(mime: &str) -> Option<&'static Self> {
        let essence = mime.split(';').next().unwrap_or_default().trim();
        Self::ALL.iter().find(|known| known.mime.eq_ignore_ascii_case(essence))
    }
    /// Returns the type of a file by its extension.
    #[must_use]
    pub fn of_filename(name: &str) -> Option<&'static Self> {
        let (_, extension) = name.rsplit_once('.')?;
        let is_it = |known: &&&str| known.eq_ignore_ascii_case(extension);
        Self::ALL.iter().find(|known| known.extensions.iter().any(|one| is_it(&one)))
    }
}

/// The response of `GET /{media-id}`.
#[derive(Clone, Default, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct MediaInfo {
    /// The URL for downloading the file with the API key, valid for 5 minutes.
    pub url: String,
    /// The MIME type.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "lenient")]
    pub mime_type: Option<String>,
    /// The SHA-256 as Meta writes it. It is not compared, because no source says which bytes it covers.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "lenient")]
    pub sha256: Option<String>,
    /// The length in bytes. A number, or text with one.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "number")]
    pub file_size: Option<u64>,
    /// The media ID.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "lenient")]
    pub id: Option<MediaId>,
    /// Properties that this version does not know.
    #[serde(flatten)]
    pub extra: Extra,
}

/// Masks the URL, which gives access to the file for five minutes.
impl fmt::Debug for MediaInfo {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MediaInfo")
            .field("mime_type", &self.mime_type)
            .field("file_size", &self.file_size)
            .finish_non_exhaustive()
    }
}

fn number<'de, D: serde::Deserializer<'de>>(d: D) -> Result<Option<u64>, D::Error> {
    let value = Value::deserialize(d)?;
    Ok(value.as_u64().or_else(|| value.as_str()?.trim().parse().ok()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn types_are_known_by_mime_and_by_name() {
        let mime = |text: &str| MediaType::of_mime(text).map(|known| known.kind);
        assert_eq!(mime("Audio/OGG; codecs=opus"), Some(MediaKind::Audio));
        assert_eq!(mime("application/octet-stream"), None);
        let name = |text: &str| MediaType::of_filename(text).map(|known| known.mime);
        assert_eq!(name("a.b.JPEG"), Some("image/jpeg"));
        assert_eq!((name("pdf"), name("a."), name("a.zip")), (None, None, None));
        for known in MediaType::ALL {
            assert_eq!(mime(known.mime), Some(known.kind));
            for extension in known.extensions {
                assert_eq!(name(&format!("x.{extension}")), Some(known.mime));
            }
        }
    }
}
