//! Development commands; `cargo xtask` lists them.
//!
//! xtask depends on no crate of this workspace, so it runs while they do not build.
mod api;
mod bench;
mod ci;
mod codegen;
mod docs;
mod peers;
mod release;
mod tools;

use std::{
    path::{Path, PathBuf},
    process::ExitCode,
};

const USAGE: &str = "\
usage: cargo xtask codegen [--check]   write the generated files, or fail if one is out of date
       cargo xtask api [--check]       write the public API to docs/api, or fail if it is out of date
       cargo xtask ci [STEP...]        run all CI steps, or those named; quick: the steps of .ci/run besides the tests
       cargo xtask bench [--gate] [NAME...]
                                       measure performance and build cost; with --gate, fail on missed goals
       cargo xtask docs                check the links of the Markdown pages and build the site in target/book
       cargo xtask release VERSION [--execute]
                                       rehearse a release in a copy; with --execute, perform it
       cargo xtask faults              print how each call ends when the network or the server fails
       cargo xtask peers [NAME...]     run other clients against the sandbox and print a table
";

type Result<T = ()> = std::result::Result<T, String>;

/// The root folder of the workspace.
fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().map(Path::to_owned).unwrap_or_default()
}

fn main() -> ExitCode {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let args: Vec<&str> = args.iter().map(String::as_str).collect();
    let result = match args[..] {
        ["api"] => api::run(false),
        ["api", "--check"] => api::run(true),
        ["codegen"] => codegen::run(false),
        ["codegen", "--check"] => codegen::run(true),
        ["ci", ref steps @ ..] => ci::run(steps),
        ["bench", ref names @ ..] => bench::run(names),
        ["release", version] => release::run(version, false),
        ["release", version, "--execute"] => release::run(version, true),
        ["docs"] => docs::run(),
        ["faults"] => ci::faults(),
        ["peers", ref names @ ..] => peers::run(names),
        _ => Err(USAGE.to_owned()),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(message) => {
            eprintln!("{}", message.trim_end());
            ExitCode::FAILURE
        }
    }
}
