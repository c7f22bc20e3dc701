//! The endpoints: each reads its request, asks the rules, changes the state and shows the result.

use serde_json::{Value, json};

use super::containers::{BACPACS, EDGE_LOGS, PACKAGES};
use super::deployment::{Deployment, Order, Refused, ResetOrder, Rules};
use super::envelope::Refusal;
use super::export::Export;
use super::fields::Fields;
use super::phase::{self, Phase};
use super::route::Endpoint;
use super::standing::{self, slot};
use super::state::Dxp;
use crate::bacpac::Shape;
use crate::clock::Milliseconds;
use crate::http::Asked;
use crate::random::new_guid;
use crate::timeline::Step;
use crate::timestamp;

const HOUR: Milliseconds = 3_600_000;
/// Retention of exports and links when none is asked for (spec 1.7).
const DEFAULT_HOURS: u32 = 24;
/// Longest retention of a link (EpiCloud allows no more, spec 2.5, E8).
const MOST_LINK_HOURS: u32 = 168;
/// Deployments in the list (spec 1.7).
const LISTED: usize = 10;

pub(super) async fn carry_out(
    dxp: &Dxp,
    asked: &Asked,
    endpoint: &Endpoint,
    fields: &Fields,
) -> Result<Value, Refusal> {
    match endpoint {
        Endpoint::PackageLocation => Ok(location(dxp, PACKAGES, "w")),
        Endpoint::Deployments if asked.method == "POST" => start(dxp, fields).await,
        Endpoint::Deployments => Ok(list(dxp)),
        Endpoint::Deployment(id) => with_deployment(dxp, id, |deployment, _| {
            look(dxp, deployment);
            Ok(())
        }),
        Endpoint::Complete(id) => complete(dxp, id),
        Endpoint::Reset(id) => reset(dxp, id, fields),
        Endpoint::StorageContainers(environment) => containers(dxp, asked, environment),
        Endpoint::SasLink { environment, container } => sas_link(dxp, environment, container, fields),
        Endpoint::Exports { environment, database } => start_export(dxp, environment, database, fields),
        Endpoint::Export { environment, database, id } => show_export(dxp, environment, database, id).await,
        Endpoint::EdgeLogs if dxp.config.edge_logs => Ok(location(dxp, EDGE_LOGS, "rl")),
        Endpoint::EdgeLogs => Err(Refusal::denied(&dxp.identity.project_id, "")),
    }
}

fn rules(dxp: &Dxp) -> Rules<'_> {
    Rules {
        environments: &dxp.config.environments,
        granted: dxp.config.granted_environments.as_deref(),
        accept_empty_copy: dxp.config.accept_empty_copy,
    }
}

fn refuse(dxp: &Dxp, refused: Refused) -> Refusal {
    match refused {
        Refused::Invalid(text) => Refusal::invalid(text),
        Refused::Denied(environment) => Refusal::denied(&dxp.identity.project_id, &environment),
    }
}

/// E1 and E11: a container link good for 24 hours.
fn location(dxp: &Dxp, container: &str, permissions: &str) -> Value {
    let expires = dxp.core.clock.now() + 24 * HOUR;
    json!({ "location": dxp.core.storage.link(container, "", permissions, expires) })
}

/// E2.
async fn start(dxp: &Dxp, fields: &Fields) -> Result<Value, Refusal> {
    let order = Order::read(fields, rules(dxp)).map_err(|refused| refuse(dxp, refused))?;
    let mut missing = Vec::new();
    for name in &order.packages {
        let exists = dxp.core.storage.exists(PACKAGES, name).await;
        if !exists.map_err(|failure| Refusal::new(500, failure.to_string()))? {
            missing.push(format!("The deployment package {name} was not found."));
        }
    }
    if dxp.config.check_packages && !missing.is_empty() {
        return Err(Refusal::invalid(missing.join(" ")));
    }
    let outcome = if missing.is_empty() { order.outcome() } else { Err(missing.clone()) };
    let steps = match outcome {
        Ok(end) => standing::timeline(dxp, Phase::Deploy, end).unwrap_or_else(|| phase::deploy(end)),
        Err(errors) => phase::deploy_failing(&errors),
    };
    let id = new_guid().map_err(|_| Refusal::server_fault())?;
    let packages = order.packages.clone();
    let shown = {
        let mut state = crate::lock(&dxp.state);
        let (now, instant) = (dxp.core.clock.now(), dxp.core.clock.is_instant());
        for deployment in &mut state.deployments {
            deployment.settle(now, instant, &slot(dxp));
        }
        if state.deployments.iter().any(|other| other.is_active() && other.order.target == order.target) {
            // The wording is not published; clients look for `on-going` (spec 1.5).
            let text = format!("There is already an on-going deployment for the environment {}.", order.target);
            return Err(Refusal::invalid(text));
        }
        let steps = state.scripted(Phase::Deploy).unwrap_or(steps);
        let deployment = Deployment::start(id.clone(), order, steps, now);
        let shown = deployment.show(&dxp.identity.project_id);
        state.deployments.push(deployment);
        shown
    };
    if dxp.config.lease_packages && missing.is_empty() {
        for name in &packages {
            let leased = dxp.core.storage.lease(PACKAGES, name, &id).await;
            leased.map_err(|failure| Refusal::new(500, failure.to_string()))?;
        }
    }
    dxp.core.save();
    Ok(shown)
}

