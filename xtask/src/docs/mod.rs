//! `cargo xtask docs`: checks the links of the Markdown pages, and builds the documentation site in `target/book` with
//! mdBook.
//!
//! The pages stay where rustdoc and GitHub show them. `docs/SUMMARY.md` lists the pages of the site.
mod links;
mod page;

use crate::{Result, root, tools};
use page::Page;
use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
    process::Command,
};

const SUMMARY: &str = "docs/SUMMARY.md";
const NEEDED: &str =
    "mdbook is not installed (cargo install mdbook --locked); the links were checked, the site was not built";

/// Checks the links, installs mdBook if it is missing, and builds the site.
pub(crate) fn run() -> Result {
    check()?;
    if !tools::installed("mdbook") {
        eprintln!("docs: installing mdbook");
        tools::run(&mut tools::cargo(&["install", "mdbook", "--locked"])).map_err(|_| NEEDED.to_owned())?;
    }
    build()
}

/// The CI step: checks the links, and builds the site if mdBook is installed.
pub(crate) fn ci(skipped: &str) -> Result {
    check()?;
    if tools::installed("mdbook") { build() } else { Err(format!("{skipped}{NEEDED}")) }
}

/// Checks the links and the line lengths of every Markdown page of the repository.
fn check() -> Result {
    let listed = tools::output(Command::new("git").current_dir(root()).args(["ls-files", "*.md"]))?;
    let paths = listed.lines().map(PathBuf::from);
    let pages = paths.map(|path| Page::read(&root(), path)).collect::<Result<Vec<_>>>()?;
    let long = pages.iter().flat_map(|page| {
        let line =
            |line| format!("{}:{line}: longer than 120 characters; wrap the line", page.path.display());
        page.long_lines().into_iter().map(line)
    });
    let long: Vec<String> = long.collect();
    if !long.is_empty() {
        return Err(long.join("\n"));
    }
    links::check(&root(), &pages)
}

fn build() -> Result {
    let folder = root().join("target/book");
    let source = folder.join("src");
    // Removes pages that SUMMARY.md no longer lists.
    let _ = fs::remove_dir_all(&folder);
    fs::create_dir_all(&source).map_err(at(&source))?;
    let copied = folder.join("book.toml");
    fs::copy(root().join("docs/book.toml"), &copied).map_err(at(&copied))?;

    let summary = Page::read(&root(), PathBuf::from(SUMMARY))?;
    let names = names(&summary)?;
    for path in names.keys().cloned().chain([PathBuf::from(SUMMARY)]) {
        let name = names.get(&path).map_or("SUMMARY.md", String::as_str);
        let text = Page::read(&root(), path)?.moved(&names);
        let target = source.join(name);
        fs::write(&target, text).map_err(at(&target))?;
    }
    let pages =
        names.values().map(|name| Page::read(&source, PathBuf::from(name))).collect::<Result<Vec<_>>>()?;
    links::check(&source, &pages)?;
    tools::run(Command::new("mdbook").arg("build").arg(&folder))?;
    eprintln!("docs: target/book/html/index.html");
    Ok(())
}

fn at(path: &Path) -> impl Fn(std::io::Error) -> String {
    let shown = path.display().to_string();
    move |error| format!("{shown}: {error}")
}

/// The pages of the site, and their file names there.
fn names(summary: &Page) -> Result<BTreeMap<PathBuf, String>> {
    let mut names = BTreeMap::new();
    for link in summary.links() {
        let path = summary.resolve(&link.target);
        let stem = path.file_stem().unwrap_or_default().to_string_lossy().to_lowercase();
        let name = if stem == "readme" { "index.md".to_owned() } else { format!("{stem}.md") };
        if names.values().any(|other| *other == name) {
            return Err(format!("{SUMMARY}: two pages have the name {name}"));
        }
        names.insert(path, name);
    }
    Ok(names)
}
