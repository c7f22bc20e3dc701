//! Handlers of the package verbs: location, upload, and the deployment that takes what was uploaded.

use std::sync::Arc;

use super::client::{Operation, Session};
use super::request::{
    BlockIntegrity, DeployPackages, DeployedPackages, GetPackageLocation, UploadPackages, UploadedPackages,
};
use super::resume;
use super::structure;
use crate::api::call::Api;
use crate::base::error::{Error, Result};
use crate::base::model::package::{PackageKind, package_kind};
use crate::base::model::storage::Location;
use crate::base::scope::Scope;
use crate::base::secret::SafeUrl;
use crate::base::time::BoxFuture;
use crate::transfer::{Integrity, LinkSource, Upload, UploadFile, UploadOptions};

impl Operation for GetPackageLocation {
    type Answer = Location;

    fn run<'a>(self, session: Session<'a>) -> BoxFuture<'a, Result<Location>> {
        Box::pin(async move {
            let (api, project) = session.account(self.project_id.as_deref())?;
            api.package_location(&project, session.scope).await
        })
    }
}

impl Operation for UploadPackages {
    type Answer = UploadedPackages;

    fn run<'a>(self, session: Session<'a>) -> BoxFuture<'a, Result<UploadedPackages>> {
        Box::pin(async move {
            // Every file is looked at before the first request, so that nothing is half done for a mistyped name.
            for file in &self.files {
                crate::transfer::check_source(&file.path)?;
            }
            for (index, file) in self.files.iter().enumerate() {
                let name = file.checked_name(&format!("files[{index}]"))?;
                if package_kind(&name) == Some(PackageKind::Database) {
                    structure::warn(&file.path, session.scope).await?;
                }
            }
            let (container, renewal) = match self.link()? {
                Some(link) => (link, None),
                None => {
                    let (api, project) = session.account(self.project_id.as_deref())?;
                    let place = PackageLocation { api: api.clone(), project, scope: session.scope.clone() };
                    (place.fresh_link().await?, Some(Arc::new(place) as Arc<dyn LinkSource>))
                }
            };
            let options = UploadOptions {
                streams: self.upload.streams.map(|streams| streams as usize),
                block_size: self.upload.block_size,
                integrity: match self.upload.integrity {
                    None => Integrity::Auto,
                    Some(BlockIntegrity::Crc64) => Integrity::Crc64,
                    Some(BlockIntegrity::Md5) => Integrity::ContentMd5,
                },
                content_md5: !self.upload.no_content_md5,
            };
            let files = self.files.iter().enumerate().map(|(index, file)| {
                let blob_name = file.checked_name(&format!("files[{index}]"))?;
                Ok(UploadFile { path: file.path.clone(), blob_name })
            });
            let upload = Upload { files: files.collect::<Result<_>>()?, container, renewal, options };
            let packages = session.engine().upload(&upload, session.scope.sink(), session.scope.cancel()).await;
            let packages = packages.map_err(|error| {
                resume::when_stopped(
                    error,
                    "a package is complete only when this says so; run it again, and it resumes where it stopped",
                )
            })?;
            Ok(UploadedPackages { packages })
        })
    }
}

/// Where packages of a project go; asked again when the link to it expires in the middle of an upload.
struct PackageLocation {
    api: Api,
    project: String,
    scope: Scope,
}

impl LinkSource for PackageLocation {
    fn fresh_link(&self) -> BoxFuture<'_, Result<SafeUrl>> {
        Box::pin(async move { self.api.package_location(&self.project, &self.scope).await?.link() })
    }
}

impl Operation for DeployPackages {
    type Answer = DeployedPackages;

    fn run<'a>(self, session: Session<'a>) -> BoxFuture<'a, Result<DeployedPackages>> {
        Box::pin(async move {
            let packages = session.part(self.uploads()).await.map_err(not_started)?.packages;
            let names = packages.iter().map(|package| package.blob_name.clone()).collect();
            let deployment = session.part(self.start(names)).await.map_err(|error| {
                // A start that was sent has said how to find out what became of it.
                if error.next_step().is_none() && resume::is_stopped(&error) { not_started(error) } else { error }
            })?;
            Ok(DeployedPackages { packages, deployment })
        })
    }
}

/// Whoever stopped before the start knows only that nothing was deployed.
fn not_started(error: Error) -> Error {
    if !resume::is_stopped(&error) {
        return error;
    }
    error.with_next_step(
        "no deployment was started; run it again, and the upload resumes where it stopped (a package that was complete \
         already is replaced)",
    )
}
