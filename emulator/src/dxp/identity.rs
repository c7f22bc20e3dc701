//! Whom the service knows: client key, client secret and project. Given, kept from an earlier run, or random.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Serialize};

use crate::config::Config;
use crate::error::Error;
use crate::random::{hex, new_guid, random};

/// Credentials and project of one emulator; kept across restarts with a state folder.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Identity {
    pub(crate) client_key: String,
    pub(crate) client_secret: String,
    pub(crate) project_id: String,
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
            },
        };
        let settled = Self {
            client_key: config.client_key.clone().unwrap_or(kept.client_key),
            client_secret: config.client_secret.clone().unwrap_or(kept.client_secret),
            project_id: config.project_id.clone().unwrap_or(kept.project_id).to_lowercase(),
        };
        match STANDARD.decode(&settled.client_secret) {
            Ok(bytes) if !bytes.is_empty() => Ok(settled),
            Ok(_) | Err(_) => Err(Error::config("client secret", "it must be Base64 and not empty")),
        }
    }

    pub(crate) fn secret_bytes(&self) -> Vec<u8> {
        STANDARD.decode(&self.client_secret).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_given_wins_over_what_was_kept() {
        let kept = Identity::settle(&Config::default(), None).unwrap();
        let config = Config { client_key: Some("given".to_owned()), ..Config::default() };
        let settled = Identity::settle(&config, Some(kept.clone())).unwrap();
        assert_eq!(settled.client_key, "given");
        assert_eq!(settled.client_secret, kept.client_secret);
    }
}
