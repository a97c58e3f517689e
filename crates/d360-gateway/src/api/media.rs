//! `/v1/media`: files go through the disk, so that memory stays flat; ids have the form of On-Premise's.
use super::reply::Reply;
use crate::{
    number::Number,
    web::{
        body::{self, Response},
        spool::{self, Unstored},
    },
};
use axum::body::Body;
use d360::{
    CallOptions,
    cloud::{
        Client,
        media::{DeleteMedia, DownloadMedia, GetMedia, UploadMedia},
    },
    migrate::{
        answers,
        errors::{Answer, Call},
        ids,
    },
    model::MediaType,
    transport::FileSink,
};
use http::{HeaderMap, HeaderValue, StatusCode, header};
use std::{io, time::Duration};

/// Most bytes of a file that Cloud takes.
const LARGEST: u64 = 100 << 20;
/// How long a file may take to Cloud and back.
const FILE_TIME: Duration = Duration::from_secs(10 * 60);
/// `POST /v1/media`: the file is the body, and `Content-Type` says what it is.
pub(crate) async fn upload(number: &Number, headers: &HeaderMap, body: Body) -> Reply {
    let mime =
        headers.get(header::CONTENT_TYPE).and_then(|mime| mime.to_str().ok()).unwrap_or_default().trim();
    let Some(kind) = MediaType::of_mime(mime) else {
        let known: Vec<_> = MediaType::ALL.iter().map(|known| known.mime).collect();
        let details = format!("Content-Type is none of {}", known.join(", "));
        return Reply::new(Answer::error(2008, &details));
    };
    let suffix = format!(".{}", kind.extensions.first().unwrap_or(&"bin"));
    let file = match tempfile::Builder::new().prefix("d360-").suffix(&suffix).tempfile() {
        Ok(file) => file,
        Err(error) => return local(&error),
    };
    match spool::store(file.path(), body, LARGEST).await {
        Ok(_) => {}
        Err(Unstored::TooLong) => {
            return Reply::new(Answer::error_with(
                413,
                1009,
                &format!("The file is longer than {LARGEST} bytes"),
            ));
        }
        Err(Unstored::BrokeOff) => {
            return Reply::new(Answer::error(1025, "The file broke off, or took too long"));
        }
        Err(Unstored::Local(error)) => return local(&error),
    }
    let upload = match UploadMedia::file(file.path()) {
        Ok(upload) => upload.mime_type(mime),
        Err(error) => return local(&error),
    };
    match files(number).call(upload).await {
        Ok(uploaded) => Reply::new(answers::uploaded(uploaded.id.as_str())),
        Err(error) => Reply::failed(&error, Call::Message),
    }
}

/// A client with time for a large file.
fn files(number: &Number) -> Client {
    number.client.with_options(CallOptions::new().deadline(FILE_TIME))
}

fn local(error: &io::Error) -> Reply {
    tracing::error!(%error, "a file could not be kept for a moment");
    Reply::new(Answer::error(1014, "The gateway cannot keep the file for a moment; nothing was sent"))
}

fn cloud_id(number: &Number, id: &str) -> String {
    number.options.media.get(id).cloned().unwrap_or_else(|| ids::media_to_cloud(id))
}

fn not_found() -> Reply {
    let details = "There is no such file on Cloud; ids of On-Premise do not carry over: upload it again";
    Reply::new(Answer::error(1006, details))
}

/// A call about a file that failed; Cloud answers 100 where there is none.
fn about_file(error: &d360::Error) -> Reply {
    let missing = error.api().is_some_and(|api| {
        matches!(api.status(), 400 | 404) && api.code().is_none_or(|code| code.0 == 100 || code.0 == 131_006)
    });
    if missing || error.invalid().is_some() {
        return not_found();
    }
    Reply::failed(error, Call::Message)
}

/// `GET /v1/media/{id}`: the file itself.
pub(crate) async fn download(number: &Number, id: &str) -> Result<Response, Reply> {
    let info =
        number.client.call(GetMedia::new(cloud_id(number, id))).await.map_err(|error| about_file(&error))?;
    let folder = tempfile::tempdir().map_err(|error| local(&error))?;
    let path = folder.path().join("file");
    let sink = FileSink::create(&path).map_err(|error| local(&error))?;
    files(number)
        .call(DownloadMedia::new(&info).to(sink.clone()))
        .await
        .map_err(|error| about_file(&error))?;
    let length = sink.finish().map_err(|error| local(&error))?;
    // Open before the folder goes: what is open stays.
    let file = spool::open(&path).await.map_err(|error| local(&error))?;
    let mut response = body::text(StatusCode::OK, file);
    let mime = info.mime_type.as_deref().and_then(|mime| HeaderValue::from_str(mime).ok());
    let mime = mime.unwrap_or(HeaderValue::from_static("application/octet-stream"));
    response.headers_mut().insert(header::CONTENT_TYPE, mime);
    response.headers_mut().insert(header::CONTENT_LENGTH, length.into());
    response.headers_mut().insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    Ok(response)
}

/// `DELETE /v1/media/{id}`.
pub(crate) async fn delete(number: &Number, id: &str) -> Reply {
    match number.client.call(DeleteMedia::new(cloud_id(number, id))).await {
        Ok(()) => Reply::new(answers::done()),
        Err(error) => about_file(&error),
    }
}
