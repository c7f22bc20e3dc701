//! Runs the commands of `README.md` exactly as they are written there.
//!
//! A block is a fence of `sh` or `powershell`, and the line above it says what happens to it:
//!
//! - `<!-- test: opens the shell -->`: the command that starts the shell with an emulator behind it. The tested blocks
//!   are typed into that shell, in order, as by a person who follows the page in one terminal.
//! - `<!-- test: emulator -->`: runs in that shell. `, needs jq` leaves it out where that program is missing,
//!   `, also in PowerShell` runs a block of `sh` in both shells.
//! - `<!-- not tested: reason -->`.
//!
//! A block without such a line fails, so that no command goes unnoticed.

use std::ffi::OsString;
use std::fmt::Write;
use std::fs;
use std::process::Command;
use std::time::Duration;

use crate::failure::{Doing, Failure, Result};
use crate::machine::{in_ci, runs, say_left_out};
use crate::powershell;
use crate::process::Background;
use crate::workspace::{Programs, Workspace, fresh};

const PAGE: &str = "README.md";
/// What all blocks of a shell together may take, so that a block that waits for something in vain ends as well.
const LIMIT: Duration = Duration::from_secs(300);

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Shell {
    Posix,
    PowerShell,
}

/// A block of commands.
#[derive(Debug, PartialEq, Eq)]
struct Block {
    /// Where its fence is, counted from 1.
    line: usize,
    shell: Shell,
    fate: Fate,
    commands: String,
}

#[derive(Debug, PartialEq, Eq)]
enum Fate {
    OpensShell,
    Tested { needs: Option<String>, also_in_powershell: bool },
    NotTested { reason: String },
}

pub(crate) fn run(workspace: &Workspace, programs: &Programs) -> Result<()> {
    let page = fs::read_to_string(workspace.root.join(PAGE)).doing(format!("cannot read {PAGE}"))?;
    let blocks = blocks(&page)?;
    for block in &blocks {
        if let Fate::NotTested { reason } = &block.fate {
            println!("{PAGE}:{}: not run: {reason}", block.line);
        }
    }
    for shell in [Shell::Posix, Shell::PowerShell] {
        let missing = if shell == Shell::PowerShell { powershell::missing() } else { None };
        match missing {
            // No package registry has it.
            Some(reason) => say_left_out(&format!("the PowerShell blocks of {PAGE}"), reason),
            None => play(shell, &blocks, workspace, programs)?,
        }
    }
    Ok(())
}

/// Opens a shell as the page does, and runs its blocks there.
fn play(shell: Shell, blocks: &[Block], workspace: &Workspace, programs: &Programs) -> Result<()> {
    let mut script = shell.start().to_owned();
    for block in blocks {
        if is_for(shell, block)? {
            write!(script, "echo '{PAGE}:{}:'\n{}\n", block.line, block.commands).doing("cannot write the script")?;
        }
    }
    let folder = workspace.target.join("readme").join(shell.language());
    fresh(&folder)?;
    let (program, arguments) = opener(shell, blocks)?;
    let mut opened = Command::new(program);
    opened.args(arguments).args(shell.arguments()).arg(&script).current_dir(&folder).env("PATH", programs.path()?);
    // A setting of the person who runs this must not decide whether the page is right.
    for (name, _) in std::env::vars_os().filter(|(name, _)| name.to_string_lossy().starts_with("EPI_")) {
        opened.env_remove(name);
    }
    opened.env("EPI_STATE_DIR", folder.join("state"));
    // In the background for its process group: a block that fails may leave something running.
    let ended = Background::start(&mut opened)?.wait_at_most(LIMIT);
    match ended.doing(format!("the block of {PAGE} named last"))? {
        status if status.success() => Ok(()),
        status => Err(Failure::new(format!("the block of {PAGE} named last ended with {status}"))),
    }
}

impl Shell {
    /// The language of its blocks.
    fn language(self) -> &'static str {
        match self {
            Self::Posix => "sh",
            Self::PowerShell => "powershell",
        }
    }

    /// The options in front of a script, which has to stop at the first failure.
    fn arguments(self) -> &'static [&'static str] {
        match self {
            Self::Posix => &["-euo", "pipefail", "-c"],
            Self::PowerShell => &["-NoLogo", "-NoProfile", "-NonInteractive", "-Command"],
        }
    }

    /// What a script begins with to stop at the first failure, where no option does that.
    fn start(self) -> &'static str {
        match self {
            Self::Posix => "",
            Self::PowerShell => "$ErrorActionPreference = 'Stop'; $PSNativeCommandUseErrorActionPreference = $true\n",
        }
    }
}

/// The command that opens a shell, as its words.
fn opener(shell: Shell, blocks: &[Block]) -> Result<(OsString, Vec<OsString>)> {
    let mut openers = blocks.iter().filter(|block| block.shell == shell && block.fate == Fate::OpensShell);
    let (Some(block), None) = (openers.next(), openers.next()) else {
        let language = shell.language();
        return Err(Failure::new(format!("{PAGE}: one block of {language} has to open the shell for the others")));
    };
    let mut words = block.commands.split_whitespace().map(OsString::from);
    let program = words.next().ok_or_else(|| Failure::new(format!("{PAGE}:{}: an empty block", block.line)))?;
    Ok((program, words.collect()))
}

