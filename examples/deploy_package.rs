//! Uploads a package, deploys it and waits until the deployment awaits verification.
//!
//! `EPI_CLIENT_KEY=… EPI_CLIENT_SECRET=… EPI_PROJECT_ID=… cargo run --example deploy_package -- site.cms.app.1.0.0.nupkg Preproduction`
#![expect(clippy::print_stdout, reason = "an example shows what it does")]

use std::env;

use epicloud::request::{DeployPackages, PackageFile};
use epicloud::{Client, DxpConfig, Error, Result, Scope, Secret};

#[tokio::main]
async fn main() -> Result<()> {
    let [file, environment] = env::args()
        .skip(1)
        .collect::<Vec<_>>()
        .try_into()
        .map_err(|_| Error::invalid("arguments", "give a package file and an environment"))?;
    let config = DxpConfig {
        endpoint: env::var("EPI_ENDPOINT").ok(),
        client_key: env::var("EPI_CLIENT_KEY").ok(),
        project_id: env::var("EPI_PROJECT_ID").ok(),
        ca_file: env::var_os("EPI_CA_FILE").map(Into::into),
        ..DxpConfig::default()
    };
    let secret = env::var("EPI_CLIENT_SECRET").ok().map(|secret| Secret::from(secret.as_str()));
    let client = Client::new(config, secret.as_ref())?;

    let request = DeployPackages {
        files: vec![PackageFile { path: file.into(), ..PackageFile::default() }],
        target_environment: environment,
        ..DeployPackages::default()
    };
    let deployed = client.run(request, &Scope::silent()).await?;
    println!("deployment {} is {}", deployed.deployment.id(), deployed.deployment.status_text());
    for link in deployed.deployment.validation_links() {
        println!("verify the slot at {link}");
    }
    Ok(())
}
