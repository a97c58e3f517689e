//! Checks relative links and anchors. External links are not checked, because CI needs no network.
use super::page::{Page, is_external};
use crate::Result;
use std::path::Path;

/// rustdoc includes these pages and checks their links to items, but does not publish the files next to them.
const RUSTDOC: &str = "crates/d360/docs";

/// Reports every broken link of `pages`, whose paths are relative to `folder`.
pub(super) fn check(folder: &Path, pages: &[Page]) -> Result {
    let problems: Vec<String> = pages.iter().flat_map(|page| problems(folder, page, pages)).collect();
    if problems.is_empty() { Ok(()) } else { Err(problems.join("\n")) }
}

fn problems(folder: &Path, page: &Page, pages: &[Page]) -> Vec<String> {
    let shown = page.path.display();
    let mut problems = Vec::new();
    for link in page.links() {
        let target = link.target.as_str();
        let in_rustdoc = page.path.starts_with(RUSTDOC);
        if is_external(target) || in_rustdoc && target.starts_with("crate::") {
            continue;
        }
        let (file, anchor) = target.split_once('#').unwrap_or((target, ""));
        let path = if file.is_empty() { page.path.clone() } else { page.resolve(target) };
        if in_rustdoc && !file.is_empty() {
            problems.push(format!(
                "{shown}: {target}: rustdoc publishes no files; link to an item or a docs.rs page"
            ));
            continue;
        }
        let found = pages.iter().find(|page| page.path == path);
        if found.is_none() && !folder.join(&path).exists() {
            problems.push(format!("{shown}: {target}: {} does not exist", path.display()));
        } else if !anchor.is_empty() && found.is_none_or(|page| !page.anchors().contains(anchor)) {
            problems.push(format!("{shown}: {target}: {} has no heading #{anchor}", path.display()));
        }
    }
    problems
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::path::PathBuf;

    #[test]
    fn broken_links_are_named_with_their_place() {
        let page = |path: &str, text: &str| Page { path: PathBuf::from(path), text: text.to_owned() };
        let root = crate::root();
        let good = "# A title\n\n[a](#a-title) [b](../README.md) [c](https://example.com/x#y)\n";
        assert_eq!(check(&root, &[page("docs/a.md", good)]), Ok(()));
        for (path, text, expected) in [
            ("docs/a.md", "[x](nope.md)", "docs/a.md: nope.md: docs/nope.md does not exist"),
            ("docs/a.md", "[x](#nope)", "docs/a.md: #nope: docs/a.md has no heading #nope"),
            ("crates/d360/docs/a.md", "[x](tour.md)", "rustdoc publishes no files"),
        ] {
            let error = check(&root, &[page(path, text)]).unwrap_err();
            assert!(error.contains(expected), "{error}");
        }
    }
}
