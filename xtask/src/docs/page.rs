//! A Markdown page: its links and anchors, and its text on the site.
use crate::Result;
use pulldown_cmark::{Event, Options, Parser, Tag, TagEnd};
use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    ops::Range,
    path::{Component, Path, PathBuf},
};

pub(super) struct Page {
    /// The path, relative to the checked folder.
    pub(super) path: PathBuf,
    pub(super) text: String,
}

pub(super) struct Link {
    pub(super) target: String,
    /// The displayed text, as Markdown.
    label: String,
    place: Range<usize>,
}

impl Page {
    pub(super) fn read(folder: &Path, path: PathBuf) -> Result<Self> {
        let text =
            fs::read_to_string(folder.join(&path)).map_err(|error| format!("{}: {error}", path.display()))?;
        Ok(Self { path, text })
    }

    fn events(&self) -> impl Iterator<Item = (Event<'_>, Range<usize>)> {
        Parser::new_ext(&self.text, Options::ENABLE_TABLES).into_offset_iter()
    }

    pub(super) fn links(&self) -> Vec<Link> {
        let links = self.events().filter_map(|(event, place)| match event {
            Event::Start(Tag::Link { dest_url, .. } | Tag::Image { dest_url, .. }) => {
                let raw = &self.text[place.clone()];
                let label = raw.trim_start_matches('!').trim_start_matches('[');
                let label = label.rsplit_once("](").map_or(label, |(label, _)| label).to_owned();
                Some(Link { target: dest_url.into_string(), label, place })
            }
            _ => None,
        });
        links.collect()
    }

    /// The IDs of the headings, as GitHub, rustdoc and mdBook derive them.
    pub(super) fn anchors(&self) -> BTreeSet<String> {
        let mut heading: Option<String> = None;
        let mut seen: BTreeMap<String, usize> = BTreeMap::new();
        let mut anchors = BTreeSet::new();
        for (event, _) in self.events() {
            match event {
                Event::Start(Tag::Heading { .. }) => heading = Some(String::new()),
                Event::Text(text) | Event::Code(text) => {
                    if let Some(heading) = &mut heading {
                        heading.push_str(&text);
                    }
                }
                Event::End(TagEnd::Heading(_)) => {
                    let slug = slug(&heading.take().unwrap_or_default());
                    let times = seen.entry(slug.clone()).or_default();
                    anchors.insert(if *times == 0 { slug } else { format!("{slug}-{times}") });
                    *times += 1;
                }
                _ => {}
            }
        }
        anchors
    }

    /// Returns the lines longer than 120 characters, outside tables.
    pub(super) fn long_lines(&self) -> Vec<usize> {
        let long = |line: &str| line.chars().count() > 120 && !line.trim_start().starts_with('|');
        self.text.lines().enumerate().filter(|(_, line)| long(line)).map(|(at, _)| at + 1).collect()
    }

    /// Returns the target of a relative link, relative to the checked folder.
    pub(super) fn resolve(&self, target: &str) -> PathBuf {
        let file = target.split('#').next().unwrap_or_default();
        let mut path = self.path.parent().unwrap_or(Path::new("")).to_path_buf();
        for part in Path::new(file).components() {
            match part {
                Component::ParentDir => drop(path.pop()),
                Component::Normal(name) => path.push(name),
                _ => {}
            }
        }
        path
    }

    /// Returns the text with links rewritten for the site.
    pub(super) fn moved(&self, names: &BTreeMap<PathBuf, String>) -> String {
        let mut text = self.text.clone();
        for link in self.links().into_iter().rev() {
            let new = match self.on_the_site(&link.target, names) {
                Some(target) if target == link.target => continue,
                Some(target) => format!("[{}]({target})", link.label),
                // Not a page of the site, and the repository has no public URL.
                None => link.label,
            };
            text.replace_range(link.place, &new);
        }
        text
    }

    fn on_the_site(&self, target: &str, names: &BTreeMap<PathBuf, String>) -> Option<String> {
        let guide = |name: &str| {
            let path = Path::new("crates/d360/docs").join(format!("{name}.md"));
            names.get(&path).cloned()
        };
        let docs = "https://docs.rs/d360/latest/d360/";
        if let Some(name) = target.strip_prefix("crate::guide::") {
            return guide(name);
        }
        if let Some(item) = target.strip_prefix("crate::") {
            let item = item.rsplit("::").next().unwrap_or(item);
            return Some(format!("{docs}?search={item}"));
        }
        let own = target.strip_prefix(docs).and_then(|rest| rest.strip_prefix("guide/"));
        if let Some(name) = own.and_then(|rest| rest.strip_suffix("/index.html")) {
            return guide(name);
        }
        if target.starts_with('#') || is_external(target) {
            return Some(target.to_owned());
        }
        let anchor = target.split_once('#').map(|(_, anchor)| format!("#{anchor}")).unwrap_or_default();
        names.get(&self.resolve(target)).map(|name| format!("{name}{anchor}"))
    }
}

pub(super) fn is_external(target: &str) -> bool {
    target.starts_with("https://") || target.starts_with("http://") || target.starts_with("mailto:")
}

fn slug(heading: &str) -> String {
    let kept = heading.chars().filter(|char| char.is_alphanumeric() || matches!(char, '-' | '_' | ' '));
    kept.map(|char| if char == ' ' { '-' } else { char }).collect::<String>().to_lowercase()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn page(path: &str, text: &str) -> Page {
        Page { path: PathBuf::from(path), text: text.to_owned() }
    }

    #[test]
    fn anchors_are_those_of_the_headings() {
        let page = page("a.md", "# `d360`: a client\n\n## Use it\n\n```sh\n# not this\n```\n\n## Use it\n");
        let expected = ["d360-a-client", "use-it", "use-it-1"].map(str::to_owned);
        assert_eq!(page.anchors(), expected.into_iter().collect());
    }

    #[test]
    fn links_lead_to_pages_of_the_site() {
        let names =
            [("docs/a.md", "a.md"), ("crates/d360/docs/tour.md", "tour.md"), ("README.md", "index.md")];
        let names = names.map(|(path, name)| (PathBuf::from(path), name.to_owned())).into_iter().collect();
        for (from, text, expected) in [
            ("README.md", "[a](docs/a.md#x) [b](crates/d360/docs/tour.md)", "[a](a.md#x) [b](tour.md)"),
            ("docs/a.md", "See [`x`](../examples/x.rs), [home](../README.md).", "See `x`, [home](index.md)."),
            ("crates/d360/docs/tour.md", "[t](crate::guide::tour)", "[t](tour.md)"),
            (
                "crates/d360/docs/tour.md",
                "[C](crate::model::Message)",
                "[C](https://docs.rs/d360/latest/d360/?search=Message)",
            ),
            ("README.md", "[t](https://docs.rs/d360/latest/d360/guide/tour/index.html)", "[t](tour.md)"),
            ("README.md", "[x](https://example.com) [y](#z)", "[x](https://example.com) [y](#z)"),
        ] {
            assert_eq!(page(from, text).moved(&names), expected);
        }
    }

    #[test]
    fn long_lines_are_found_outside_tables() {
        let text = format!("short\n{}\n| {} |\n", "x".repeat(121), "x".repeat(121));
        assert_eq!(page("a.md", &text).long_lines(), [2]);
    }
}
