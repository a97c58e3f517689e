//! Decides which missed goals fail `cargo xtask bench --gate`.
use serde_json::Value;

/// How far a figure of time may miss its goal: other work on the machine moves it.
const MARGIN: f64 = 0.25;

/// Returns a line for each missed goal. Exact figures (instructions, allocations, sizes, crates) have no margin.
pub(super) fn missed(rows: &[Value]) -> Vec<String> {
    rows.iter().filter_map(line).collect()
}

fn line(row: &Value) -> Option<String> {
    if row["met"] != false {
        return None;
    }
    let what = row["what"].as_str().or(row["case"].as_str()).or(row["program"].as_str()).unwrap_or_default();
    if row["exact"] == true {
        return Some(format!("{what}: {row}"));
    }
    let (figure, goal) = (row["figure"].as_f64()?, row["goal"].as_str()?);
    let (sign, goal) = goal.split_once(' ')?;
    let goal: f64 = goal.parse().ok()?;
    let is_far = if sign == "<=" { figure > goal * (1.0 + MARGIN) } else { figure < goal * (1.0 - MARGIN) };
    is_far.then(|| format!("{what}: {figure:.3}, goal {sign} {goal}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn exact_figures_have_no_margin_and_times_have_one() {
        let time = |figure: f64, goal: &str, met: bool| json!({ "what": "a", "figure": figure, "goal": goal, "met": met });
        let rows = [
            time(1.2, "<= 1", false),
            time(0.8, ">= 1", false),
            time(0.5, "<= 1", true),
            json!({ "what": "told", "figure": 7, "goal": null, "met": null }),
            json!({ "case": "webhook", "met": true, "exact": true }),
        ];
        assert_eq!(missed(&rows), Vec::<String>::new());
        let rows = [
            time(1.3, "<= 1", false),
            time(0.7, ">= 1", false),
            json!({ "case": "webhook", "ratio": 1.31, "goal": 1.3, "met": false, "exact": true }),
        ];
        assert_eq!(missed(&rows).len(), 3);
    }
}
