//! Tables for terminals. Elsewhere each row is a plain line for scripts.
use crate::visible::visible;
use clap::builder::styling::{AnsiColor, Style};
use comfy_table::{ContentArrangement, presets::NOTHING};
use std::fmt::Write as _;

/// The style of a word.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Tone {
    Head,
    Good,
    Waiting,
    Bad,
}

impl Tone {
    const ALL: [Self; 4] = [Self::Head, Self::Good, Self::Waiting, Self::Bad];

    /// Returns the style of a state, of any kind of item.
    pub(crate) fn of(state: &str) -> Option<Self> {
        match state.to_ascii_lowercase().as_str() {
            "approved" | "available" | "valid" | "running" | "active" | "connected" | "accepted" => {
                Some(Self::Good)
            }
            "pending" | "processing" | "in_appeal" | "limited" | "paused" | "pending_deletion"
            | "flagged" => Some(Self::Waiting),
            "rejected" | "disabled" | "blocked" | "invalid" | "failed" | "error" | "stopped" | "deleted" => {
                Some(Self::Bad)
            }
            _ => None,
        }
    }

    fn style(self) -> Style {
        match self {
            Self::Head => Style::new().bold(),
            Self::Good => AnsiColor::Green.on_default(),
            Self::Waiting => AnsiColor::Yellow.on_default(),
            Self::Bad => AnsiColor::Red.on_default().bold(),
        }
    }

    /// Returns the text with terminal escapes around it.
    pub(crate) fn paint(self, text: &str) -> String {
        let style = self.style();
        format!("{style}{text}{style:#}")
    }

    /// Returns the first of the private-use characters that stand for ASCII in this tone.
    fn base(self) -> u32 {
        PRIVATE + 0x80 * Self::ALL.iter().position(|tone| *tone == self).map_or(0, |at| at as u32)
    }
}

/// Whether `c` stands for a styled letter. Tables are laid out with private-use characters, which are as wide as a
/// letter. Terminal escapes would count as text.
const PRIVATE: u32 = 0xe000;

fn is_private(c: char) -> bool {
    (PRIVATE..PRIVATE + 0x80 * Tone::ALL.len() as u32).contains(&u32::from(c))
}

/// Encodes the text in private-use characters. Non-ASCII characters stay, without a style.
fn hidden(text: &str, tone: Tone) -> String {
    let one = |c: char| {
        if c.is_ascii_graphic() { char::from_u32(tone.base() + u32::from(c)).unwrap_or(c) } else { c }
    };
    text.chars().map(one).collect()
}

/// Decodes private-use characters, with or without terminal escapes around them.
fn shown(text: &str, colors: bool) -> String {
    let mut out = String::new();
    let mut now = None;
    for c in text.chars() {
        let found = is_private(c).then(|| (u32::from(c) - PRIVATE) / 0x80);
        let tone = found.and_then(|at| Tone::ALL.get(at as usize).copied());
        if tone != now && colors {
            if let Some(tone) = now {
                let _ = write!(out, "{:#}", tone.style());
            }
            if let Some(tone) = tone {
                let _ = write!(out, "{}", tone.style());
            }
        }
        now = tone;
        out.push(tone.and_then(|tone| char::from_u32(u32::from(c) - tone.base())).unwrap_or(c));
    }
    if let (Some(tone), true) = (now, colors) {
        let _ = write!(out, "{:#}", tone.style());
    }
    out
}

/// A table with headings. A column without a value in any row is left out.
#[derive(Debug)]
pub(crate) struct Table {
    heads: &'static [&'static str],
    rows: Vec<Vec<Option<String>>>,
}

impl Table {
    pub(crate) fn new(heads: &'static [&'static str]) -> Self {
        Self { heads, rows: Vec::new() }
    }

    pub(crate) fn row(&mut self, cells: Vec<Option<String>>) {
        self.rows.push(cells);
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// Renders the table for a terminal of this width, if it is a terminal.
    pub(crate) fn render(&self, width: Option<u16>, colors: bool) -> String {
        let has =
            |at: usize| self.rows.iter().any(|row| row.get(at).is_some_and(|cell| is_told(cell.as_ref())));
        let columns: Vec<usize> = (0..self.heads.len()).filter(|at| has(*at)).collect();
        let mut table = comfy_table::Table::new();
        table.load_style(NOTHING).set_header(columns.iter().map(|at| hidden(self.heads[*at], Tone::Head)));
        if let Some(width) = width {
            table.set_content_arrangement(ContentArrangement::Dynamic).set_width(width);
        }
        for row in &self.rows {
            table.add_row(
                columns.iter().map(|at| cell(self.heads[*at], row.get(*at).and_then(Option::as_ref))),
            );
        }
        for column in table.column_iter_mut() {
            column.set_padding((0, 2));
        }
        let lines = table.trim_fmt();
        lines.lines().fold(String::new(), |mut text, line| {
            let _ = writeln!(text, "{}", shown(line.trim_end(), colors));
            text
        })
    }
}

fn is_told(cell: Option<&String>) -> bool {
    cell.is_some_and(|text| !text.is_empty())
}

/// Returns a cell's text. Received text cannot break the terminal or the styles.
fn cell(head: &str, text: Option<&String>) -> String {
    let none = if head.is_empty() { "" } else { "-" };
    let text =
        visible(text.filter(|text| !text.is_empty()).map_or(none, String::as_str)).replace(['\n', '\t'], " ");
    let text: String = text.chars().map(|c| if is_private(c) { '\u{fffd}' } else { c }).collect();
    match Tone::of(&text) {
        Some(tone) => hidden(&text, tone),
        None => text,
    }
}
