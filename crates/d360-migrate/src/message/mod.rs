//! `POST /v1/messages` of On-Premise and `POST /messages` of Cloud.
mod template;
mod to_cloud;
mod to_onprem;

pub use to_cloud::{to_cloud, to_cloud_message};
pub use to_onprem::to_onprem;

use serde_json::{Map, Value};
use std::fmt::{self, Write as _};

/// Properties that contain a file.
pub(crate) const FILES: [&str; 6] = ["image", "video", "audio", "voice", "document", "sticker"];

/// Visits every file in `value`, at `path` under the name `key`, at any depth.
pub(crate) fn each_file(
    value: &mut Value,
    key: &str,
    path: &str,
    visit: &mut dyn FnMut(&mut Map<String, Value>, &str),
) {
    walk(value, key, &mut path.to_owned(), visit);
}

fn walk(
    value: &mut Value,
    key: &str,
    path: &mut String,
    visit: &mut dyn FnMut(&mut Map<String, Value>, &str),
) {
    match value {
        Value::Object(map) => {
            if FILES.contains(&key) {
                visit(map, path);
            }
            for (key, value) in map.iter_mut() {
                within(path, format_args!(".{key}"), |path| walk(value, key, path, visit));
            }
        }
        Value::Array(items) => {
            for (at, item) in items.iter_mut().enumerate() {
                within(path, format_args!("[{at}]"), |path| walk(item, "", path, visit));
            }
        }
        _ => {}
    }
}

/// Calls `work` with another step in the path. One buffer holds the path, because a copy for each value would cost
/// its whole depth every time.
pub(crate) fn within(path: &mut String, step: fmt::Arguments<'_>, work: impl FnOnce(&mut String)) {
    let end = path.len();
    // Writing to a String cannot fail.
    let _ = path.write_fmt(step);
    work(path);
    path.truncate(end);
}
