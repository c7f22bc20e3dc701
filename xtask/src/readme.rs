//! Runs the commands of `README.md` exactly as they are written there.
//!
//! A block is a fence of `sh`, and the line above it says what happens to it:
//! `<!-- test: emulator -->` (runs here), `<!-- test: emulator, needs jq -->` (runs where that program is), or
//! `<!-- not tested: reason -->`. A block without such a line fails, so that no command goes unnoticed. All tested
//! blocks run in one shell, in order, as for a person who follows the page in one terminal.

use std::fmt::Write;
use std::fs;
use std::process::Command;
use std::time::Duration;

use crate::failure::{Doing, Failure, Result};
use crate::machine::{in_ci, runs};
use crate::process::Background;
use crate::workspace::{Programs, Workspace, fresh};

const PAGE: &str = "README.md";
/// What all blocks together may take, so that a block that waits for something in vain ends as well.
const LIMIT: Duration = Duration::from_secs(300);

/// A block of commands.
#[derive(Debug, PartialEq, Eq)]
struct Block {
    /// Where its fence is, counted from 1.
    line: usize,
    fate: Fate,
    commands: String,
}

#[derive(Debug, PartialEq, Eq)]
enum Fate {
    Tested { needs: Option<String> },
    NotTested { reason: String },
}

pub(crate) fn run(workspace: &Workspace, programs: &Programs) -> Result<()> {
    let page = fs::read_to_string(workspace.root.join(PAGE)).doing(format!("cannot read {PAGE}"))?;
    let mut script = String::new();
    for block in blocks(&page)? {
        if let Some(reason) = left_out(&block)? {
            println!("{PAGE}:{}: not run: {reason}", block.line);
            continue;
        }
        let line = block.line;
        write!(script, "echo '{PAGE}:{line}:'\n{}\n", block.commands).doing("cannot write the script")?;
    }
    let folder = workspace.target.join("readme");
    fresh(&folder)?;
    let mut bash = Command::new("bash");
    bash.args(["-euo", "pipefail", "-c", &script]).current_dir(&folder).env("PATH", programs.path()?);
    // A setting of the person who runs this must not decide whether the page is right.
    for (name, _) in std::env::vars_os().filter(|(name, _)| name.to_string_lossy().starts_with("EPI_")) {
        bash.env_remove(name);
    }
    bash.env("EPI_STATE_DIR", folder.join("state"));
    // In the background for its process group: a block that fails may leave an emulator behind.
    let ended = Background::start(&mut bash)?.wait_at_most(LIMIT);
    match ended.doing(format!("the block of {PAGE} named last"))? {
        status if status.success() => Ok(()),
        status => Err(Failure::new(format!("the block of {PAGE} named last ended with {status}"))),
    }
}

fn left_out(block: &Block) -> Result<Option<String>> {
    match &block.fate {
        Fate::NotTested { reason } => Ok(Some(reason.clone())),
        Fate::Tested { needs: Some(program) } if !runs(program, "--version") => {
            let reason = format!("{program} is not installed");
            if in_ci() { Err(Failure::new(format!("{PAGE}:{}: {reason}", block.line))) } else { Ok(Some(reason)) }
        }
        Fate::Tested { .. } => Ok(None),
    }
}

fn blocks(page: &str) -> Result<Vec<Block>> {
    let mut blocks = Vec::new();
    let mut lines = page.lines().enumerate();
    let mut above = "";
    while let Some((index, line)) = lines.next() {
        let Some(language) = line.trim_start().strip_prefix("```") else {
            if !line.trim().is_empty() {
                above = line;
            }
            continue;
        };
        let body = lines.by_ref().map(|(_, line)| line).take_while(|line| line.trim() != "```");
        let commands = body.collect::<Vec<_>>().join("\n");
        let line = index + 1;
        match language.trim() {
            "sh" => blocks.push(Block { line, fate: fate(above, line)?, commands }),
            "bash" | "shell" | "console" => {
                return Err(Failure::new(format!("{PAGE}:{line}: mark shell commands as sh")));
            }
            _ => {}
        }
        above = "";
    }
    Ok(blocks)
}

fn fate(above: &str, line: usize) -> Result<Fate> {
    let marker = above.trim().strip_prefix("<!--").and_then(|rest| rest.strip_suffix("-->")).map(str::trim);
    if let Some(reason) = marker.and_then(|marker| marker.strip_prefix("not tested:")).map(str::trim)
        && !reason.is_empty()
    {
        return Ok(Fate::NotTested { reason: reason.to_owned() });
    }
    match marker.and_then(|marker| marker.strip_prefix("test: emulator")) {
        Some("") => Ok(Fate::Tested { needs: None }),
        Some(rest) if rest.starts_with(", needs ") => {
            Ok(Fate::Tested { needs: Some(rest.trim_start_matches(", needs ").trim().to_owned()) })
        }
        _ => Err(Failure::new(format!(
            "{PAGE}:{line}: put '<!-- test: emulator -->' or '<!-- not tested: reason -->' above the block"
        ))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_block_has_its_commands_and_its_fate() {
        let page = "# Page\n\n<!-- test: emulator -->\n```sh\na\nb\n```\n\n```json\n{}\n```\n\n\
                    <!-- not tested: needs an account -->\n\n```sh\nc\n```\n<!-- test: emulator, needs jq -->\n```sh\nd\n```\n";
        let found = blocks(page).map_err(|failure| failure.to_string());
        let block = |line, fate, commands: &str| Block { line, fate, commands: commands.to_owned() };
        assert_eq!(
            found,
            Ok(vec![
                block(4, Fate::Tested { needs: None }, "a\nb"),
                block(15, Fate::NotTested { reason: "needs an account".to_owned() }, "c"),
                block(19, Fate::Tested { needs: Some("jq".to_owned()) }, "d"),
            ])
        );
    }

    #[test]
    fn a_block_without_a_marker_is_refused() {
        for page in
            ["text\n```sh\na\n```", "<!-- not tested: -->\n```sh\na\n```", "<!-- test: emulator -->\n```bash\na\n```"]
        {
            assert!(blocks(page).is_err(), "{page}");
        }
        // A marker stands for one block only.
        assert!(blocks("<!-- test: emulator -->\n```sh\na\n```\n```sh\nb\n```").is_err());
    }
}
