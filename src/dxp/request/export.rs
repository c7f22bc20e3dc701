//! Database exports: start, look, wait, and save to a file.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use super::project_request::{RETENTION_HOURS, check_project, request};
use crate::bacpac::Finding;
use crate::base::error::{Error, Result};
use crate::base::limits::{DownloadStreams, RetentionHours};
use crate::base::next_step::{Phrase, Setting};
use crate::document::wait::Wait;
use crate::document::{Checked, check_no_stream, only_objects};
use crate::dxp::model::export::{DatabaseExport, check_database};
use crate::dxp::model::project::{check_environment, check_id};
use crate::transfer::DownloadReceipt;

request! {
    /// `databaseExport.start`: starts an export of a database.
    StartExport {
        /// The environment the database belongs to.
        environment: String,
        /// `epicms` or `epicommerce`.
        database_name: String,
        /// Hours that the service keeps the result, 1 to 2147483647; 24 when absent.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        retention_hours: Option<RetentionHours>,
        /// Wait until it has ended.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        wait: Option<Wait>,
        /// Give back an export that has failed, or whose link has expired, instead of an error: the habit of EpiCloud's
        /// cmdlets.
        #[serde(default)]
        allow_failed: bool,
    }
}

/// The result of [`StartExport`]: the service's own object, and by what any command follows the export.
#[derive(Debug, Clone, Serialize)]
pub struct StartedExport {
    /// The export.
    #[serde(flatten)]
    pub export: DatabaseExport,
    /// One word by which the export is found again, from any machine.
    pub handle: String,
}

impl Checked for StartExport {
    fn check(&self) -> Result<()> {
        check_project(self.project_id.as_deref())?;
        check_environment("environment", &self.environment)?;
        check_database("databaseName", &self.database_name)
    }

    fn named(&self) -> Vec<(Setting, &str)> {
        vec![(Setting::Environment, &*self.environment), (Setting::DatabaseName, &*self.database_name)]
    }
}

impl StartExport {
    pub(crate) fn retention(&self) -> u32 {
        self.retention_hours.map_or(RETENTION_HOURS, RetentionHours::get)
    }
}

request! {
    /// `databaseExport.get`: one export.
    GetExport {
        /// The environment the database belongs to.
        environment: String,
        /// The database.
        database_name: String,
        /// The export's GUID.
        id: String,
    }
}

impl Checked for GetExport {
    fn check(&self) -> Result<()> {
        check_project(self.project_id.as_deref())?;
        check_environment("environment", &self.environment)?;
        check_id("databaseName", &self.database_name)?;
        check_id("id", &self.id)
    }

    fn named(&self) -> Vec<(Setting, &str)> {
        vec![
            (Setting::Environment, &*self.environment),
            (Setting::DatabaseName, &*self.database_name),
            (Setting::Id, &*self.id),
        ]
    }
}

request! {
    /// `databaseExport.wait`: waits for an export that somebody started.
    WaitForExport {
        /// The environment the database belongs to.
        environment: String,
        /// The database.
        database_name: String,
        /// The export's GUID.
        id: String,
        /// How to wait.
        #[serde(default)]
        wait: Wait,
        /// Give back an export that has failed, or whose link has expired, instead of an error: the habit of EpiCloud's
        /// cmdlets.
        #[serde(default)]
        allow_failed: bool,
    }
}

impl Checked for WaitForExport {
    fn check(&self) -> Result<()> {
        self.get().check()
    }

    fn named(&self) -> Vec<(Setting, &str)> {
        vec![
            (Setting::Environment, &*self.environment),
            (Setting::DatabaseName, &*self.database_name),
            (Setting::Id, &*self.id),
        ]
    }
}

impl WaitForExport {
    fn get(&self) -> GetExport {
        GetExport {
            project_id: self.project_id.clone(),
            environment: self.environment.clone(),
            database_name: self.database_name.clone(),
            id: self.id.clone(),
        }
    }
}

/// How a file is downloaded.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, remote = "Self")]
pub struct DownloadSettings {
    /// Ranges fetched at the same time, 1 to 16.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub streams: Option<DownloadStreams>,
}

only_objects!(DownloadSettings);

request! {
    /// `databaseExport.save`: starts or takes an export, waits for it, downloads and verifies it.
    SaveExport {
        /// The environment the database belongs to.
        environment: String,
        /// `epicms` or `epicommerce`.
        database_name: String,
        /// An export that exists. When absent, that of an interrupted save to the same file goes on if it is of the same
        /// database, and a new one is started otherwise.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        id: Option<String>,
        /// Start a new export even if that of an interrupted save could go on.
        #[serde(default)]
        new_export: bool,
        /// Hours that the service keeps a new export.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        retention_hours: Option<RetentionHours>,
        /// Where to write the bacpac.
        output_file: PathBuf,
        /// Replace the file if it exists.
        #[serde(default)]
        overwrite: bool,
        /// How to wait.
        #[serde(default)]
        wait: Wait,
        /// How to download.
        #[serde(default)]
        download: DownloadSettings,
    }
}

impl Checked for SaveExport {
    fn check(&self) -> Result<()> {
        check_project(self.project_id.as_deref())?;
        check_environment("environment", &self.environment)?;
        check_database("databaseName", &self.database_name)?;
        if let Some(id) = &self.id {
            check_id("id", id)?;
            for (member, is_given) in
                [("retentionHours", self.retention_hours.is_some()), ("newExport", self.new_export)]
            {
                if is_given {
                    let rule = Phrase::text("is for a new export and cannot be combined with ").setting(Setting::Id);
                    return Err(Error::invalid(member, rule));
                }
            }
        }
        if self.output_file.as_os_str().is_empty() {
            return Err(Error::invalid("outputFile", "must name a file"));
        }
        check_no_stream(
            "outputFile",
            &self.output_file,
            "downloads to standard output are not supported, because verification and resume need a file",
        )
    }

    fn named(&self) -> Vec<(Setting, &str)> {
        let database = [(Setting::Environment, &*self.environment), (Setting::DatabaseName, &*self.database_name)];
        database.into_iter().chain(self.id.as_deref().map(|id| (Setting::Id, id))).collect()
    }
}

impl SaveExport {
    pub(crate) fn retention(&self) -> u32 {
        self.retention_hours.map_or(RETENTION_HOURS, RetentionHours::get)
    }
}

/// The result of [`SaveExport`]. It leaves out the link, which has done its work.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct SavedExport {
    /// The export's GUID.
    pub id: String,
    /// The environment the database belongs to.
    pub environment: String,
    /// The database.
    pub database_name: String,
    /// The service's status word.
    pub status: String,
    /// The file and how it was verified.
    #[serde(flatten)]
    pub file: DownloadReceipt,
    /// `checked`: the file is a bacpac with the parts that it should have, which are where they should be. Table data is
    /// not read for this.
    pub structure: &'static str,
    /// What is worth knowing about it before it is imported.
    pub warnings: Vec<Finding>,
}
