//! Who the emulator is: client key, client secret, project, storage account and its key, and the random GUIDs it
//! hands out. Reads the system's randomness; stores nothing.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Serialize};

use crate::config::Config;
use crate::error::Error;

/// The name of the storage account all containers live in.
pub(crate) const ACCOUNT: &str = "epiemulator";

/// Credentials and ids of one emulator; kept across restarts with a state folder.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Identity {
    pub(crate) client_key: String,
    pub(crate) client_secret: String,
    pub(crate) project_id: String,
    pub(crate) account_key: String,
}

impl Identity {
    /// Takes what the configuration gives, then what an earlier run kept, then random values.
    pub(crate) fn settle(config: &Config, kept: Option<Self>) -> Result<Self, Error> {
        let kept = match kept {
            Some(kept) => kept,
            None => Self {
                client_key: hex(&random::<24>()?),
                client_secret: STANDARD.encode(random::<48>()?),
                project_id: new_guid()?,
                account_key: STANDARD.encode(random::<64>()?),
            },
        };
        let settled = Self {
            client_key: config.client_key.clone().unwrap_or(kept.client_key),
            client_secret: config.client_secret.clone().unwrap_or(kept.client_secret),
            project_id: config.project_id.clone().unwrap_or(kept.project_id).to_lowercase(),
            account_key: kept.account_key,
        };
        match STANDARD.decode(&settled.client_secret) {
            Ok(bytes) if !bytes.is_empty() => Ok(settled),
            Ok(_) | Err(_) => Err(Error::config("client secret", "it must be Base64 and not empty")),
        }
    }

    pub(crate) fn secret_bytes(&self) -> Vec<u8> {
        STANDARD.decode(&self.client_secret).unwrap_or_default()
    }

    pub(crate) fn account_key_bytes(&self) -> Vec<u8> {
        STANDARD.decode(&self.account_key).unwrap_or_default()
    }
}

/// A random version 4 GUID, lower case with dashes.
pub(crate) fn new_guid() -> Result<String, Error> {
    let mut bytes = random::<16>()?;
    bytes[6] = bytes[6] & 0x0f | 0x40;
    bytes[8] = bytes[8] & 0x3f | 0x80;
    let digits = hex(&bytes);
    Ok(format!("{}-{}-{}-{}-{}", &digits[..8], &digits[8..12], &digits[12..16], &digits[16..20], &digits[20..]))
}

/// Whether the text has the form 8-4-4-4-12 of hex digits.
pub(crate) fn is_guid(text: &str) -> bool {
    let lengths = text.split('-').map(str::len);
    lengths.eq([8, 4, 4, 4, 12]) && text.bytes().all(|byte| byte == b'-' || byte.is_ascii_hexdigit())
}

/// Lower-case hex digits of the bytes.
pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn random<const N: usize>() -> Result<[u8; N], Error> {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes).map_err(Error::failed("reading random bytes"))?;
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn guids_have_their_form() {
        let guid = new_guid().unwrap();
        assert!(is_guid(&guid), "{guid}");
        for wrong in ["", "x", "11111111-2222-3333-4444-55555555555g", "111111112222333344445555555555555555"] {
            assert!(!is_guid(wrong), "{wrong}");
        }
    }

    #[test]
    fn what_is_given_wins_over_what_was_kept() {
        let kept = Identity::settle(&Config::default(), None).unwrap();
        let config = Config { client_key: Some("given".to_owned()), ..Config::default() };
        let settled = Identity::settle(&config, Some(kept.clone())).unwrap();
        assert_eq!(settled.client_key, "given");
        assert_eq!(settled.client_secret, kept.client_secret);
    }
}
