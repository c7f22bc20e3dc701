//! The error of a proxy or a gateway that refuses a request in the blob storage's place. Pure.

use crate::base::error::{Error, Kind};
use crate::base::next_step::{NextStep, Setting};
use crate::transport::{intermediary, page};

/// The error of a refusal that a gateway gave, and what it says.
pub(super) fn error(class: Kind, status: u16, body: &str) -> (Error, Vec<String>) {
    let said = page::words(body);
    let message = match &said {
        Some(said) => format!("a proxy or gateway answered {status} instead of the blob storage: \"{said}\""),
        None => format!("a proxy or gateway answered {status} instead of the blob storage"),
    };
    let step: NextStep = match status {
        407 => intermediary::PROXY_CREDENTIALS.into(),
        413 => NextStep::text("set ")
            .setting(Setting::BlockSize)
            .and(" to less than the proxy allows, or add the host of the SAS URL to NO_PROXY"),
        408 | 429 | 500..=599 => "try again later; if it keeps failing, ask the administrator of the proxy".into(),
        _ => "check the host of the SAS URL and the proxy settings (HTTPS_PROXY, NO_PROXY), or ask the administrator of the proxy"
            .into(),
    };
    (Error::new(class, message).with_next_step(step), said.into_iter().collect())
}
