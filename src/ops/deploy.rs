//! Handlers of the package verbs: location, upload, and the deployment that takes what was uploaded.

use super::client::{Operation, Session};
use super::request::{
    BlockIntegrity, DeployPackages, DeployedPackages, GetPackageLocation, UploadPackages, UploadedPackages,
};
use crate::base::error::Result;
use crate::base::model::storage::Location;
use crate::base::time::BoxFuture;
use crate::transfer::{Integrity, Upload, UploadOptions};

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
            let container = match self.link()? {
                Some(link) => link,
                None => {
                    let (api, project) = session.account(self.project_id.as_deref())?;
                    api.package_location(&project, session.scope).await?.link()?
                }
            };
            let defaults = UploadOptions::default();
            let options = UploadOptions {
                streams: self.upload.streams.map_or(defaults.streams, |streams| streams as usize),
                block_size: self.upload.block_size,
                integrity: match self.upload.integrity {
                    None => Integrity::Auto,
                    Some(BlockIntegrity::Crc64) => Integrity::Crc64,
                    Some(BlockIntegrity::Md5) => Integrity::ContentMd5,
                },
                content_md5: !self.upload.no_content_md5,
            };
            let mut packages = Vec::with_capacity(self.files.len());
            for (index, file) in self.files.iter().enumerate() {
                let upload = Upload {
                    file: file.path.clone(),
                    container: container.clone(),
                    blob_name: file.checked_name(&format!("files[{index}]"))?,
                    options: options.clone(),
                };
                packages.push(session.engine().upload(&upload, session.scope.sink(), session.scope.cancel()).await?);
            }
            Ok(UploadedPackages { packages })
        })
    }
}

impl Operation for DeployPackages {
    type Answer = DeployedPackages;

    fn run<'a>(self, session: Session<'a>) -> BoxFuture<'a, Result<DeployedPackages>> {
        Box::pin(async move {
            let packages = session.part(self.uploads()).await?.packages;
            let names = packages.iter().map(|package| package.blob_name.clone()).collect();
            let deployment = session.part(self.start(names)).await?;
            Ok(DeployedPackages { packages, deployment })
        })
    }
}
