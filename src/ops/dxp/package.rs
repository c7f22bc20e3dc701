//! Handlers of the package verbs: location, upload, and the deployment that takes what was uploaded.

use std::sync::Arc;

use super::bacpac_check;
use super::preflight::{Preflight, is_taken};
use super::resume;
use crate::base::error::{Error, Kind, Result};
use crate::base::event::Event;
use crate::base::limits::BlockSize;
use crate::base::next_step::NextStep;
use crate::base::scope::Scope;
use crate::base::secret::SafeUrl;
use crate::base::time::BoxFuture;
use crate::blob::link::{Access, LinkTarget, check_link};
use crate::dxp::api::Api;
use crate::dxp::commands::{DxpCommand, Waiting};
use crate::dxp::model::package_name::{PackageKind, package_kind};
use crate::dxp::model::project::unusual_environment;
use crate::dxp::model::storage::Location;
use crate::dxp::request::{
    BlockIntegrity, DeployPackages, DeployedPackages, GetPackageLocation, StartDeployment, UploadPackages,
    UploadedPackages,
};
use crate::ops::client::{Operation, Session};
use crate::ops::resume::is_stopped;
use crate::transfer::{Integrity, LinkSource, Upload, UploadFile, UploadOptions, UploadReceipt};

impl Operation for GetPackageLocation {
    type Answer = Location;

    fn run<'a>(self, session: Session<'a>) -> BoxFuture<'a, Result<Location>> {
        Box::pin(async move {
            let (api, project) = session.dxp()?.at(self.project_id.as_deref())?;
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
            let names = self.names()?;
            for (file, name) in self.files.iter().zip(&names) {
                if package_kind(name) == Some(PackageKind::Database) {
                    bacpac_check::warn(&file.path, session.scope).await?;
                }
            }
            let (container, renewal) = match self.link()? {
                Some(link) => {
                    check_given_link(&link)?;
                    (link, None)
                }
                None => {
                    let (api, project) = session.dxp()?.at(self.project_id.as_deref())?;
                    let place = PackageLocation { api: api.clone(), project, scope: session.scope.clone() };
                    (place.fresh_link().await?, Some(Arc::new(place) as Arc<dyn LinkSource>))
                }
            };
            let options = UploadOptions {
                streams: self.upload.streams.map(|streams| streams.get() as usize),
                block_size: self.upload.block_size.map(BlockSize::get),
                integrity: match self.upload.integrity {
                    None => Integrity::Auto,
                    Some(BlockIntegrity::Crc64) => Integrity::Crc64,
                    Some(BlockIntegrity::Md5) => Integrity::ContentMd5,
                },
                content_md5: !self.upload.no_content_md5,
            };
            let files = self.files.into_iter().zip(names);
            let files = files.map(|(file, blob_name)| UploadFile { path: file.path, blob_name }).collect();
            let upload = Upload { files, container, renewal, options };
            let packages = session.dxp()?.engine().upload(&upload, session.scope.sink(), session.scope.cancel()).await;
            let packages = packages.map_err(|error| {
                let step = "the upload is incomplete; run the same command again to resume it";
                resume::when_stopped(deployable(error, &upload.files), step)
            })?;
            Ok(UploadedPackages { packages })
        })
    }
}

/// Checks a link that a person gave, as the upload will, and says where there is one that permits writing.
fn check_given_link(link: &SafeUrl) -> Result<()> {
    check_link("sasUrl", link, Access::Write, LinkTarget::Container).map_err(|error| match error.kind() {
        Kind::Forbidden => error.with_next_step(
            NextStep::text("use a SAS URL that permits writing, such as that of: ")
                .command(DxpCommand::GetPackageLocation),
        ),
        _ => error,
    })
}

/// The error of a package that a deployment uses, with how to deploy it: only the user knows where to.
fn deployable(error: Error, files: &[UploadFile]) -> Error {
    let is_named = |file: &&UploadFile| error.message().contains(&format!("'{}'", file.blob_name));
    let Some(file) = files.iter().find(is_named).filter(|_| is_taken(&error)) else { return error };
    let start = StartDeployment {
        target_environment: "ENVIRONMENT".to_owned(),
        packages: Some(vec![file.blob_name.clone()]),
        ..StartDeployment::default()
    };
    let again = start.again(Waiting::default());
    error.with_then(NextStep::text("to deploy the package that is already uploaded: ").command(again))
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

    fn clock_ahead_ms(&self) -> Option<i64> {
        self.api.clock_ahead_ms()
    }
}

impl Operation for DeployPackages {
    type Answer = DeployedPackages;

    fn run<'a>(self, session: Session<'a>) -> BoxFuture<'a, Result<DeployedPackages>> {
        Box::pin(async move {
            let uploads = self.uploads();
            let names = uploads.names()?;
            for file in &uploads.files {
                crate::transfer::check_source(&file.path)?;
            }
            if let Some(text) = unusual_environment(&self.target_environment) {
                session.scope.report(Event::Warning { text });
            }
            let (api, project) = session.dxp()?.at(self.project_id.as_deref())?;
            let waiting = resume::waiting(self.wait, self.strict);
            let before = Preflight::ask(api, &project, session.scope).await.map_err(not_started)?;
            before.check_target(&self.target_environment, &names, waiting)?;
            let (packages, reused) = if self.reuse_uploaded {
                upload_what_is_missing(session, uploads, &before).await
            } else {
                session.part(uploads).await.map(|uploaded| (uploaded.packages, Vec::new()))
            }
            .map_err(|error| not_started(before.explain(error, &names, waiting)))?;
            let start = self.start(names);
            let started = start.begin(session).await.map_err(|error| uploaded(error, start.again(waiting)))?;
            let deployment = start.see_through(session, started).await?;
            Ok(DeployedPackages { packages, reused, deployment })
        })
    }
}

/// Uploads what no deployment has taken yet, and says what is left as it is. A link to packages cannot read, so it is a
/// package's name that counts.
async fn upload_what_is_missing(
    session: Session<'_>,
    uploads: UploadPackages,
    before: &Preflight,
) -> Result<(Vec<UploadReceipt>, Vec<String>)> {
    let (mut receipts, mut reused) = (Vec::new(), Vec::new());
    for (file, name) in uploads.files.iter().zip(uploads.names()?) {
        let outcome = match before.taken_by(&name) {
            Some(_) => None,
            None => Some(session.part(UploadPackages { files: vec![file.clone()], ..uploads.clone() }).await),
        };
        match outcome {
            Some(Ok(uploaded)) => receipts.extend(uploaded.packages),
            Some(Err(error)) if !is_taken(&error) => return Err(error),
            // Taken by one that is listed, or by an older one.
            Some(Err(_)) | None => {
                session.scope.report(Event::info(format!("'{name}' is already uploaded; not uploading it again")));
                reused.push(name);
            }
        }
    }
    Ok((receipts, reused))
}

/// The service refused the start: what was uploaded needs not be uploaded again.
fn uploaded(error: Error, again: DxpCommand) -> Error {
    // A request whose answer was lost says how to find out what became of it.
    if error.kind() == Kind::Ambiguous || is_stopped(&error) {
        return if error.next_step().is_none() { not_started(error) } else { error };
    }
    error
        .context("the packages are uploaded, but no deployment was started")
        .with_then(NextStep::text("start it without uploading again with: ").command(again))
}

/// Whoever stopped before the start knows only that nothing was deployed.
fn not_started(error: Error) -> Error {
    if !is_stopped(&error) {
        return error;
    }
    error.with_next_step(
        "no deployment was started; run the same command again to resume the upload (packages that are already complete \
         are uploaded again)",
    )
}
