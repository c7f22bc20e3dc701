//! Lists as tables. In a file or a pipe each row is one line with all columns; on a terminal rows fit its width.

use super::terminal::{shortened, width};

const GAP: &str = "  ";

/// Rows under a header. The first column says which row it is, and is never shortened. On a terminal that is too narrow, what
/// is in the last columns stands below its row.
pub(super) fn table<const N: usize>(header: &[String; N], rows: &[[String; N]], columns: Option<usize>) -> String {
    let widest = |column: usize| {
        let cells = std::iter::once(header).chain(rows).map(|row| width(&row[column]));
        cells.max().unwrap_or(0)
    };
    let widths: [usize; N] = std::array::from_fn(widest);
    let beside = columns.map_or(N, |columns| {
        let fits = |count: &usize| widths[..*count].iter().sum::<usize>() + GAP.len() * (count - 1) <= columns;
        (1..=N).rev().find(fits).unwrap_or(1)
    });
    let line = |row: &[String; N]| {
        let cells = row[..beside].iter().zip(&widths);
        let cells = cells.map(|(cell, longest)| format!("{cell}{:pad$}", "", pad = longest - width(cell)));
        cells.collect::<Vec<_>>().join(GAP).trim_end().to_owned()
    };
    let mut lines = vec![line(header)];
    for row in rows {
        lines.push(line(row));
        let rest = row[beside..].iter().flat_map(|cell| cell.split(", ")).filter(|part| !part.is_empty());
        lines.extend(wrapped(&rest.collect::<Vec<_>>(), columns.unwrap_or(usize::MAX)));
    }
    lines.join("\n")
}

/// Parts with commas between them, on indented lines of so many columns at most.
fn wrapped(parts: &[&str], columns: usize) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for part in parts {
        let part = shortened(part, columns.saturating_sub(GAP.len() + 1));
        match lines.last_mut() {
            Some(line) if width(line) + ", ".len() + width(&part) < columns => *line = format!("{line}, {part}"),
            Some(line) => {
                line.push(',');
                lines.push(format!("{GAP}{part}"));
            }
            None => lines.push(format!("{GAP}{part}")),
        }
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    const ID: &str = "3fe5f5ce-0d5b-4b6d-9c39-0b1c2f0a4d11";

    fn shown(columns: Option<usize>) -> String {
        let cells = |row: [&str; 5]| row.map(str::to_owned);
        let header = cells(["ID", "STATUS", "ENVIRONMENT", "STARTED", "PACKAGES"]);
        let packages = "site.cms.app.1.0.0.nupkg, a.long.name.of.a.site.commerce.app.20261128.1.nupkg";
        let rows = [
            cells([ID, "AwaitingVerification", "Preproduction", "3 h ago", packages]),
            cells([ID, "InProgress", "数据", "", ""]),
        ];
        table(&header, &rows, columns)
    }

    #[test]
    fn a_table_fits_its_terminal_and_no_id_is_shortened() {
        for columns in [36, 40, 60, 80, 81, 83, 100, 160, 200] {
            let shown = shown(Some(columns));
            assert!(shown.lines().all(|line| width(line) <= columns), "{columns}:\n{shown}");
            assert_eq!(shown.matches(ID).count(), 2, "{columns}:\n{shown}");
            for words in ["AwaitingVerification", "Preproduction", "3 h ago", "site.cms.app.1.0.0.nupkg", "数据"] {
                assert!(shown.contains(words), "{columns}, {words}:\n{shown}");
            }
        }
        let narrow = [
            "ID",
            ID,
            "  AwaitingVerification, Preproduction,",
            "  3 h ago, site.cms.app.1.0.0.nupkg,",
            "  a.long.name.of.a.si…pp.20261128.1.nupkg",
            ID,
            "  InProgress, 数据",
        ];
        assert_eq!(shown(Some(42)).lines().collect::<Vec<_>>(), narrow);
        // All in one line each, where no terminal is.
        assert_eq!(shown(None).lines().count(), 3);
    }
}