/// E3.
fn list(dxp: &Dxp) -> Value {
    let mut state = crate::lock(&dxp.state);
    let newest = state.deployments.iter_mut().rev().take(LISTED);
    let shown = newest.map(|deployment| {
        look(dxp, deployment);
        deployment.show(&dxp.identity.project_id)
    });
    Value::Array(shown.collect())
}

fn look(dxp: &Dxp, deployment: &mut Deployment) {
    deployment.look(dxp.core.clock.now(), dxp.core.clock.is_instant(), &slot(dxp));
}

fn with_deployment(
    dxp: &Dxp,
    id: &str,
    change: impl FnOnce(&mut Deployment, &mut dyn FnMut(Phase) -> Option<Vec<Step>>) -> Result<(), String>,
) -> Result<Value, Refusal> {
    let mut state = crate::lock(&dxp.state);
    let index = state.deployments.iter().position(|deployment| deployment.id.eq_ignore_ascii_case(id));
    // Not documented; 404 is assumed (spec 2.5, E4).
    let index =
        index.ok_or_else(|| Refusal::new(404, format!("There is no deployment found for deployment id: {id}.")))?;
    let mut deployment = state.deployments[index].clone();
    let target = deployment.order.target.clone();
    if !rules(dxp).grants(&target) {
        return Err(Refusal::denied(&dxp.identity.project_id, &target));
    }
    change(&mut deployment, &mut |phase| state.scripted(phase)).map_err(Refusal::invalid)?;
    let shown = deployment.show(&dxp.identity.project_id);
    state.deployments[index] = deployment;
    Ok(shown)
}

/// E5.
fn complete(dxp: &Dxp, id: &str) -> Result<Value, Refusal> {
    let shown = with_deployment(dxp, id, |deployment, scripted| {
        let now = dxp.core.clock.now();
        deployment.settle(now, dxp.core.clock.is_instant(), &slot(dxp));
        if deployment.status() == "AwaitingVerification" {
            let steps = scripted(Phase::Complete).unwrap_or_else(|| phase::finish("Completing", "Succeeded"));
            return deployment.complete(steps, now);
        }
        deployment.complete(Vec::new(), now)
    })?;
    dxp.core.save();
    Ok(shown)
}

