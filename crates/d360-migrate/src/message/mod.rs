//! `POST /v1/messages` of On-Premise and `POST /messages` of Cloud.
mod template;
mod to_cloud;
mod to_onprem;

pub use to_cloud::{to_cloud, to_cloud_message};
pub use to_onprem::to_onprem;

use serde_json::Value;

/// Properties that hold a file.
pub(crate) const FILES: [&str; 6] = ["image", "video", "audio", "voice", "document", "sticker"];

/// Visits every file in `value`, which stands at `path` under the name `key`, however deep.
pub(crate) fn each_file(
    value: &mut Value,
    key: &str,
    path: &str,
    visit: &mut dyn FnMut(&mut serde_json::Map<String, Value>, &str),
) {
    match value {
        Value::Object(map) => {
            if FILES.contains(&key) {
                visit(map, path);
            }
            for (key, value) in map.iter_mut() {
                each_file(value, key, &format!("{path}.{key}"), visit);
            }
        }
        Value::Array(items) => {
            for (at, item) in items.iter_mut().enumerate() {
                each_file(item, "", &format!("{path}[{at}]"), visit);
            }
        }
        _ => {}
    }
}
