//! Database exports of the DXP service (spec 2.2 and 2.4).

use super::{known_word, service_noun};
use crate::base::error::{Error, Result};
use crate::base::secret::SafeUrl;

service_noun!(
    /// A database export as the service describes it.
    DatabaseExport, "a database export", requires ["id"]
);

impl DatabaseExport {
    /// The export's id, a GUID.
    #[must_use]
    pub fn id(&self) -> &str {
        self.document().text("id").unwrap_or_default()
    }

    /// The service's status word, unchanged.
    #[must_use]
    pub fn status_text(&self) -> &str {
        self.document().text("status").unwrap_or_default()
    }

    /// The status, with unknown words kept apart.
    #[must_use]
    pub fn status(&self) -> ExportStatus {
        ExportStatus::parse(self.status_text())
    }

    /// The read-only link to the bacpac, once it is there.
    ///
    /// # Errors
    /// `Protocol` when the service gave something that is no link.
    pub fn download_link(&self) -> Result<Option<SafeUrl>> {
        match self.document().text("downloadLink") {
            None | Some("") => Ok(None),
            Some(link) => SafeUrl::from_service("downloadLink", link).map(Some),
        }
    }

    /// The file name: `bacpacName` where given, else the last segment of the link (spec 3.4).
    #[must_use]
    pub fn file_name(&self) -> Option<String> {
        let named = self.document().text("bacpacName").filter(|name| !name.is_empty()).map(str::to_owned);
        named.or_else(|| {
            self.download_link().ok().flatten().map(|link| link.file_name()).filter(|name| !name.is_empty())
        })
    }
}

/// The states of spec 2.4.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ExportStatus {
    /// Accepted.
    Started,
    /// Running.
    InProgress,
    /// Done, with a link.
    Succeeded,
    /// Failed. The plain word `Failed`, which one client compares with, counts too (export job model, section 3).
    ExportFailed,
    /// Was done, but its retention has passed.
    LinkExpired,
    /// A word that this library does not know. It goes on.
    Unknown,
}

impl ExportStatus {
    /// Reads a status word, ignoring case.
    #[must_use]
    pub fn parse(text: &str) -> Self {
        const WORDS: [(&str, ExportStatus); 7] = [
            ("Started", ExportStatus::Started),
            ("Queued", ExportStatus::Started),
            ("InProgress", ExportStatus::InProgress),
            ("Succeeded", ExportStatus::Succeeded),
            ("ExportFailed", ExportStatus::ExportFailed),
            ("Failed", ExportStatus::ExportFailed),
            ("LinkExpired", ExportStatus::LinkExpired),
        ];
        known_word(&WORDS, text).unwrap_or(Self::Unknown)
    }

    /// Whether nothing more will happen. Only known words end a wait.
    #[must_use]
    pub fn is_final(self) -> bool {
        matches!(self, Self::Succeeded | Self::ExportFailed | Self::LinkExpired)
    }
}

/// The databases of a project (spec E9).
pub const DATABASES: [&str; 2] = ["epicms", "epicommerce"];

/// Checks a database name before an export is started: one of [`DATABASES`], ignoring case, sent as typed (spec 4.12).
///
/// # Errors
/// `InvalidArgument` naming `field`.
pub fn check_database(field: &str, name: &str) -> Result<()> {
    if DATABASES.iter().any(|known| known.eq_ignore_ascii_case(name)) {
        return Ok(());
    }
    Err(Error::invalid(field, format!("'{name}' is not a database; use epicms or epicommerce")))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn only_known_words_end_an_export() {
        for (word, last) in [
            ("Started", false),
            ("InProgress", false),
            ("Queued", false),
            ("Whatever", false),
            ("", false),
            ("Succeeded", true),
            ("succeeded", true),
            ("ExportFailed", true),
            ("Failed", true),
            ("LinkExpired", true),
        ] {
            assert_eq!(ExportStatus::parse(word).is_final(), last, "{word}");
        }
    }

    #[test]
    fn the_file_name_comes_from_the_service_or_the_link() {
        let link = "https://a.blob.core.windows.net/bacpacs/epicms_2026%20a.bacpac?sig=CANARY";
        let export = |name| {
            DatabaseExport::from_value(
                json!({"id": "x", "status": "Succeeded", "bacpacName": name, "downloadLink": link}),
            )
            .unwrap()
        };
        assert_eq!(export(Some("named.bacpac")).file_name().as_deref(), Some("named.bacpac"));
        assert_eq!(export(None).file_name().as_deref(), Some("epicms_2026 a.bacpac"));
        assert!(!format!("{:?}", export(None)).contains("CANARY"));
    }
}
