//! The tables of a report, as text for a terminal or as Markdown for a page.

use serde_json::Value;

use super::settings::shown_size;

/// Between these lines of a page stand the tables; what is around them is written by people.
const BEGIN: &str = "<!-- bench: begin -->";
const END: &str = "<!-- bench: end -->";

#[derive(Debug, Default)]
struct Table {
    headline: String,
    columns: Vec<&'static str>,
    rows: Vec<Vec<String>>,
}

/// Everything that is shown of a report.
pub(crate) struct Tables {
    paragraphs: Vec<String>,
    tables: Vec<Table>,
}

impl Tables {
    pub(crate) fn of(report: &Value) -> Self {
        let mut tables = scenarios(report);
        tables.extend([hosts(report), targets(report)].into_iter().filter(|table| !table.rows.is_empty()));
        Self { paragraphs: paragraphs(report), tables }
    }

    /// For a terminal.
    pub(crate) fn text(&self) -> String {
        let mut text = String::new();
        for table in &self.tables {
            text += &format!("\n{}\n\n", table.headline);
            let lines = std::iter::once(table.columns.iter().map(|column| (*column).to_owned()).collect());
            let lines: Vec<Vec<String>> = lines.chain(table.rows.iter().cloned()).collect();
            let width = |column: usize| lines.iter().filter_map(|line| line.get(column)).map(String::len).max();
            for line in &lines {
                let cells =
                    line.iter().enumerate().map(|(column, cell)| format!("{cell:<0$}", width(column).unwrap_or(0)));
                text += cells.collect::<Vec<_>>().join("  ").trim_end();
                text.push('\n');
            }
        }
        text + "\n" + &self.paragraphs.join("\n") + "\n"
    }

    /// For a page.
    pub(crate) fn markdown(&self) -> String {
        let mut text = self.paragraphs.join("\n\n") + "\n";
        for table in &self.tables {
            let line = |cells: Vec<String>| format!("| {} |\n", cells.join(" | "));
            text += &format!("\n### {}\n\n", table.headline);
            text += &line(table.columns.iter().map(|column| (*column).to_owned()).collect());
            text += &line(table.columns.iter().map(|_| "---".to_owned()).collect());
            text.extend(table.rows.iter().cloned().map(line));
        }
        text
    }

    /// A page with these tables: the given one with its tables replaced, or one that has nothing else.
    pub(crate) fn page(&self, page: Option<&str>) -> Option<String> {
        let tables = self.markdown();
        let Some(page) = page else { return Some(format!("{BEGIN}\n{tables}{END}\n")) };
        let (before, rest) = page.split_once(BEGIN)?;
        let (_, after) = rest.split_once(END)?;
        Some(format!("{before}{BEGIN}\n{tables}{END}{after}"))
    }
}

fn paragraphs(report: &Value) -> Vec<String> {
    let machine = &report["machine"];
    let mut paragraphs = vec![format!(
        "{} with {} processors, Linux {}; both ends on this machine. Medians of so many runs, made in turn: {}; in brackets the slowest and the fastest. CPU and memory are those of the client alone.",
        text(&machine["processor"]),
        machine["processors"],
        text(&machine["kernel"]),
        report["repetitions"],
    )];
    let versions = report["versions"].as_object().into_iter().flatten();
    let versions: Vec<_> = versions.map(|(name, version)| format!("{name} {}", text(version))).collect();
    paragraphs.push(format!("Versions: {}.", versions.join(", ")));
    paragraphs.extend(list(&report["notes"]).map(text));
    paragraphs
}

/// A table for each headline; the size is in the headline, or where it differs in front of each name.
fn scenarios(report: &Value) -> Vec<Table> {
    let mut tables: Vec<Table> = Vec::new();
    let all: Vec<&Value> = list(&report["scenarios"]).collect();
    for scenario in &all {
        let title = text(&scenario["title"]);
        let size = shown_size(scenario["bytes"].as_u64().unwrap_or(0));
        let sharing = all.iter().filter(|other| other["title"] == scenario["title"]).count();
        let headline = if sharing > 1 { title } else { format!("{title}, {size}") };
        if tables.last().is_none_or(|table| table.headline != headline) {
            let columns = vec!["", "integrity", "MiB/s", "(least - most)", "CPU s/GiB", "peak MB"];
            tables.push(Table { headline, columns, rows: Vec::new() });
        }
        let rows = list(&scenario["candidates"]).map(|candidate| {
            let name = text(&candidate["name"]);
            row(if sharing > 1 { format!("{size}: {name}") } else { name }, candidate)
        });
        if let Some(table) = tables.last_mut() {
            table.rows.extend(rows);
        }
    }
    tables
}

