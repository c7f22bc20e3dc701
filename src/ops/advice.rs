//! What to do about a refusal of the service, by what its request names. The service says in texts of its own what it does
//! not accept, and not which of the caller's settings that is. Pure.

use crate::base::error::{Error, Kind};
use crate::base::next_step::{NextStep, Setting};
use crate::dxp::commands::DxpCommand;
use crate::dxp::model::project::similar_environment;

/// The error of a request that names these values, with a step where it has none.
pub(super) fn advised<S: AsRef<str>>(error: Error, named: &[(Setting, S)]) -> Error {
    if error.next_step().is_some() {
        return error;
    }
    let step = match error.kind() {
        // What is not found by the service is something in the address of the request.
        Kind::NotFound if error.http_status().is_some() => {
            let given = named.iter().map(|(setting, _)| *setting).filter(|setting| is_in_the_address(*setting));
            Some(NextStep::text("check ").followed_by(listed(&given.chain([Setting::ProjectId]).collect::<Vec<_>>())))
        }
        Kind::Rejected => refused(&error, named),
        _ => None,
    };
    match step {
        Some(step) => error.with_next_step(step),
        None => error,
    }
}

fn is_in_the_address(setting: Setting) -> bool {
    matches!(setting, Setting::Id | Setting::Environment | Setting::DatabaseName | Setting::StorageContainer)
}

/// Names of settings as a part of a sentence.
fn listed(settings: &[Setting]) -> NextStep {
    let mut list = NextStep::default();
    for (index, setting) in settings.iter().enumerate() {
        list = match index {
            0 => list,
            _ if index + 1 == settings.len() => list.and(" and "),
            _ => list.and(", "),
        };
        list = list.setting(*setting);
    }
    list
}

/// What to do about a value that the service does not accept, where its text names what it is.
fn refused<S: AsRef<str>>(error: &Error, named: &[(Setting, S)]) -> Option<NextStep> {
    let says = |word: &str| error.texts().iter().any(|text| text.to_lowercase().contains(word));
    if !says("environment") || says("writable") || says("directdeploy") {
        return None;
    }
    let is_environment = |setting: &Setting| matches!(setting, Setting::Environment | Setting::TargetEnvironment);
    let (setting, name) = named.iter().find(|(setting, _)| is_environment(setting))?;
    let step = NextStep::text("check ").setting(*setting);
    Some(match similar_environment(name.as_ref()) {
        Some(similar) => step.and(format!(": did you mean {similar}?")),
        None => step.and("; the DXP Management Portal lists the environments of the project"),
    })
}

/// The error of a start that the service refuses.
pub(super) fn of_a_start(error: Error, direct_deploy: bool) -> Error {
    let refused = |word: &str| error.texts().iter().any(|text| text.to_lowercase().contains(word));
    let step = match error.kind() {
        Kind::Conflict => NextStep::text("list the deployments with: ").command(DxpCommand::ListDeployments).and(
            "; wait for the one in progress, or complete or reset the one that awaits verification, then try again",
        ),
        Kind::Rejected if direct_deploy && refused("directdeploy") => {
            NextStep::text("leave out ").setting(Setting::DirectDeploy)
        }
        _ => return error,
    };
    error.with_next_step(step)
}

/// The error of a step that the service refuses to take with this deployment; `rule` says when it can be taken.
pub(super) fn of_a_step(error: Error, id: &str, rule: &str) -> Error {
    let step = match error.kind() {
        Kind::Conflict => NextStep::text("the deployment is in progress; wait for it with: ")
            .command(DxpCommand::wait_for_deployment(id)),
        Kind::Rejected => NextStep::text(format!("{rule}; check its status with: "))
            .command(DxpCommand::GetDeployment { id: id.to_owned() }),
        _ => return error,
    };
    error.with_next_step(step)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn step(kind: Kind, text: &str, named: &[(Setting, &str)]) -> Option<String> {
        let error = Error::new(kind, text).with_texts(vec![text.to_owned()]).with_http_status(404);
        advised(error, named).next_step().map(str::to_owned)
    }

    #[test]
    fn a_step_names_what_was_given_and_nothing_else() {
        let (environment, database) = ((Setting::Environment, "E"), (Setting::DatabaseName, "epicms"));
        for (named, expected) in [
            (&[][..], "check projectId"),
            (&[(Setting::TargetEnvironment, "E")], "check projectId"),
            (&[(Setting::Id, "7")], "check id and projectId"),
            (&[environment, database, (Setting::Id, "7")], "check environment, databaseName, id and projectId"),
        ] {
            assert_eq!(step(Kind::NotFound, "gone", named).as_deref(), Some(expected));
        }
        let local = Error::new(Kind::NotFound, "there is no such file");
        assert_eq!(advised(local, &[(Setting::Id, "7")]).next_step(), None);
    }

    #[test]
    fn a_refused_environment_is_questioned() {
        let asked = |text: &str, name: &str| step(Kind::Rejected, text, &[(Setting::Environment, name)]);
        let text = "The environment does not exist.";
        assert_eq!(asked(text, "Prodution").as_deref(), Some("check environment: did you mean Production?"));
        let list = "check environment; the DXP Management Portal lists the environments of the project";
        assert_eq!(asked(text, "ADE3").as_deref(), Some(list));
        assert_eq!(asked("RetentionHours must be at least 1.", "ADE3"), None);
        assert_eq!(step(Kind::Rejected, text, &[(Setting::Id, "7")]), None);
    }
}
