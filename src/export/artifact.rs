//! What a finished job yields (export job model, section 2.3).

use serde_json::{Map, Value, json};

use crate::base::error::{Error, Kind, Result};
use crate::base::secret::SafeUrl;

/// What a finished job yields.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub enum Artifact {
    /// A file behind a signed link.
    Link {
        /// The link; a secret.
        url: SafeUrl,
    },
    /// Something that stays in the service and can be restored there. There is no file.
    Reference {
        /// Its id.
        id: String,
        /// How it was made.
        mechanism: Option<String>,
    },
    /// Files that the service has written to where the caller asked.
    Placed {
        /// The destination, without what is secret in it.
        location: Option<Map<String, Value>>,
        /// What the files are.
        format: &'static str,
        /// How many there should be.
        expected_parts: Option<u64>,
    },
}

impl Artifact {
    /// The link to what the job yields.
    ///
    /// # Errors
    /// When there is none, because it is kept elsewhere.
    pub fn into_link(self) -> Result<SafeUrl> {
        match self {
            Self::Link { url } => Ok(url),
            Self::Reference { .. } | Self::Placed { .. } => {
                Err(Error::new(Kind::Unsupported, "this service offers no download of what it exports"))
            }
        }
    }

    /// What documents say of it. A link is a secret, so they say only that there is one.
    #[must_use]
    pub fn described(&self) -> Value {
        match self {
            Self::Link { .. } => json!({"kind": "link"}),
            Self::Reference { id, mechanism } => json!({"kind": "reference", "id": id, "mechanism": mechanism}),
            Self::Placed { location, format, expected_parts } => {
                json!({"kind": "placed", "location": location, "format": format, "expectedParts": expected_parts})
            }
        }
    }
}