fn row(name: String, candidate: &Value) -> Vec<String> {
    let rate = &candidate["mebibytesPerSecond"];
    let Some(median) = rate["median"].as_f64() else { return vec![name, "not measured".to_owned()] };
    let figure = |value: &Value| value.as_f64().unwrap_or(0.0);
    vec![
        name,
        text(&candidate["integrity"]),
        rounded(median),
        format!("({} - {})", rounded(figure(&rate["least"])), rounded(figure(&rate["most"]))),
        format!("{:.2}", figure(&candidate["cpuSecondsPerGibibyte"])),
        format!("{:.0}", figure(&candidate["peakBytes"]) / f64::from(1 << 20)),
    ]
}

fn targets(report: &Value) -> Table {
    let row = |target: &Value| {
        let figure = target["figure"].as_f64().map_or_else(String::new, |figure| format!("{figure:.2}"));
        let (scenario, subject) = (text(&target["scenario"]), text(&target["subject"]));
        vec![scenario, subject, text(&target["what"]), text(&target["target"]), figure, text(&target["verdict"])]
    };
    Table {
        headline: "Targets".to_owned(),
        columns: vec!["scenario", "", "figure", "target", "measured", "verdict"],
        rows: list(&report["targets"]).map(row).collect(),
    }
}

/// What the hosts of the library cost.
fn hosts(report: &Value) -> Table {
    let row = |host: &Value| {
        let figure = |name: &str, digits: usize| format!("{:.digits$}", host[name].as_f64().unwrap_or(0.0));
        vec![
            text(&host["name"]),
            text(&host["what"]),
            text(&host["target"]),
            figure("figure", 3),
            text(&host["verdict"]),
        ]
    };
    Table {
        headline: "Hosts of the library".to_owned(),
        columns: vec!["", "figure", "target", "measured", "verdict"],
        rows: list(&report["hosts"]["figures"]).map(row).collect(),
    }
}

/// Three digits, or more where the number has them.
fn rounded(figure: f64) -> String {
    if figure < 100.0 { format!("{figure:.1}") } else { format!("{figure:.0}") }
}

fn list(value: &Value) -> impl Iterator<Item = &Value> {
    value.as_array().into_iter().flatten()
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::bench::report::tests::example;

    #[test]
    fn a_report_becomes_tables() {
        let text = Tables::of(&example()).text();
        for line in [
            "HTTPS on this machine, 1 GiB",
            "epi, no file MD5                       512    (256 - 1024)    1.00       4",
            "Python SDK, 4 at a time  not measured",
        ] {
            assert!(text.lines().any(|found| found == line), "{line}\n{text}");
        }
        assert!(text.contains("at least 1.15  1.50"), "{text}");
    }

    #[test]
    fn scenarios_of_one_title_share_a_table() {
        let scenario = |bytes: u64| json!({ "title": "Growth", "bytes": bytes, "candidates": [{ "name": "epi" }] });
        let report = json!({ "scenarios": [scenario(1 << 20), scenario(1 << 30)] });
        let markdown = Tables::of(&report).markdown();
        assert_eq!(markdown.matches("### Growth\n").count(), 1, "{markdown}");
        for row in ["| 1 MiB: epi | not measured |", "| 1 GiB: epi | not measured |"] {
            assert!(markdown.contains(row), "{markdown}");
        }
    }

    #[test]
    fn a_page_keeps_what_is_around_its_tables() {
        let tables = Tables::of(&example());
        let fresh = tables.page(None).expect("nothing is in the way");
        let page = tables.page(Some(&format!("# Title\n\n{BEGIN}\nold\n{END}\n\nMore.\n"))).expect("it has a place");
        assert_eq!(page, format!("# Title\n\n{fresh}\nMore.\n"));
        assert_eq!(tables.page(Some("# Title\n")), None);
    }
}
