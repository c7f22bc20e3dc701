//! The endpoints: each reads its request, asks the rules, changes the state and shows the result.

use std::sync::Arc;

use serde_json::{Value, json};

use super::deployment::{Deployment, Order, Refused, ResetOrder, Rules};
use super::envelope::Refusal;
use super::export::Export;
use super::fields::Fields;
use super::route::Endpoint;
use super::standing::{self, slot};
use super::timeline::{self, Phase};
use crate::bacpac::Shape;
use crate::clock::Milliseconds;
use crate::config::Speed;
use crate::core::{BACPACS, Core, EDGE_LOGS, PACKAGES};
use crate::http::Asked;
use crate::{identity, timestamp};

const HOUR: Milliseconds = 3_600_000;
/// Retention of exports and links when none is asked for (spec 1.7).
const DEFAULT_HOURS: u32 = 24;
/// Longest retention of a link (EpiCloud allows no more, spec 2.5, E8).
const MOST_LINK_HOURS: u32 = 168;
/// Deployments in the list (spec 1.7).
const LISTED: usize = 10;

pub(super) async fn carry_out(
    core: &Arc<Core>,
    asked: &Asked,
    endpoint: &Endpoint,
    fields: &Fields,
) -> Result<Value, Refusal> {
    match endpoint {
        Endpoint::PackageLocation => Ok(location(core, PACKAGES, "w")),
        Endpoint::Deployments if asked.method == "POST" => start(core, fields).await,
        Endpoint::Deployments => Ok(list(core)),
        Endpoint::Deployment(id) => with_deployment(core, id, |deployment, _| {
            look(core, deployment);
            Ok(())
        }),
        Endpoint::Complete(id) => complete(core, id),
        Endpoint::Reset(id) => reset(core, id, fields),
        Endpoint::StorageContainers(environment) => containers(core, asked, environment),
        Endpoint::SasLink { environment, container } => sas_link(core, environment, container, fields),
        Endpoint::Exports { environment, database } => start_export(core, environment, database, fields),
        Endpoint::Export { environment, database, id } => show_export(core, environment, database, id).await,
        Endpoint::EdgeLogs if core.config.edge_logs => Ok(location(core, EDGE_LOGS, "rl")),
        Endpoint::EdgeLogs => Err(Refusal::denied(&core.identity.project_id, "")),
    }
}

fn rules(core: &Core) -> Rules<'_> {
    Rules {
        environments: &core.config.environments,
        granted: core.config.granted_environments.as_deref(),
        accept_empty_copy: core.config.accept_empty_copy,
    }
}

fn refuse(core: &Core, refused: Refused) -> Refusal {
    match refused {
        Refused::Invalid(text) => Refusal::invalid(text),
        Refused::Denied(environment) => Refusal::denied(&core.identity.project_id, &environment),
    }
}

/// E1 and E11: a container link good for 24 hours.
fn location(core: &Core, container: &str, permissions: &str) -> Value {
    let expires = core.clock.now() + 24 * HOUR;
    json!({ "location": core.service_link(container, "", permissions, expires) })
}

/// E2.
async fn start(core: &Arc<Core>, fields: &Fields) -> Result<Value, Refusal> {
    let order = Order::read(fields, rules(core)).map_err(|refused| refuse(core, refused))?;
    let mut missing = Vec::new();
    for name in &order.packages {
        if !package_exists(core, name).await? {
            missing.push(format!("The deployment package {name} was not found."));
        }
    }
    if core.config.check_packages && !missing.is_empty() {
        return Err(Refusal::invalid(missing.join(" ")));
    }
    let outcome = if missing.is_empty() { order.outcome() } else { Err(missing.clone()) };
    let steps = match outcome {
        Ok(end) => standing::timeline(core, Phase::Deploy, end).unwrap_or_else(|| timeline::deploy(end)),
        Err(errors) => timeline::deploy_failing(&errors),
    };
    let id = identity::new_guid().map_err(|_| Refusal::server_fault())?;
    let packages = order.packages.clone();
    let shown = {
        let mut state = crate::lock(&core.service.state);
        let (now, instant) = (core.clock.now(), core.clock.is_instant());
        for deployment in &mut state.deployments {
            deployment.settle(now, instant, &slot(core));
        }
        if state.deployments.iter().any(|other| other.is_active() && other.order.target == order.target) {
            // The wording is not published; clients look for `on-going` (spec 1.5).
            let text = format!("There is already an on-going deployment for the environment {}.", order.target);
            return Err(Refusal::invalid(text));
        }
        let steps = state.scripted(Phase::Deploy).unwrap_or(steps);
        let deployment = Deployment::start(id.clone(), order, steps, now);
        let shown = deployment.show(&core.identity.project_id);
        state.deployments.push(deployment);
        shown
    };
    if core.config.lease_packages && missing.is_empty() {
        for name in &packages {
            lease(core, name, &id).await?;
        }
    }
    core.save();
    Ok(shown)
}

