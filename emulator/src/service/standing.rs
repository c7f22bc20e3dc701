//! What a scenario changes as long as the emulator runs: the timelines of new operations, operations of somebody else
//! at the start, and the page of the slot.

use std::sync::Arc;

use super::deployment::{Deployment, Order};
use super::export::Export;
use super::timeline::{Phase, Step};
use crate::bacpac::Shape;
use crate::core::Core;
use crate::error::Error;
use crate::http::Answer;
use crate::scenario::Scenario;
use crate::{identity, timestamp};

/// Below which path the slot's page is.
pub(crate) const SLOT: &str = "/__slot/";

/// The timeline that a scenario gives an operation; nothing when none is about it.
pub(super) fn timeline(core: &Core, phase: Phase, end: &str) -> Option<Vec<Step>> {
    let scenario = core.config.scenarios.iter().find(|scenario| scenario.phase() == Some(phase))?;
    Some(scenario.steps(end, &slot(core)))
}

/// The address of the slot, which stands in validation links.
pub(super) fn slot(core: &Core) -> String {
    if core.config.scenarios.contains(&Scenario::SlotAnswers503) {
        return format!("{}{SLOT}", core.http_origin);
    }
    format!("https://epi{}-slot.dxcloud.episerver.net/", &core.identity.project_id[..8])
}

/// The page of the slot.
pub(crate) fn slot_page(core: &Core) -> Answer {
    if core.config.scenarios.contains(&Scenario::SlotAnswers503) {
        return Answer::new(
            503,
            "text/html; charset=utf-8",
            "<!DOCTYPE html><title>Service Unavailable</title>".to_owned(),
        );
    }
    Answer::new(404, "text/plain; charset=utf-8", "there is no slot in this scenario".to_owned())
}

/// Starts the operations of somebody else, where the scenario has some.
pub(crate) fn occupy(core: &Arc<Core>) -> Result<(), Error> {
    let Some(busy) = core.config.scenarios.iter().find(|scenario| **scenario == Scenario::Busy) else { return Ok(()) };
    let now = core.clock.now();
    let mut deployments = Vec::new();
    for target in &core.config.environments {
        let order = Order {
            target: target.clone(),
            direct_deploy: true,
            packages: vec!["other.cms.app.1.0.0.nupkg".to_owned()],
            ..Order::default()
        };
        deployments.push(Deployment::start(identity::new_guid()?, order, busy.steps("Succeeded", ""), now));
    }
    let id = identity::new_guid()?;
    let database = "epicms".to_owned();
    let bacpac = format!("{database}_{}_{}.bacpac", timestamp::compact(now), &id[..8]);
    let shape = Shape { size: core.config.export_size, seed: core.config.export_seed, database: database.clone() };
    let environment = core.config.environments.first().cloned().unwrap_or_default();
    let export = Export::start(id, (environment, database), bacpac, shape, 24, busy.steps("Succeeded", ""), now);
    let mut state = crate::lock(&core.service.state);
    state.deployments.extend(deployments);
    state.exports.push(export);
    Ok(())
}
