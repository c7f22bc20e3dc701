//! The storage's error XML, as far as it is XML. Pure.
//!
//! What answers may be anything, and a long body was not read to its end, so nothing is demanded of the document as a whole.

use quick_xml::Reader;
use quick_xml::escape::resolve_xml_entity;
use quick_xml::events::{BytesRef, Event};

/// The text of the first element of this name. `None` when it is missing, empty or not closed.
pub(super) fn element(body: &str, name: &str) -> Option<String> {
    let mut reader = Reader::from_str(body);
    let config = reader.config_mut();
    (config.allow_dangling_amp, config.allow_unmatched_ends, config.check_end_names) = (true, true, false);
    let mut found: Option<String> = None;
    loop {
        match (reader.read_event().ok()?, &mut found) {
            (Event::Start(element), None) if element.name().as_ref() == name.as_bytes() => found = Some(String::new()),
            (Event::Text(part), Some(text)) => text.push_str(&part.decode().ok()?),
            (Event::CData(part), Some(text)) => text.push_str(&part.decode().ok()?),
            (Event::GeneralRef(reference), Some(text)) => text.push_str(&resolved(&reference)?),
            (Event::End(element), Some(text)) if element.name().as_ref() == name.as_bytes() => {
                let text = text.trim();
                return (!text.is_empty()).then(|| text.to_owned());
            }
            (Event::Eof, _) => return None,
            _ => {}
        }
    }
}

/// What a reference stands for. One that XML does not know is left as it is.
fn resolved(reference: &BytesRef<'_>) -> Option<String> {
    if let Ok(Some(letter)) = reference.resolve_char_ref() {
        return Some(letter.into());
    }
    let name = reference.decode().ok()?;
    Some(resolve_xml_entity(&name).map_or_else(|| format!("&{name};"), str::to_owned))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_element_is_found_whatever_is_around_it() {
        for (body, text) in [
            ("<?xml version=\"1.0\"?><Error><Code>ServerBusy</Code></Error>", Some("ServerBusy")),
            ("<Error><Message>x</Message><Code>\n ServerBusy </Code>", Some("ServerBusy")),
            (
                "<Code xml:lang='en'>A &amp;lt; B &#x26; &quot;C&quot; &nbsp; & D</Code>",
                Some("A &lt; B & \"C\" &nbsp; & D"),
            ),
            ("<Error><Code><![CDATA[<x>]]></Code></Error>", Some("<x>")),
            ("\u{feff}<Error><br></p><Code>a</Code>", Some("a")),
            ("<Error><Code>a</Code><Code>b</Code></Error>", Some("a")),
            ("<Error><Code></Code></Error>", None),
            ("<Error><Code> \n</Code></Error>", None),
            ("<Error><Code/></Error>", None),
            ("<Error><Code>Serv", None),
            ("<Error><code>a</code></Error>", None),
            ("<Error><CodeName>a</CodeName></Error>", None),
            ("busy", None),
            ("{\"error\": {\"code\": \"<Code>\"}}", None),
            ("", None),
        ] {
            assert_eq!(element(body, "Code").as_deref(), text, "{body}");
        }
    }
}
