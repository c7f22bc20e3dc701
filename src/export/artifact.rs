//! What a finished job yields.

use crate::base::error::Result;
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
}

impl Artifact {
    /// The link to what the job yields.
    ///
    /// # Errors
    /// When there is none, because it is kept elsewhere.
    pub fn into_link(self) -> Result<SafeUrl> {
        match self {
            Self::Link { url } => Ok(url),
        }
    }
}
