//! What the program writes about itself: completion scripts and manual pages.

use std::path::Path;

use clap::CommandFactory as _;
use clap_complete::env::Shells;
use clap_mangen::Man;

use super::args::{Arguments, Shell, grammar, grammar_of};
use super::stdio::print;
use crate::base::error::{Error, Kind, Result};

/// The variable by which a shell asks this program for candidates.
const ASKED: &str = "COMPLETE";

/// Answers a shell that asks for candidates, and ends the process then.
pub(super) fn answer_the_shell() {
    clap_complete::env::CompleteEnv::with_factory(grammar).var(ASKED).complete();
}

/// Prints the script that lets a shell ask.
pub(super) fn completion(shell: Shell) -> Result<()> {
    let name = match shell {
        Shell::Bash => "bash",
        Shell::Elvish => "elvish",
        Shell::Fish => "fish",
        Shell::Pwsh => "powershell",
        Shell::Zsh => "zsh",
    };
    let failed = |reason: &str| {
        Error::new(Kind::Internal, format!("cannot generate the completion script for {name}: {reason}"))
    };
    let shells = Shells::builtins();
    let completer = shells.completer(name).ok_or_else(|| failed("unknown shell"))?;
    let mut script = Vec::new();
    completer
        .write_registration(ASKED, "epi", "epi", "epi", &mut script)
        .map_err(|error| failed(&error.to_string()))?;
    print(String::from_utf8_lossy(&script).trim_end())
}

/// Prints the page of a command, or writes all pages into a directory.
pub(super) fn manual(command: &[String], output_dir: Option<&Path>) -> Result<()> {
    // Without the pages of `help`, which say nothing.
    let root = grammar_of(without_help(Arguments::command()));
    if let Some(folder) = output_dir {
        let failed = |error| Error::io(format!("cannot write the manual pages to '{}'", folder.display()), &error);
        std::fs::create_dir_all(folder).map_err(failed)?;
        return write_pages(&root, folder).map_err(failed);
    }
    let mut page = &root;
    let mut name = "epi".to_owned();
    for word in command {
        page = page.find_subcommand(word).ok_or_else(|| {
            Error::invalid("COMMAND", format!("there is no command '{name} {word}'"))
                .with_next_step(format!("list the commands with: {name} --help"))
        })?;
        name = format!("{name} {word}");
    }
    let text = page_text(&page_of(page));
    print(
        text.map_err(|error| Error::new(Kind::Internal, format!("cannot generate the manual page: {error}")))?
            .trim_end(),
    )
}

/// The page of a command and those of its subcommands.
fn write_pages(command: &clap::Command, folder: &Path) -> std::io::Result<()> {
    let page = page_of(command);
    std::fs::write(folder.join(page.get_filename()), page_text(&page)?)?;
    command.get_subcommands().try_for_each(|command| write_pages(command, folder))
}

fn page_of(command: &clap::Command) -> Man {
    // Only the root command has a version.
    Man::new(command.clone()).source(concat!("epi ", env!("CARGO_PKG_VERSION")))
}

fn page_text(page: &Man) -> std::io::Result<String> {
    let mut text = Vec::new();
    page.render(&mut text)?;
    // Only examples follow the options; clap knows no better name for what follows them.
    Ok(String::from_utf8_lossy(&text).replace("\n.SH EXTRA\n", "\n.SH EXAMPLES\n"))
}

fn without_help(command: clap::Command) -> clap::Command {
    command.disable_help_subcommand(true).mut_subcommands(without_help)
}
