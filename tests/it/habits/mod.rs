//! Other people's habits: payloads, files and numbers in the shapes that real programs, phones and servers produce.
//!
//! Each test keeps one habit: the shape that was met (in our own wording, with made-up numbers), and the right answer. They go
//! through public doors, and each failed when it was written. CONTRIBUTING.md says how to add one.
mod bodies;
mod cards;
mod errors;
mod numbers;
mod templates;
mod webhooks;

use d360::model::{Findings, Message};
use serde_json::Value;

/// The paths of what is wrong with a message body, or the findings as advice.
fn wrong(body: &Value) -> Vec<String> {
    match Message::from_json(body.to_string().as_bytes()) {
        Ok(_) => Vec::new(),
        Err(invalid) => paths(invalid.findings()),
    }
}

fn paths(findings: &Findings) -> Vec<String> {
    findings.errors().map(|finding| finding.path.clone()).collect()
}