async fn package_exists(core: &Core, name: &str) -> Result<bool, Refusal> {
    match &core.azurite {
        Some(azurite) => azurite.exists(PACKAGES, name).await.map_err(|failure| Refusal::new(500, failure.to_string())),
        None => Ok(core.blobs.exists(PACKAGES, name)),
    }
}

async fn lease(core: &Core, name: &str, deployment: &str) -> Result<(), Refusal> {
    match &core.azurite {
        Some(azurite) => azurite.lease(PACKAGES, name).await.map_err(|failure| Refusal::new(500, failure.to_string())),
        None => {
            core.blobs.lease(PACKAGES, name, deployment.to_owned()).map_err(|error| Refusal::new(500, error.message))
        }
    }
}

/// E3.
fn list(core: &Core) -> Value {
    let mut state = crate::lock(&core.service.state);
    let newest = state.deployments.iter_mut().rev().take(LISTED);
    let shown = newest.map(|deployment| {
        look(core, deployment);
        deployment.show(&core.identity.project_id)
    });
    Value::Array(shown.collect())
}

fn look(core: &Core, deployment: &mut Deployment) {
    deployment.look(core.clock.now(), core.clock.is_instant(), &slot(core));
}

fn with_deployment(
    core: &Core,
    id: &str,
    change: impl FnOnce(&mut Deployment, &mut dyn FnMut(Phase) -> Option<Vec<timeline::Step>>) -> Result<(), String>,
) -> Result<Value, Refusal> {
    let mut state = crate::lock(&core.service.state);
    let index = state.deployments.iter().position(|deployment| deployment.id.eq_ignore_ascii_case(id));
    // Not documented; 404 is assumed (spec 2.5, E4).
    let index =
        index.ok_or_else(|| Refusal::new(404, format!("There is no deployment found for deployment id: {id}.")))?;
    let mut deployment = state.deployments[index].clone();
    let target = deployment.order.target.clone();
    if !rules(core).grants(&target) {
        return Err(Refusal::denied(&core.identity.project_id, &target));
    }
    change(&mut deployment, &mut |phase| state.scripted(phase)).map_err(Refusal::invalid)?;
    let shown = deployment.show(&core.identity.project_id);
    state.deployments[index] = deployment;
    Ok(shown)
}

/// E5.
fn complete(core: &Core, id: &str) -> Result<Value, Refusal> {
    let shown = with_deployment(core, id, |deployment, scripted| {
        let now = core.clock.now();
        deployment.settle(now, core.clock.is_instant(), &slot(core));
        if deployment.status() == "AwaitingVerification" {
            let steps = scripted(Phase::Complete).unwrap_or_else(|| timeline::finish("Completing", "Succeeded"));
            return deployment.complete(steps, now);
        }
        deployment.complete(Vec::new(), now)
    })?;
    core.save();
    Ok(shown)
}

/// E6.
fn reset(core: &Core, id: &str, fields: &Fields) -> Result<Value, Refusal> {
    let order = ResetOrder::read(fields).map_err(Refusal::invalid)?;
    let shown = with_deployment(core, id, |deployment, scripted| {
        let now = core.clock.now();
        deployment.settle(now, core.clock.is_instant(), &slot(core));
        let end = deployment.reset_end(order)?;
        let steps = scripted(Phase::Reset).unwrap_or_else(|| timeline::finish("Resetting", end));
        deployment.begin_reset(order, steps, now);
        Ok(())
    })?;
    core.save();
    Ok(shown)
}

/// Preproduction and Production give no writable links (spec 1.7).
fn check_writable(writable: bool, environment: &str) -> Result<(), Refusal> {
    if writable && matches!(environment, "Preproduction" | "Production") {
        return Err(Refusal::invalid(format!(
            "Writable containers are not supported for the environment {environment}."
        )));
    }
    Ok(())
}

/// An environment of a container endpoint; the right is asked for by a switch (spec 1.6).
fn container_environment(core: &Core, name: &str) -> Result<String, Refusal> {
    let mut rules = rules(core);
    if !core.config.enforce_container_rights {
        rules.granted = None;
    }
    rules.admit(name).map_err(|refused| refuse(core, refused))
}

/// E7.
fn containers(core: &Core, asked: &Asked, environment: &str) -> Result<Value, Refusal> {
    let environment = container_environment(core, environment)?;
    let writable = asked.query().split('&').any(|pair| pair.eq_ignore_ascii_case("writable=true"));
    check_writable(writable, &environment)?;
    Ok(json!({
        "projectId": core.identity.project_id,
        "environment": environment,
        "storageContainers": core.config.storage_containers,
    }))
}

