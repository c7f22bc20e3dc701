//! Packages: where they go, how they get there, and the deployment that takes them.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use super::deployment::{StartDeployment, check_start};
use super::project_request::{check_project, request};
use crate::base::error::{Error, Result};
use crate::base::limits::{BlockSize, UploadStreams};
use crate::base::next_step::{NextStep, Phrase, Setting};
use crate::base::secret::{SafeUrl, SecretString};
use crate::blob::name::check_blob_name;
use crate::document::wait::Wait;
use crate::document::{Checked, check_no_stream, only_objects};
use crate::dxp::model::deployment::{Deployment, ZeroDowntimeMode};
use crate::dxp::model::package_name::{PackageKind, check_package_name, is_same_package};
use crate::dxp::model::project::needs_verification;
use crate::transfer::UploadReceipt;

request! {
    /// `packageLocation.get`: the link that packages are uploaded to.
    GetPackageLocation {}
}

impl Checked for GetPackageLocation {
    fn check(&self) -> Result<()> {
        check_project(self.project_id.as_deref())
    }
}

/// A file to upload.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, remote = "Self")]
pub struct PackageFile {
    /// The local file.
    pub path: PathBuf,
    /// The package's name in the store; the file's own name when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub blob_name: Option<String>,
}

only_objects!(PackageFile);

impl PackageFile {
    /// The name in the store.
    fn name(&self, field: &str) -> Result<String> {
        match &self.blob_name {
            Some(name) => Ok(name.clone()),
            None => match self.path.file_name() {
                Some(name) => name.to_str().map(str::to_owned).ok_or_else(|| {
                    let rule = Phrase::text("the name of the file is not valid Unicode text; set another name with ");
                    Error::invalid(format!("{field}.path"), rule.setting(Setting::BlobName))
                }),
                None => {
                    let rule = format!("'{}' is not the name of a file", self.path.display());
                    Err(Error::invalid(format!("{field}.path"), rule))
                }
            },
        }
    }
}

/// Asks the rule for the names of packages (spec 3.3), here alone. Gives what each file holds.
fn check_files(files: &[PackageFile]) -> Result<Vec<PackageKind>> {
    if files.is_empty() {
        return Err(Error::invalid("files", "must name at least one package file"));
    }
    let (mut names, mut kinds) = (Vec::<String>::new(), Vec::new());
    for (index, file) in files.iter().enumerate() {
        // Before the name, which would be refused too and is not what is wrong.
        check_no_stream(
            &format!("files[{index}].path"),
            &file.path,
            "standard input cannot be uploaded, because its size is not known in advance",
        )?;
        let name = file.name(&format!("files[{index}]"))?;
        let field = format!("files[{index}].blobName");
        // No name at all breaks both rules, and that of packages says what one looks like.
        if !name.is_empty() {
            check_blob_name(&field, &name)?;
        }
        kinds.push(check_package_name(&field, &name)?);
        if names.iter().any(|other| is_same_package(other, &name)) {
            return Err(Error::invalid(field, format!("'{name}' is listed twice")));
        }
        names.push(name);
    }
    Ok(kinds)
}

/// How a file is uploaded. The defaults are right for a package link.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, remote = "Self")]
pub struct UploadSettings {
    /// Blocks sent at the same time, 1 to 64.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub streams: Option<UploadStreams>,
    /// Bytes of each block but the last, up to 4000 MiB; chosen by the file's size when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub block_size: Option<BlockSize>,
    /// The checksum of each block; chosen by the store's version when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub integrity: Option<BlockIntegrity>,
    /// Leave out the whole-file MD5.
    #[serde(default)]
    pub no_content_md5: bool,
}

only_objects!(UploadSettings);

/// The checksum sent with each block.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum BlockIntegrity {
    /// `x-ms-content-crc64`, the faster one; service versions from 2019-02-02.
    Crc64,
    /// `Content-MD5`, for every store.
    Md5,
}

request! {
    /// `package.upload`: uploads package files.
    UploadPackages {
        /// The files.
        files: Vec<PackageFile>,
        /// The container link to upload to; a fresh one of the project when absent.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        sas_url: Option<SecretString>,
        /// How to upload.
        #[serde(default)]
        upload: UploadSettings,
    }
}

impl Checked for UploadPackages {
    fn check(&self) -> Result<()> {
        check_project(self.project_id.as_deref())?;
        self.link()?;
        check_files(&self.files).map(drop)
    }
}

