//! What is known of the terminals behind the standard streams: whether there is one, what it can show, and its width.

use std::io::IsTerminal;

use console::Term;

/// What can be shown on standard error.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Abilities {
    /// Whether a line can be drawn again in its place. Otherwise all is a log.
    pub(super) redraws: bool,
    /// Whether words may be coloured.
    pub(super) colours: bool,
}

impl Abilities {
    /// Those of standard error. `NO_COLOR` (no-color.org) and `CLICOLOR_FORCE`, `CLICOLOR` (bixense.com/clicolors) are
    /// understood as by clap, which shows the errors of the grammar.
    pub(super) fn of_standard_error() -> Self {
        let obeys =
            std::env::var_os("TERM").is_none_or(|term| !term.is_empty()) && anstyle_query::term_supports_color();
        let is_terminal = std::io::stderr().is_terminal();
        let is_plain = anstyle_query::no_color();
        let allowed = anstyle_query::clicolor().unwrap_or(true);
        let colours = !is_plain && (anstyle_query::clicolor_force() || (is_terminal && obeys && allowed));
        if colours {
            // Windows shows colours only when it is asked to; elsewhere this does nothing.
            let _ = anstyle_query::windows::enable_ansi_colors();
        }
        Self { redraws: is_terminal && obeys, colours }
    }
}

/// The columns of the terminal on standard error. Asked for each line, as a window changes its size.
pub(super) fn width_of_standard_error() -> usize {
    usize::from(Term::stderr().size().1)
}

/// The columns of the terminal on standard output, if there is one.
pub(super) fn width_of_standard_output() -> Option<usize> {
    std::io::stdout().is_terminal().then(|| usize::from(Term::stdout().size().1))
}

/// The columns that a text takes.
pub(super) fn width(text: &str) -> usize {
    console::measure_text_width(text)
}

/// A name without its middle, so that it takes no more than so many columns; where it begins and ends tells most.
pub(super) fn shortened(name: &str, longest: usize) -> String {
    if width(name) <= longest {
        return name.to_owned();
    }
    let letters: Vec<char> = name.chars().collect();
    let fits = |kept: usize| {
        let (start, end) = (&letters[..kept / 2], &letters[letters.len() - kept.div_ceil(2)..]);
        let short: String = start.iter().chain(&['…']).chain(end).collect();
        (width(&short) <= longest).then_some(short)
    };
    (0..letters.len().min(longest)).rev().find_map(fits).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_name_loses_its_middle() {
        assert_eq!(shortened("epicms.bacpac", 24), "epicms.bacpac");
        assert_eq!(shortened("epicms_20261121130451_3fe5f5ce.bacpac", 24), "epicms_2026…5f5ce.bacpac");
        assert_eq!(shortened("数据库数据库数据库", 9), "数据…据库");
        assert_eq!(shortened("abc", 0), "");
    }
}
