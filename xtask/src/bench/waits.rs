//! What a thousand waits cost a .NET program: as tasks of the assembly, compared with a thread for each wait.

use serde_json::Value;

use super::measure::median;
use super::target::Bound;
use crate::dotnet;
use crate::failure::{Failure, Result};
use crate::workspace::{Profile, Workspace};

/// Runs of each, made in turn.
const RUNS: usize = 3;
/// What the test program is asked for, and what that is.
const WAYS: [(&str, &str); 2] = [("task", "tasks"), ("thread", "a thread each")];
/// The figures, with their targets for tasks.
const FIGURES: [(&str, &str, Option<Bound>); 3] = [
    ("threads", "threads", Some(Bound::AtMost(20.0))),
    ("megabytesAboveIdle", "MB above idle", Some(Bound::AtMost(40.0))),
    ("millisecondsToStart500", "start of 500, ms", None),
];

pub(crate) fn run() -> Result<()> {
    let workspace = Workspace::find()?;
    println!("building the library and the emulator (release)");
    let programs = workspace.build_programs(Profile::Release)?;
    let Some(dotnet) = dotnet::prepare(&workspace, &programs)? else { return Ok(()) };
    let mut measured: Vec<(&str, &str, Value)> = Vec::new();
    for (how, name) in [WAYS; RUNS].concat() {
        measured.extend(dotnet.waits(&programs, how)?.into_iter().map(|(host, figures)| (host, name, figures)));
    }

    let titles = FIGURES.map(|(_, title, _)| format!("{title:>22}")).concat();
    println!("\n{:<30}{titles}", format!("1000 waits, medians of {RUNS} runs"));
    let mut rows: Vec<(&str, &str)> = measured.iter().map(|(host, name, _)| (*host, *name)).collect();
    rows.sort_unstable();
    rows.dedup();
    for row in rows {
        let of_row = || measured.iter().filter(|(host, name, _)| (*host, *name) == row).map(|(_, _, figures)| figures);
        let mut line = format!("{:<30}", format!("{}, {}", row.0, row.1));
        for (key, _, bound) in FIGURES {
            let each: Option<Vec<f64>> = of_row().map(|figures| figures[key].as_f64()).collect();
            let figure = median(&each.ok_or_else(|| Failure::new(format!("the test program measured no {key}")))?);
            let verdict = bound.filter(|_| row.1 == WAYS[0].1).map_or("", |bound| bound.judge(Some(figure)).word());
            line.push_str(&format!("{:>22}", format!("{verdict} {figure:.0}")));
        }
        println!("{line}");
    }
    for (_, title, bound) in FIGURES {
        if let Some(bound) = bound {
            println!("target of tasks: {title} {}", bound.shown());
        }
    }
    Ok(())
}