/// E6.
fn reset(dxp: &Dxp, id: &str, fields: &Fields) -> Result<Value, Refusal> {
    let order = ResetOrder::read(fields).map_err(Refusal::invalid)?;
    let shown = with_deployment(dxp, id, |deployment, scripted| {
        let now = dxp.core.clock.now();
        deployment.settle(now, dxp.core.clock.is_instant(), &slot(dxp));
        let end = deployment.reset_end(order)?;
        let steps = scripted(Phase::Reset).unwrap_or_else(|| phase::finish("Resetting", end));
        deployment.begin_reset(order, steps, now);
        Ok(())
    })?;
    dxp.core.save();
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
fn container_environment(dxp: &Dxp, name: &str) -> Result<String, Refusal> {
    let mut rules = rules(dxp);
    if !dxp.config.enforce_container_rights {
        rules.granted = None;
    }
    rules.admit(name).map_err(|refused| refuse(dxp, refused))
}

/// E7.
fn containers(dxp: &Dxp, asked: &Asked, environment: &str) -> Result<Value, Refusal> {
    let environment = container_environment(dxp, environment)?;
    let writable = asked.query().split('&').any(|pair| pair.eq_ignore_ascii_case("writable=true"));
    check_writable(writable, &environment)?;
    Ok(json!({
        "projectId": dxp.identity.project_id,
        "environment": environment,
        "storageContainers": dxp.config.storage_containers,
    }))
}

/// E8.
fn sas_link(dxp: &Dxp, environment: &str, container: &str, fields: &Fields) -> Result<Value, Refusal> {
    let environment = container_environment(dxp, environment)?;
    let hours = fields.hours("retentionHours").map_err(Refusal::invalid)?.unwrap_or(DEFAULT_HOURS);
    let writable = fields.switch("writable").map_err(Refusal::invalid)?;
    check_writable(writable, &environment)?;
    if hours > MOST_LINK_HOURS {
        return Err(Refusal::invalid(format!("RetentionHours must be between 1 and {MOST_LINK_HOURS}.")));
    }
    let known = dxp.config.storage_containers.iter().find(|name| name.eq_ignore_ascii_case(container));
    let container = known.ok_or_else(|| {
        Refusal::new(404, format!("There is no storage container {container} in the environment {environment}."))
    })?;
    let expires = dxp.core.clock.now() + Milliseconds::from(hours) * HOUR;
    Ok(json!({
        "projectId": dxp.identity.project_id,
        "environment": environment,
        "containerName": container,
        "sasLink": dxp.core.storage.link(container, "", if writable { "rwl" } else { "rl" }, expires),
        "expiresOn": timestamp::iso_seven_digits(expires),
    }))
}

/// The canonical spelling of a database.
fn database(name: &str) -> Result<String, Refusal> {
    let known = ["epicms", "epicommerce"].into_iter().find(|known| known.eq_ignore_ascii_case(name));
    known.map(str::to_owned).ok_or_else(|| Refusal::invalid(format!("The database {name} is not supported.")))
}

/// E9.
fn start_export(dxp: &Dxp, environment: &str, name: &str, fields: &Fields) -> Result<Value, Refusal> {
    let environment = rules(dxp).admit(environment).map_err(|refused| refuse(dxp, refused))?;
    let database = database(name)?;
    let hours = fields.hours("retentionHours").map_err(Refusal::invalid)?.unwrap_or(DEFAULT_HOURS);
    if let Some(most) = dxp.config.max_export_retention_hours.filter(|most| hours > *most) {
        return Err(Refusal::invalid(format!("RetentionHours must be between 1 and {most}.")));
    }
    let id = new_guid().map_err(|_| Refusal::server_fault())?;
    let (export, shown) = {
        let mut state = crate::lock(&dxp.state);
        let (now, instant) = (dxp.core.clock.now(), dxp.core.clock.is_instant());
        if state.exports.iter().any(|other| other.is_active(now, instant)) {
            return Err(Refusal::invalid("There is already an on-going database export for this project."));
        }
        let bacpac = format!("{database}_{}_{}.bacpac", timestamp::compact(now), &id[..8]);
        let shape = Shape { size: dxp.config.export_size, seed: dxp.config.export_seed, database: database.clone() };
        let steps = state.scripted(Phase::Export);
        let steps = steps.or_else(|| standing::timeline(dxp, Phase::Export, "Succeeded"));
        let steps = steps.unwrap_or_else(phase::export);
        let export = Export::start(id, (environment, database), bacpac, shape, hours, steps, now);
        let shown = export.show(&dxp.identity.project_id, None);
        state.exports.push(export.clone());
        (export, shown)
    };
    dxp.prepare(&export);
    dxp.core.save();
    Ok(shown)
}

/// E10.
async fn show_export(dxp: &Dxp, environment: &str, name: &str, id: &str) -> Result<Value, Refusal> {
    let environment = rules(dxp).admit(environment).map_err(|refused| refuse(dxp, refused))?;
    let database = database(name)?;
    let find = |exports: &[Export]| {
        exports
            .iter()
            .position(|export| {
                export.id.eq_ignore_ascii_case(id) && export.environment == environment && export.database == database
            })
            .ok_or_else(|| Refusal::new(404, format!("There is no database export found for export id: {id}.")))
    };
    let (now, instant) = (dxp.core.clock.now(), dxp.core.clock.is_instant());
    let waiting_for = {
        let state = crate::lock(&dxp.state);
        let export = &state.exports[find(&state.exports)?];
        export.is_about_to_succeed(now, instant).then(|| export.clone())
    };
    let mut hold = false;
    if let Some(export) = waiting_for {
        let mut ready = dxp.prepare(&export);
        // Where the clock does not bring the next look closer to readiness, the answer waits for it.
        if instant || dxp.core.clock.stands_still() {
            let _ = ready.wait_for(Option::is_some).await;
        }
        match &*ready.borrow() {
            None => hold = true,
            Some(Ok(())) => {}
            Some(Err(reason)) => return Err(Refusal::new(500, format!("The export cannot be stored: {reason}."))),
        }
    }
    let mut state = crate::lock(&dxp.state);
    let index = find(&state.exports)?;
    let export = &mut state.exports[index];
    if !hold {
        export.look(now, instant);
    }
    let link = export.link_until().map(|until| dxp.core.storage.link(BACPACS, &export.bacpac, "r", until));
    Ok(export.show(&dxp.identity.project_id, link.as_deref()))
}
