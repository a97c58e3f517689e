//! Runs one case under callgrind, which collects only within `counted` and counts instructions exactly. See `cargo
//! xtask bench`.
use crate::{client::config, model, peers, server};
use d360::{cloud, model::webhook};
use std::{hint::black_box, process::ExitCode};

/// Callgrind finds this function by name.
#[inline(never)]
fn counted(calls: usize, work: &mut dyn FnMut()) {
    (0..calls).for_each(|_| work());
}

/// Counts `calls` calls, after the same number of calls to warm up.
pub(crate) fn run(case: &str, calls: usize) -> ExitCode {
    let measure = |work: &mut dyn FnMut()| {
        (0..calls).for_each(|_| work());
        counted(calls, work);
    };
    let message = model::message(1);
    let base = || format!("http://{}", server::start());
    let runtime = || tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    match case {
        "async" => {
            let (runtime, client) = (runtime(), cloud::Client::new(config(&base())).unwrap());
            measure(&mut || drop(runtime.block_on(client.send(message.clone())).unwrap()));
        }
        "hyper" => {
            let (runtime, client) = (runtime(), cloud::Client::hyper(config(&base())).unwrap());
            measure(&mut || drop(runtime.block_on(client.send(message.clone())).unwrap()));
        }
        "reqwest" => {
            let (runtime, client) = (runtime(), peers::Reqwest::new(&base()));
            measure(&mut || drop(runtime.block_on(client.send(&message.clone()))));
        }
        "blocking" => {
            let client = cloud::blocking::Client::new(config(&base())).unwrap();
            measure(&mut || drop(client.send(message.clone()).unwrap()));
        }
        "ureq" => {
            let client = peers::Ureq::new(&base());
            measure(&mut || drop(client.send(&message.clone())));
        }
        "validate" => measure(&mut || drop(black_box(message.validate()))),
        "write" => measure(&mut || drop(black_box(serde_json::to_vec(&message).unwrap()))),
        "webhook" | "webhooks" => {
            let body = model::batch(if case == "webhook" { 1 } else { 100 });
            measure(&mut || drop(black_box(webhook::read(&body).unwrap())));
        }
        "plain-webhook" | "plain-webhooks" => {
            let body = model::batch(if case == "plain-webhook" { 1 } else { 100 });
            measure(&mut || drop(black_box(model::plain(&body))));
        }
        other => {
            eprintln!("{other} is not a case");
            return ExitCode::FAILURE;
        }
    }
    // Other threads must not be counted during shutdown.
    std::process::exit(0)
}
