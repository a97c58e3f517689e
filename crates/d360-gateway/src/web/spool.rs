//! Spools bodies to disk, so that large files do not use memory.
use axum::body::Body;
use std::{io, path::Path, pin::Pin, time::Duration};
use tokio::io::AsyncWriteExt as _;
use tokio_util::io::ReaderStream;

/// The timeout for each chunk of a file.
const PIECE_TIME: Duration = Duration::from_secs(30);

/// Why a body could not be stored.
pub(crate) enum Unstored {
    TooLong,
    BrokeOff,
    Local(io::Error),
}

/// Writes a body of at most `most` bytes to a file. Returns its length.
pub(crate) async fn store(path: &Path, body: Body, most: u64) -> Result<u64, Unstored> {
    let mut file = tokio::fs::File::create(path).await.map_err(Unstored::Local)?;
    let (mut body, mut length) = (body.into_data_stream(), 0_u64);
    loop {
        let next = std::future::poll_fn(|context| {
            use futures_core::Stream as _;
            Pin::new(&mut body).poll_next(context)
        });
        let piece = match tokio::time::timeout(PIECE_TIME, next).await {
            Ok(Some(Ok(piece))) => piece,
            Ok(None) => break,
            Ok(Some(Err(_))) | Err(_) => return Err(Unstored::BrokeOff),
        };
        length += piece.len() as u64;
        if length > most {
            return Err(Unstored::TooLong);
        }
        file.write_all(&piece).await.map_err(Unstored::Local)?;
    }
    file.flush().await.map_err(Unstored::Local)?;
    Ok(length)
}

/// Opens a file as a body.
pub(crate) async fn open(path: &Path) -> io::Result<Body> {
    let file = tokio::fs::File::open(path).await?;
    Ok(Body::from_stream(ReaderStream::new(file)))
}