/// E8.
fn sas_link(core: &Core, environment: &str, container: &str, fields: &Fields) -> Result<Value, Refusal> {
    let environment = container_environment(core, environment)?;
    let hours = fields.hours("retentionHours").map_err(Refusal::invalid)?.unwrap_or(DEFAULT_HOURS);
    let writable = fields.switch("writable").map_err(Refusal::invalid)?;
    check_writable(writable, &environment)?;
    if hours > MOST_LINK_HOURS {
        return Err(Refusal::invalid(format!("RetentionHours must be between 1 and {MOST_LINK_HOURS}.")));
    }
    let known = core.config.storage_containers.iter().find(|name| name.eq_ignore_ascii_case(container));
    let container = known.ok_or_else(|| {
        Refusal::new(404, format!("There is no storage container {container} in the environment {environment}."))
    })?;
    let expires = core.clock.now() + Milliseconds::from(hours) * HOUR;
    Ok(json!({
        "projectId": core.identity.project_id,
        "environment": environment,
        "containerName": container,
        "sasLink": core.service_link(container, "", if writable { "rwl" } else { "rl" }, expires),
        "expiresOn": timestamp::iso_seven_digits(expires),
    }))
}

/// The canonical spelling of a database.
fn database(name: &str) -> Result<String, Refusal> {
    let known = ["epicms", "epicommerce"].into_iter().find(|known| known.eq_ignore_ascii_case(name));
    known.map(str::to_owned).ok_or_else(|| Refusal::invalid(format!("The database {name} is not supported.")))
}

/// E9.
fn start_export(core: &Arc<Core>, environment: &str, name: &str, fields: &Fields) -> Result<Value, Refusal> {
    let environment = rules(core).admit(environment).map_err(|refused| refuse(core, refused))?;
    let database = database(name)?;
    let hours = fields.hours("retentionHours").map_err(Refusal::invalid)?.unwrap_or(DEFAULT_HOURS);
    if let Some(most) = core.config.max_export_retention_hours.filter(|most| hours > *most) {
        return Err(Refusal::invalid(format!("RetentionHours must be between 1 and {most}.")));
    }
    let id = identity::new_guid().map_err(|_| Refusal::server_fault())?;
    let (export, shown) = {
        let mut state = crate::lock(&core.service.state);
        let (now, instant) = (core.clock.now(), core.clock.is_instant());
        if state.exports.iter().any(|other| other.is_active(now, instant)) {
            return Err(Refusal::invalid("There is already an on-going database export for this project."));
        }
        let bacpac = format!("{database}_{}_{}.bacpac", timestamp::compact(now), &id[..8]);
        let shape = Shape { size: core.config.export_size, seed: core.config.export_seed, database: database.clone() };
        let steps = state.scripted(Phase::Export);
        let steps = steps.or_else(|| standing::timeline(core, Phase::Export, "Succeeded"));
        let steps = steps.unwrap_or_else(timeline::export);
        let export = Export::start(id, (environment, database), bacpac, shape, hours, steps, now);
        let shown = export.show(&core.identity.project_id, None);
        state.exports.push(export.clone());
        (export, shown)
    };
    core.service.preparations.begin(core, &export.id, &export.bacpac, &export.shape);
    core.save();
    Ok(shown)
}

/// E10.
async fn show_export(core: &Arc<Core>, environment: &str, name: &str, id: &str) -> Result<Value, Refusal> {
    let environment = rules(core).admit(environment).map_err(|refused| refuse(core, refused))?;
    let database = database(name)?;
    let find = |exports: &[Export]| {
        exports
            .iter()
            .position(|export| {
                export.id.eq_ignore_ascii_case(id) && export.environment == environment && export.database == database
            })
            .ok_or_else(|| Refusal::new(404, format!("There is no database export found for export id: {id}.")))
    };
    let (now, instant) = (core.clock.now(), core.clock.is_instant());
    let waiting_for = {
        let state = crate::lock(&core.service.state);
        let export = &state.exports[find(&state.exports)?];
        export.is_about_to_succeed(now, instant).then(|| export.clone())
    };
    let mut hold = false;
    if let Some(export) = waiting_for {
        let mut ready = core.service.preparations.begin(core, &export.id, &export.bacpac, &export.shape);
        // Where the clock does not bring the next look closer to readiness, the answer waits for it.
        if instant || core.config.speed == Speed::Manual {
            let _ = ready.wait_for(Option::is_some).await;
        }
        match &*ready.borrow() {
            None => hold = true,
            Some(Ok(())) => {}
            Some(Err(reason)) => return Err(Refusal::new(500, format!("The export cannot be stored: {reason}."))),
        }
    }
    let mut state = crate::lock(&core.service.state);
    let index = find(&state.exports)?;
    let export = &mut state.exports[index];
    if !hold {
        export.look(now, instant);
    }
    let link = export.link_until().map(|until| core.service_link(BACPACS, &export.bacpac, "r", until));
    Ok(export.show(&core.identity.project_id, link.as_deref()))
}
