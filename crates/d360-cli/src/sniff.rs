//! The type of a file by its content: its name may have no extension, or a wrong one.
use d360::model::MediaType;
use std::{fs::File, io::Read as _, path::Path};

/// The start of a file of each type: an offset, the bytes there, and the MIME type. The first that fits counts.
const STARTS: &[(usize, &[u8], &str)] = &[
    (0, b"\xff\xd8\xff", "image/jpeg"),
    (0, b"\x89PNG\r\n\x1a\n", "image/png"),
    (8, b"WEBP", "image/webp"),
    (4, b"ftyp3g", "video/3gpp"),
    (4, b"ftypM4A", "audio/mp4"),
    (4, b"ftyp", "video/mp4"),
    (0, b"#!AMR", "audio/amr"),
    (0, b"OggS", "audio/ogg"),
    (0, b"ID3", "audio/mpeg"),
    (0, b"\xff\xf1", "audio/aac"),
    (0, b"\xff\xf9", "audio/aac"),
    (0, b"\xff\xfb", "audio/mpeg"),
    (0, b"\xff\xf3", "audio/mpeg"),
    (0, b"\xff\xf2", "audio/mpeg"),
    (0, b"%PDF", "application/pdf"),
];

/// The type of a file's content, if it is one that WhatsApp takes and has a start of its own. A file that cannot be read has none:
/// its upload says why.
pub(crate) fn mime(path: &Path) -> Option<&'static MediaType> {
    let mut head = [0; 16];
    let mut length = 0;
    let mut file = File::open(path).ok()?;
    while length < head.len() {
        match file.read(&mut head[length..]).ok()? {
            0 => break,
            read => length += read,
        }
    }
    of(&head[..length])
}

fn of(head: &[u8]) -> Option<&'static MediaType> {
    let fits = |at: usize, start: &[u8]| head.get(at..at + start.len()) == Some(start);
    let (_, _, mime) = STARTS.iter().find(|(at, start, _)| fits(*at, start))?;
    MediaType::of_mime(mime)
}
