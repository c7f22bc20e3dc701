//! What a scenario changes as long as the emulator runs: the timelines of new operations, operations of somebody else
//! at the start, and the page of the slot.

use super::deployment::{Deployment, Order};
use super::export::Export;
use super::phase::Phase;
use super::scenario::Scenario;
use super::state::Dxp;
use crate::bacpac::Shape;
use crate::error::Error;
use crate::http::Answer;
use crate::random::new_guid;
use crate::timeline::Step;
use crate::timestamp;

/// Below which path the slot's page is.
pub(super) const SLOT: &str = "/__slot/";

/// The timeline that a scenario gives an operation; nothing when none is about it.
pub(super) fn timeline(dxp: &Dxp, phase: Phase, end: &str) -> Option<Vec<Step>> {
    let scenario = dxp.config.scenarios.iter().find(|scenario| scenario.phase() == Some(phase))?;
    Some(scenario.steps(end, &slot(dxp)))
}

/// The address of the slot, which stands in validation links.
pub(super) fn slot(dxp: &Dxp) -> String {
    if dxp.config.scenarios.contains(&Scenario::SlotAnswers503) {
        return format!("{}{SLOT}", dxp.http_origin);
    }
    format!("https://epi{}-slot.dxcloud.episerver.net/", &dxp.identity.project_id[..8])
}

/// The page of the slot.
pub(super) fn slot_page(dxp: &Dxp) -> Answer {
    if dxp.config.scenarios.contains(&Scenario::SlotAnswers503) {
        return Answer::new(
            503,
            "text/html; charset=utf-8",
            "<!DOCTYPE html><title>Service Unavailable</title>".to_owned(),
        );
    }
    Answer::new(404, "text/plain; charset=utf-8", "there is no slot in this scenario".to_owned())
}

/// Starts the operations of somebody else, where the scenario has some.
pub(super) fn occupy(dxp: &Dxp) -> Result<(), Error> {
    let Some(busy) = dxp.config.scenarios.iter().find(|scenario| **scenario == Scenario::Busy) else { return Ok(()) };
    let now = dxp.core.clock.now();
    let mut deployments = Vec::new();
    for target in &dxp.config.environments {
        let order = Order {
            target: target.clone(),
            direct_deploy: true,
            packages: vec!["other.cms.app.1.0.0.nupkg".to_owned()],
            ..Order::default()
        };
        deployments.push(Deployment::start(new_guid()?, order, busy.steps("Succeeded", ""), now));
    }
    let id = new_guid()?;
    let database = "epicms".to_owned();
    let bacpac = format!("{database}_{}_{}.bacpac", timestamp::compact(now), &id[..8]);
    let shape = Shape { size: dxp.config.export_size, seed: dxp.config.export_seed, database: database.clone() };
    let environment = dxp.config.environments.first().cloned().unwrap_or_default();
    let export = Export::start(id, (environment, database), bacpac, shape, 24, busy.steps("Succeeded", ""), now);
    let mut state = crate::lock(&dxp.state);
    state.deployments.extend(deployments);
    state.exports.push(export);
    Ok(())
}
