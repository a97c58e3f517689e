//! HTTP requests and responses as transports see them.
mod file_sink;
mod http;

pub(crate) use self::http::LONGEST;
pub use self::{
    file_sink::FileSink,
    http::{BodySink, HttpRequest, HttpResponse, Part, Payload, Progress},
};
