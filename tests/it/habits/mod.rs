//! Payloads, files and numbers as real programs, phones and servers produce them.
//!
//! Each test covers one form that occurred in practice (reworded, with invented numbers) and the correct result. The
//! tests use the public API, and each failed when it was written. CONTRIBUTING.md explains how to add one.
mod bodies;
mod cards;
mod errors;
mod numbers;
mod templates;
mod webhooks;

use d360::model::{Findings, Message};
use serde_json::Value;

/// Returns the paths of the errors in a message body, or of the advice.
fn wrong(body: &Value) -> Vec<String> {
    match Message::from_json(body.to_string().as_bytes()) {
        Ok(_) => Vec::new(),
        Err(invalid) => paths(invalid.findings()),
    }
}

fn paths(findings: &Findings) -> Vec<String> {
    findings.errors().map(|finding| finding.path.clone()).collect()
}
