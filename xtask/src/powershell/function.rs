//! A public function, as far as its help needs it: read from its source, which is a file with that one function.

use crate::failure::{Failure, Result};

/// The name PowerShell has for what holds in every parameter set.
const EVERY_SET: &str = "__AllParameterSets";

pub(super) struct Function {
    pub(super) name: String,
    /// The text of the comment that is its help.
    pub(super) help: String,
    parameters: Vec<Parameter>,
    default_set: Option<String>,
    supports_should_process: bool,
}

#[derive(Clone)]
pub(super) struct Parameter {
    pub(super) name: String,
    /// As it is written, such as `string[]`.
    kind: String,
    default: Option<String>,
    /// The sets that it is in, and whether it is mandatory there.
    sets: Vec<(String, bool)>,
    by_value: bool,
    by_name: bool,
}

impl Function {
    pub(super) fn read(source: &str) -> Result<Self> {
        let name = between(source, "function ", " {").unwrap_or_default().to_owned();
        let missing = |what: &str| Failure::new(format!("the function '{name}' has no {what}"));
        let help = between(source, "<#\n", "#>").ok_or_else(|| missing("help"))?;
        let binding = between(source, "[CmdletBinding(", ")]").ok_or_else(|| missing("CmdletBinding"))?;
        let (_, body) = source.split_once("\n    param(\n").ok_or_else(|| missing("param block"))?;
        let parameters = parts(body, ',').into_iter().map(str::trim).filter(|part| !part.is_empty());
        let parameters =
            parameters.map(Parameter::read).collect::<Option<_>>().ok_or_else(|| missing("clear parameters"))?;
        Ok(Self {
            help: help.to_owned(),
            parameters,
            default_set: argument(binding, "DefaultParameterSetName").map(str::to_owned),
            supports_should_process: argument(binding, "SupportsShouldProcess") == Some("$true"),
            name,
        })
    }

    /// Its own parameters, and those that PowerShell adds and lists.
    pub(super) fn shown_parameters(&self) -> Vec<Parameter> {
        let added = if self.supports_should_process { &["WhatIf", "Confirm"][..] } else { &[] };
        let added = added.iter().map(|name| Parameter {
            name: (*name).to_owned(),
            kind: "System.Management.Automation.SwitchParameter".to_owned(),
            default: None,
            sets: vec![(EVERY_SET.to_owned(), false)],
            by_value: false,
            by_name: false,
        });
        self.parameters.iter().cloned().chain(added).collect()
    }

    /// The names of its parameter sets, the default one first.
    pub(super) fn sets(&self) -> Vec<String> {
        let named = self.parameters.iter().flat_map(|parameter| &parameter.sets).map(|(set, _)| set);
        let mut sets: Vec<String> = Vec::new();
        for set in self.default_set.iter().chain(named.filter(|set| *set != EVERY_SET)) {
            if !sets.contains(set) {
                sets.push(set.clone());
            }
        }
        if sets.is_empty() {
            sets.push(EVERY_SET.to_owned());
        }
        sets
    }
}

impl Parameter {
    /// Reads `[Parameter(...)] [Alias(...)] [type]$Name = default`.
    fn read(text: &str) -> Option<Self> {
        // Comments stand above it alone.
        let mut rest = text.trim_start();
        while rest.starts_with('#') {
            rest = rest.split_once('\n')?.1.trim_start();
        }
        let (mut sets, mut kind, mut by_value, mut by_name) = (Vec::new(), "object", false, false);
        while let Some(after) = rest.strip_prefix('[') {
            let attribute = parts(after, ']').first().copied()?;
            rest = after.get(attribute.len() + 1..)?.trim_start();
            if let Some(arguments) = attribute.strip_prefix("Parameter(") {
                let is = |name| argument(arguments, name) == Some("$true");
                let set = argument(arguments, "ParameterSetName").unwrap_or(EVERY_SET);
                sets.push((set.to_owned(), is("Mandatory")));
                by_value |= is("ValueFromPipeline");
                by_name |= is("ValueFromPipelineByPropertyName");
            } else if !attribute.contains('(') {
                kind = attribute;
            }
        }
        let (name, default) = match rest.strip_prefix('$')?.split_once('=') {
            Some((name, default)) => (name.trim(), Some(default.trim().to_owned())),
            None => (rest.get(1..)?.trim(), None),
        };
        let is_name = !name.is_empty() && name.chars().all(char::is_alphanumeric);
        is_name.then(|| Self { name: name.to_owned(), kind: kind.to_owned(), default, sets, by_value, by_name })
    }

    pub(super) fn is_in(&self, set: &str) -> bool {
        self.sets.iter().any(|(own, _)| own == set || own == EVERY_SET)
    }

    pub(super) fn is_mandatory_in(&self, set: &str) -> bool {
        self.sets.iter().any(|(own, mandatory)| *mandatory && (own == set || own == EVERY_SET))
    }

