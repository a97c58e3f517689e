//! `/v1/media`: files are spooled to disk to save memory. Ids have On-Premise's form.
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

/// The maximum size of a file on Cloud.
const LARGEST: u64 = 100 << 20;
/// The time to transfer a file to or from Cloud.
const FILE_TIME: Duration = Duration::from_secs(10 * 60);
/// `POST /v1/media`: uploads the body as a file of type `Content-Type`.
pub(crate) async fn upload(number: &Number, headers: &HeaderMap, body: Body) -> Reply {
    let mime =
        headers.get(header::CONTENT_TYPE).and_then(|mime| mime.to_str().ok()).unwrap_or_default().trim();
    let Some(kind) = MediaType::of_mime(mime) else {
        let known: Vec<_> = MediaType::ALL.iter().map(|known| known.mime).collect();
        let details = format!("Content-Type must be one of {}", known.join(", "));
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
            return Reply::new(Answer::error(1025, "The file is incomplete or took too long"));
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

/// Returns a client with a deadline for large files.
fn files(number: &Number) -> Client {
    number.client.with_options(CallOptions::new().deadline(FILE_TIME))
}

fn local(error: &io::Error) -> Reply {
    tracing::error!(%error, "a temporary file could not be written or read");
    Reply::new(Answer::error(1014, "The gateway cannot write or read its temporary file; nothing was sent"))
}

fn cloud_id(number: &Number, id: &str) -> String {
    number.options.media.get(id).cloned().unwrap_or_else(|| ids::media_to_cloud(id))
}

fn not_found() -> Reply {
    let details = "There is no such file on Cloud; ids of On-Premise are not valid there: upload it again";
    Reply::new(Answer::error(1006, details))
}

/// Converts the error of a call about a file. Cloud answers 100 if the file does not exist.
fn about_file(error: &d360::Error) -> Reply {
    let missing = error.api().is_some_and(|api| {
        matches!(api.status(), 400 | 404) && api.code().is_none_or(|code| code.0 == 100 || code.0 == 131_006)
    });
    if missing || error.invalid().is_some() {
        return not_found();
    }
    Reply::failed(error, Call::Message)
}

/// `GET /v1/media/{id}`: downloads the file.
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
    // Opened before the folder is deleted. An open file stays readable.
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