/// Whether a block runs in a shell.
fn is_for(shell: Shell, block: &Block) -> Result<bool> {
    let Fate::Tested { needs, also_in_powershell } = &block.fate else { return Ok(false) };
    if block.shell != shell && !also_in_powershell {
        return Ok(false);
    }
    match needs {
        Some(program) if !runs(program, "--version") => {
            let reason = format!("{PAGE}:{}: not run: {program} is not installed", block.line);
            if in_ci() {
                return Err(Failure::new(reason));
            }
            println!("{reason}");
            Ok(false)
        }
        _ => Ok(true),
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
        let shell = match language.trim() {
            "sh" => Some(Shell::Posix),
            "powershell" => Some(Shell::PowerShell),
            "bash" | "shell" | "console" | "pwsh" | "ps1" => {
                return Err(Failure::new(format!("{PAGE}:{line}: mark shell commands as sh or powershell")));
            }
            _ => None,
        };
        if let Some(shell) = shell {
            blocks.push(Block { line, shell, fate: fate(above, line)?, commands });
        }
        above = "";
    }
    Ok(blocks)
}

fn fate(above: &str, line: usize) -> Result<Fate> {
    let marker = above.trim().strip_prefix("<!--").and_then(|rest| rest.strip_suffix("-->")).map(str::trim);
    let found = marker.and_then(|marker| {
        if let Some(reason) = marker.strip_prefix("not tested:").map(str::trim) {
            return (!reason.is_empty()).then(|| Fate::NotTested { reason: reason.to_owned() });
        }
        let mut words = marker.strip_prefix("test: ")?.split(", ");
        match words.next()? {
            "opens the shell" if words.next().is_none() => Some(Fate::OpensShell),
            "emulator" => tested(&words.collect::<Vec<_>>()),
            _ => None,
        }
    });
    found.ok_or_else(|| {
        Failure::new(format!(
            "{PAGE}:{line}: put '<!-- test: emulator -->' or '<!-- not tested: reason -->' above the block"
        ))
    })
}

/// The fate of a tested block, from what its marker adds.
fn tested(additions: &[&str]) -> Option<Fate> {
    let (mut needs, mut also_in_powershell) = (None, false);
    for addition in additions {
        match addition.strip_prefix("needs ") {
            Some(program) => needs = Some(program.trim().to_owned()),
            None if *addition == "also in PowerShell" => also_in_powershell = true,
            None => return None,
        }
    }
    Some(Fate::Tested { needs, also_in_powershell })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_block_has_its_commands_and_its_fate() {
        let page = "# Page\n\n<!-- test: emulator, also in PowerShell -->\n```sh\na\nb\n```\n\n```json\n{}\n```\n\n\
                    <!-- not tested: needs an account -->\n\n```sh\nc\n```\n<!-- test: emulator, needs jq -->\n```sh\nd\n```\n\
                    <!-- test: opens the shell -->\n```powershell\ne -- f\n```\n";
        let found = blocks(page).map_err(|failure| failure.to_string());
        let block = |line, shell, fate, commands: &str| Block { line, shell, fate, commands: commands.to_owned() };
        let tested = |needs: Option<&str>, also_in_powershell| Fate::Tested {
            needs: needs.map(str::to_owned),
            also_in_powershell,
        };
        assert_eq!(
            found,
            Ok(vec![
                block(4, Shell::Posix, tested(None, true), "a\nb"),
                block(15, Shell::Posix, Fate::NotTested { reason: "needs an account".to_owned() }, "c"),
                block(19, Shell::Posix, tested(Some("jq"), false), "d"),
                block(23, Shell::PowerShell, Fate::OpensShell, "e -- f"),
            ])
        );
    }

    #[test]
    fn a_block_without_a_marker_is_refused() {
        for page in [
            "text\n```sh\na\n```",
            "text\n```powershell\na\n```",
            "<!-- not tested: -->\n```sh\na\n```",
            "<!-- test: emulator, twice -->\n```sh\na\n```",
            "<!-- test: emulator -->\n```bash\na\n```",
        ] {
            assert!(blocks(page).is_err(), "{page}");
        }
        // A marker stands for one block only.
        assert!(blocks("<!-- test: emulator -->\n```sh\na\n```\n```sh\nb\n```").is_err());
    }

    #[test]
    fn a_shell_is_opened_by_one_block() {
        let opens = "<!-- test: opens the shell -->\n```sh\nrun -- bash\n```\n";
        let words = |page: &str| opener(Shell::Posix, &blocks(page).unwrap()).ok();
        assert_eq!(words(opens), Some(("run".into(), vec!["--".into(), "bash".into()])));
        assert_eq!(words(""), None);
        assert_eq!(words(&[opens, opens].concat()), None);
    }

    #[test]
    fn a_block_runs_in_its_own_shell_or_in_both() {
        let page = "<!-- test: emulator -->\n```sh\na\n```\n<!-- test: emulator, also in PowerShell -->\n```sh\nb\n```\n\
                    <!-- test: emulator -->\n```powershell\nc\n```\n<!-- test: emulator, needs no-such-program -->\n```sh\nd\n```";
        let all = blocks(page).unwrap();
        let of = |shell: Shell, block: &Block| is_for(shell, block).unwrap_or(false).then(|| block.commands.clone());
        let run = |shell: Shell| all.iter().filter_map(|block| of(shell, block)).collect::<Vec<_>>();
        assert_eq!(
            (run(Shell::Posix), run(Shell::PowerShell)),
            (vec!["a".into(), "b".into()], vec!["b".into(), "c".into()])
        );
    }
}