    /// Whether it is in the first of its sets, which is what PowerShell lists.
    pub(super) fn is_mandatory(&self) -> bool {
        self.sets.first().is_some_and(|(_, mandatory)| *mandatory)
    }

    /// The type by its short name.
    pub(super) fn kind_shown(&self) -> String {
        match self.kind.as_str() {
            "int" => "Int32".to_owned(),
            "switch" => "SwitchParameter".to_owned(),
            "string" => "String".to_owned(),
            "string[]" => "String[]".to_owned(),
            full => full.rsplit('.').next().unwrap_or(full).to_owned(),
        }
    }

    /// As PowerShell shows it: a text without its quotation marks. A switch of the function itself is off by default.
    pub(super) fn default_shown(&self) -> String {
        match &self.default {
            Some(default) => default.trim_matches('\'').to_owned(),
            None if self.kind == "switch" => "False".to_owned(),
            None if self.kind == "int" => "0".to_owned(),
            None => String::new(),
        }
    }

    pub(super) fn pipeline_shown(&self) -> &'static str {
        match (self.by_value, self.by_name) {
            (true, true) => "true (ByValue, ByPropertyName)",
            (true, false) => "true (ByValue)",
            (false, true) => "true (ByPropertyName)",
            (false, false) => "false",
        }
    }
}

fn between<'a>(text: &'a str, start: &str, end: &str) -> Option<&'a str> {
    text.split_once(start)?.1.split_once(end).map(|(found, _)| found)
}

/// The value that a name has among the arguments of an attribute, without its quotes.
fn argument<'a>(arguments: &'a str, name: &str) -> Option<&'a str> {
    parts(arguments, ',').into_iter().find_map(|part| {
        let (own, value) = part.split_once('=')?;
        (own.trim() == name).then(|| value.trim().trim_matches('\''))
    })
}

/// Splits at a letter that stands in no brackets, quotes or comments, up to a bracket that was not opened.
fn parts(text: &str, at: char) -> Vec<&str> {
    let (mut found, mut start, mut depth, mut inside) = (Vec::new(), 0, 0_u32, None);
    for (index, letter) in text.char_indices() {
        match (inside, letter) {
            (Some(end), _) => {
                if letter == end {
                    inside = None;
                }
                continue;
            }
            (None, '\'' | '"') => inside = Some(letter),
            (None, '#') => inside = Some('\n'),
            (None, _) if letter == at && depth == 0 => {
                found.push(&text[start..index]);
                start = index + letter.len_utf8();
            }
            (None, '(' | '[' | '{') => depth += 1,
            (None, ')' | ']' | '}') if depth == 0 => {
                found.push(&text[start..index]);
                return found;
            }
            (None, ')' | ']' | '}') => depth -= 1,
            _ => {}
        }
    }
    found.push(&text[start..]);
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_function_is_read() {
        let source = "function Get-It {\n    <#\n    .SYNOPSIS\n    Gets it.\n    #>\n    \
            [CmdletBinding(DefaultParameterSetName = 'B', SupportsShouldProcess = $true)]\n    param(\n        \
            [Parameter(ParameterSetName = 'A', Mandatory = $true)]\n        [ValidateSet('a,b', 'c')]\n        \
            [string[]]$First,\n\n        # One, or none.\n        [Parameter(ValueFromPipelineByPropertyName = $true)]\n        \
            [ArgumentCompleter({ param($a, $b) @($a, $b) })]\n        [int]$Second = 3,\n\n        [Parameter()]\n        \
            [System.Some.Kind]$Third = 'Start'\n    )\n    process {\n    }\n}\n";
        let function = Function::read(source).unwrap();
        assert_eq!((function.name.as_str(), function.help.trim()), ("Get-It", ".SYNOPSIS\n    Gets it."));
        assert_eq!(function.sets(), ["B", "A"]);
        let shown = function.shown_parameters();
        let row = |row: &Parameter| (row.name.clone(), row.kind_shown(), row.default_shown(), row.pipeline_shown());
        let rows: Vec<_> = shown.iter().map(row).collect();
        let expected = [
            ("First", "String[]", "", "false"),
            ("Second", "Int32", "3", "true (ByPropertyName)"),
            ("Third", "Kind", "Start", "false"),
            ("WhatIf", "SwitchParameter", "", "false"),
            ("Confirm", "SwitchParameter", "", "false"),
        ];
        assert_eq!(rows, expected.map(|(a, b, c, d)| (a.to_owned(), b.to_owned(), c.to_owned(), d)));
        assert!(shown[0].is_mandatory_in("A") && !shown[0].is_in("B") && shown[1].is_in("B"));
    }

    #[test]
    fn what_cannot_be_read_is_a_failure() {
        for source in
            ["", "function A {\n    <#\n    #>\n    [CmdletBinding()]\n    param(\n        [int]5\n    )\n}\n"]
        {
            assert!(Function::read(source).is_err(), "{source}");
        }
    }
}
