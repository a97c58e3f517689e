//! The calls of On-Premise and their counterparts on Cloud.

mod source;
mod table;
mod to_cloud;

pub use source::{Mention, has_base, in_source};
pub use table::{ALL, Fate, OldCall, look_up, message_id};
pub use to_cloud::{CloudCall, report_blocks, to_cloud};
