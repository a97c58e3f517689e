//! Results, as a table for people and JSON for programs.
use serde_json::{Value, json};
use std::time::{Duration, Instant};

#[derive(Debug, Default)]
pub(crate) struct Table(Vec<Row>);

#[derive(Debug)]
struct Row {
    what: String,
    figure: f64,
    unit: &'static str,
    /// The goal, and whether it is a maximum.
    goal: Option<(f64, bool)>,
}

impl Table {
    pub(crate) fn tell(&mut self, what: impl Into<String>, figure: f64, unit: &'static str) {
        self.0.push(Row { what: what.into(), figure, unit, goal: None });
    }
    pub(crate) fn at_most(&mut self, what: impl Into<String>, figure: f64, unit: &'static str, goal: f64) {
        self.0.push(Row { what: what.into(), figure, unit, goal: Some((goal, true)) });
    }
    pub(crate) fn at_least(&mut self, what: impl Into<String>, figure: f64, unit: &'static str, goal: f64) {
        self.0.push(Row { what: what.into(), figure, unit, goal: Some((goal, false)) });
    }

    /// Prints to standard output, and as JSON to the file named by D360_BENCH_JSON.
    pub(crate) fn print(&self) {
        println!("{:<66} {:>12} {:<10} {:<12}", "what", "figure", "unit", "goal");
        let mut rows = Vec::new();
        for row in &self.0 {
            let goal = row.goal.map(|(goal, most)| {
                let met = if most { row.figure <= goal } else { row.figure >= goal };
                (format!("{} {goal}", if most { "<=" } else { ">=" }), met)
            });
            let shown = goal
                .as_ref()
                .map_or(String::new(), |(goal, met)| format!("{goal}{}", if *met { "" } else { "  MISSED" }));
            println!("{:<66} {:>12.4} {:<10} {shown}", row.what, row.figure, row.unit);
            rows.push(json!({ "what": row.what, "figure": row.figure, "unit": row.unit,
                "goal": goal.as_ref().map(|(goal, _)| goal), "met": goal.as_ref().map(|(_, met)| met) }));
        }
        if let Ok(path) = std::env::var("D360_BENCH_JSON") {
            let text = Value::from(rows).to_string();
            if let Err(error) = std::fs::write(&path, text) {
                eprintln!("{path}: {error}");
            }
        }
    }
}

pub(crate) fn median(values: &mut [f64]) -> f64 {
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or(f64::NAN)
}

/// Returns the value below which `share` of all values lie.
pub(crate) fn percentile(values: &mut [Duration], share: f64) -> Duration {
    values.sort();
    #[allow(
        clippy::cast_precision_loss,
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "an index"
    )]
    let at = (values.len() as f64 * share) as usize;
    values.get(at.min(values.len().saturating_sub(1))).copied().unwrap_or_default()
}

/// Runs two functions alternately, `batch` times each, and returns the median of their ratios.
pub(crate) fn ratio(batch: usize, mut ours: impl FnMut(), mut theirs: impl FnMut()) -> f64 {
    let timed = |work: &mut dyn FnMut()| {
        let since = Instant::now();
        (0..batch).for_each(|_| work());
        since.elapsed().as_secs_f64()
    };
    let mut ratios: Vec<f64> = (0..41)
        .map(|round| {
            // The order alternates, so that neither always has the warmer cache.
            if round % 2 == 0 {
                let ours = timed(&mut ours);
                ours / timed(&mut theirs)
            } else {
                let theirs = timed(&mut theirs);
                timed(&mut ours) / theirs
            }
        })
        .collect();
    median(&mut ratios)
}
