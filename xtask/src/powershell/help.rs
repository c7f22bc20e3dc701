//! The help of the cmdlets as the XML that `Get-Help` reads from a file (MAML), made from the comments and parameters of
//! their sources. So the script that an import has to parse is without it. Its elements are those that PowerShell itself
//! makes of such comments, so that what is shown stays the same to the letter.

use crate::failure::{Failure, Result};
use crate::nupkg::escaped;

use super::function::{Function, Parameter};

const HEAD: &str = "<?xml version=\"1.0\" encoding=\"utf-8\"?>\n\
    <helpItems xmlns=\"http://msh\" schema=\"maml\">\n";
const COMMAND: &str = "<command:command xmlns:maml=\"http://schemas.microsoft.com/maml/2004/10\" \
    xmlns:command=\"http://schemas.microsoft.com/maml/dev/command/2004/10\" \
    xmlns:dev=\"http://schemas.microsoft.com/maml/dev/2004/10\">\n";
/// What stands above each example, with its number.
const RULE: &str = "--------------------------";

/// One file of help for all of these.
pub(super) fn file(functions: &[Function]) -> Result<String> {
    let mut xml = HEAD.to_owned();
    for function in functions {
        xml += &command(function)?;
    }
    Ok(xml + "</helpItems>\n")
}

fn command(function: &Function) -> Result<String> {
    let help = Sections::read(function)?;
    let name = &function.name;
    let parameters = function.shown_parameters();
    let details = element(
        "command:details",
        &(element("command:name", name) + &element("maml:description", &paragraphs(help.one("SYNOPSIS")?))),
    );
    let description = element("maml:description", &paragraphs(help.one("DESCRIPTION")?));
    let syntax: String = function
        .sets()
        .iter()
        .map(|set| {
            let own = parameters.iter().filter(|parameter| parameter.is_in(set));
            let items: String = own.map(|own| parameter(own, own.is_mandatory_in(set), None, help.of(own))).collect();
            element("command:syntaxItem", &(element("maml:name", name) + &items))
        })
        .collect();
    let listed: String = parameters
        .iter()
        .map(|own| parameter(own, own.is_mandatory(), Some(&own.default_shown()), help.of(own)))
        .collect();
    let typed = |inner: &str| element("dev:type", &element("maml:name", &escaped(inner)));
    let examples: String = help.examples().enumerate().map(|(index, text)| example(index + 1, text)).collect();
    let links: String = help.all("LINK").map(|text| element("maml:linkText", &escaped(text))).collect();
    Ok(format!("{COMMAND}{details}{description}")
        + &element("command:syntax", &syntax)
        + &element("command:parameters", &listed)
        + &element("command:inputTypes", &element("command:inputType", &typed(help.one("INPUTS")?)))
        + &element("command:returnValues", &element("command:returnValue", &typed(help.one("OUTPUTS")?)))
        + &element("command:examples", &examples)
        + &element("maml:relatedLinks", &element("maml:navigationLink", &links))
        + "</command:command>\n")
}

/// A parameter in the list of all, with its default value, or in the syntax of a set.
fn parameter(parameter: &Parameter, is_mandatory: bool, default: Option<&str>, text: Option<&str>) -> String {
    let kind = parameter.kind_shown();
    let is_switch = kind == "SwitchParameter";
    let mut inner = element("maml:name", &parameter.name);
    inner += &text.map_or_else(String::new, |text| element("maml:description", &paragraphs(text)));
    if default.is_some() || !is_switch {
        let required = !is_switch;
        inner += &format!("<command:parameterValue required=\"{required}\">{kind}</command:parameterValue>\n");
    }
    if let Some(default) = default {
        inner += &element("dev:type", &element("maml:name", &kind));
        inner += &element("dev:defaultValue", &escaped(default));
    }
    format!(
        "<command:parameter required=\"{is_mandatory}\" globbing=\"false\" pipelineInput=\"{}\" position=\"named\">\n\
         {inner}</command:parameter>\n",
        parameter.pipeline_shown()
    )
}

/// The code up to the first empty line, and what is said of it.
fn example(number: usize, text: &str) -> String {
    let (code, remarks) = text.split_once("\n\n").unwrap_or((text, ""));
    element(
        "command:example",
        &(element("maml:title", &format!("{RULE} EXAMPLE {number} {RULE}"))
            + &element("maml:introduction", &element("maml:para", "PS &gt; "))
            + &element("dev:code", &escaped(code))
            + &element("dev:remarks", &(paragraphs(remarks) + &element("maml:para", "").repeat(4)))),
    )
}

fn paragraphs(text: &str) -> String {
    element("maml:para", &escaped(text))
}

fn element(name: &str, inner: &str) -> String {
    format!("<{name}>{inner}</{name}>\n")
}

/// The sections of comment-based help, in their order: keyword, what follows it on its line, and the text below.
struct Sections<'a> {
    function: &'a str,
    sections: Vec<(&'a str, &'a str, String)>,
}

impl<'a> Sections<'a> {
    fn read(function: &'a Function) -> Result<Self> {
        let mut sections: Vec<(&str, &str, String)> = Vec::new();
        for line in function.help.lines() {
            let line = line.strip_prefix("    ").unwrap_or(line);
            match (line.strip_prefix('.'), sections.last_mut()) {
                (Some(keyword), _) => {
                    let (keyword, argument) = keyword.split_once(' ').unwrap_or((keyword, ""));
                    sections.push((keyword, argument, String::new()));
                }
                (None, Some((_, _, text))) => *text += &format!("{line}\n"),
                (None, None) if line.trim().is_empty() => {}
                (None, None) => {
                    return Err(Failure::new(format!("the help of {} begins without a keyword", function.name)));
                }
            }
        }
        for (_, _, text) in &mut sections {
            *text = text.trim().to_owned();
        }
        Ok(Self { function: &function.name, sections })
    }

    fn all(&self, keyword: &str) -> impl Iterator<Item = &str> {
        self.sections.iter().filter(move |section| section.0 == keyword).map(|section| section.2.as_str())
    }

    fn one(&self, keyword: &str) -> Result<&str> {
        self.all(keyword).next().ok_or_else(|| Failure::new(format!("the help of {} has no {keyword}", self.function)))
    }

    fn of(&self, parameter: &Parameter) -> Option<&str> {
        let found = self.sections.iter().find(|(keyword, name, _)| *keyword == "PARAMETER" && *name == parameter.name);
        found.map(|section| section.2.as_str())
    }

    fn examples(&self) -> impl Iterator<Item = &str> {
        self.all("EXAMPLE")
    }
}