impl UploadPackages {
    /// The packages' names in blob storage, in the order of the files.
    pub(crate) fn names(&self) -> Result<Vec<String>> {
        let names = self.files.iter().enumerate();
        names.map(|(index, file)| file.name(&format!("files[{index}]"))).collect()
    }

    pub(crate) fn link(&self) -> Result<Option<SafeUrl>> {
        self.sas_url.as_ref().map(|link| SafeUrl::parse("sasUrl", link.expose())).transpose()
    }
}

request! {
    /// `package.deploy`: location, upload of all files, start and wait, in one.
    DeployPackages {
        /// The files.
        files: Vec<PackageFile>,
        /// Where to deploy.
        target_environment: String,
        /// Show the maintenance page meanwhile.
        #[serde(default)]
        maintenance_page: bool,
        /// Deploy without downtime.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        zero_downtime_mode: Option<ZeroDowntimeMode>,
        /// Deploy straight to the site, without a slot and its verification.
        #[serde(default)]
        direct_deploy: bool,
        /// How to wait.
        #[serde(default)]
        wait: Wait,
        /// Take warnings for an error.
        #[serde(default)]
        strict: bool,
        /// How to upload.
        #[serde(default)]
        upload: UploadSettings,
        /// Start from packages that are uploaded already and that a deployment has taken, by their names, instead of
        /// taking their refusal for an error. Their content is not compared.
        #[serde(default)]
        reuse_uploaded: bool,
    }
}

impl Checked for DeployPackages {
    fn check(&self) -> Result<()> {
        let kinds = check_files(&self.files)?;
        check_start(self.project_id.as_deref(), &self.target_environment)?;
        self.check_target(&kinds)
    }
}

impl DeployPackages {
    /// What the service would refuse, or start and let fail, only after the upload (spec 1.5 and 1.7).
    fn check_target(&self, kinds: &[PackageKind]) -> Result<()> {
        if self.direct_deploy && (self.maintenance_page || self.zero_downtime_mode.is_some()) {
            let other = if self.maintenance_page { "maintenancePage" } else { "zeroDowntimeMode" };
            return Err(Error::invalid(other, Phrase::text("cannot be combined with ").setting(Setting::DirectDeploy)));
        }
        if !needs_verification(&self.target_environment) {
            return Ok(());
        }
        let rule = |what: &str| format!("{what} Integration and ADE environments, not for {}", self.target_environment);
        if self.direct_deploy {
            return Err(Error::invalid("directDeploy", rule("is only for")).with_next_step(
                NextStep::text("leave out ")
                    .setting(Setting::DirectDeploy)
                    .and(": the deployment then awaits verification"),
            ));
        }
        match kinds.iter().position(|kind| *kind == PackageKind::Database) {
            Some(index) => {
                let rule = rule("is a database, and database imports are only for");
                Err(Error::invalid(format!("files[{index}].path"), rule).with_next_step(
                    NextStep::text("set ")
                        .setting(Setting::TargetEnvironment)
                        .and(" to Integration or an ADE environment"),
                ))
            }
            None => Ok(()),
        }
    }

    /// The deployment of the uploaded packages.
    pub(crate) fn start(&self, packages: Vec<String>) -> StartDeployment {
        StartDeployment {
            project_id: self.project_id.clone(),
            target_environment: self.target_environment.clone(),
            packages: Some(packages),
            maintenance_page: self.maintenance_page,
            zero_downtime_mode: self.zero_downtime_mode,
            direct_deploy: self.direct_deploy,
            wait: Some(self.wait),
            strict: self.strict,
            ..StartDeployment::default()
        }
    }

    pub(crate) fn uploads(&self) -> UploadPackages {
        UploadPackages {
            project_id: self.project_id.clone(),
            files: self.files.clone(),
            sas_url: None,
            upload: self.upload,
        }
    }
}

/// The result of [`UploadPackages`].
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct UploadedPackages {
    /// One receipt a file, in the order of the request.
    pub packages: Vec<UploadReceipt>,
}

/// The result of [`DeployPackages`].
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct DeployedPackages {
    /// One receipt a file that was uploaded, in the order of the request.
    pub packages: Vec<UploadReceipt>,
    /// Names of packages that were there already.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub reused: Vec<String>,
    /// The deployment as it was last seen.
    pub deployment: Deployment,
}
