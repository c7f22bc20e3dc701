//! The endpoints: each asks the rules, changes the state and shows the result.

use super::backup::{Backup, Order};
use super::config::Switches;
use super::envelope::{document, list};
use super::route::{Endpoint, Place};
use super::state::{Guidewire, State};
use super::token::{Need, Token};
use crate::clock::Milliseconds;
use crate::http::{Answer, Asked};

/// Status and text of a request that is refused.
pub(super) type Refused = (u16, String);

/// A request whose token is good.
pub(super) struct Call<'a> {
    pub(super) asked: &'a Asked,
    pub(super) token: Token,
    pub(super) body: &'a [u8],
    /// Whether every look but the first shows the end.
    pub(super) instant: bool,
}

/// Carries out a request whose token is good.
pub(super) fn carry_out(guidewire: &Guidewire, endpoint: &Endpoint, call: &Call<'_>) -> Result<Answer, Refused> {
    let changes = call.asked.method != "GET";
    let answer = {
        let mut state = guidewire.lock();
        clear_away(&mut state, call.asked.now);
        match endpoint {
            Endpoint::PlanetBackups { place, planet } if changes => create(&mut state, call, place, planet)?,
            Endpoint::PlanetBackups { place, planet } => of_planet(&mut state, call, place, planet)?,
            Endpoint::StarSystemBackups { place } => of_star_system(&mut state, call, place)?,
            Endpoint::Backup { place, id } if changes => delete(&mut state, call, place, id)?,
            Endpoint::Backup { place, id } => show(&mut state, call, place, id)?,
            Endpoint::Health | Endpoint::Token => return Err((404, "No message available".to_owned())),
        }
    };
    if changes {
        guidewire.core.save();
    }
    Ok(answer)
}

/// Removes what has expired or was deleted.
fn clear_away(state: &mut State, now: Milliseconds) {
    let stays = state.switches.expired_stays;
    state.backups.retain(|backup| !backup.is_gone(now) && (stays || !backup.has_expired(now)));
}

/// Whether the token permits the operation, and the star system is known.
fn admit(state: &State, call: &Call<'_>, place: &Place, need: Need) -> Result<(), Refused> {
    if !call.token.permits(&place.tenant, need, state.switches.write_implies_read) {
        return Err((403, "You are not authorized to access this resource".to_owned()));
    }
    let mut planets = state.planets.iter();
    if planets.any(|planet| planet.tenant == place.tenant && planet.star_system == place.star_system) {
        return Ok(());
    }
    Err(unknown(&state.switches, "star system", &place.star_system))
}

fn unknown(switches: &Switches, what: &str, name: &str) -> Refused {
    let text = match switches.unknown_status {
        403 => "You are not authorized to access this resource".to_owned(),
        _ => format!("The {what} {name} was not found"),
    };
    (switches.unknown_status, text)
}

/// Row 1.
fn create(state: &mut State, call: &Call<'_>, place: &Place, name: &str) -> Result<Answer, Refused> {
    admit(state, call, place, Need::Write)?;
    let planet = state.planet(&place.tenant, &place.star_system, name).cloned();
    let planet = planet.ok_or_else(|| unknown(&state.switches, "planet", name))?;
    let is_json = call
        .asked
        .header("content-type")
        .is_some_and(|kind| kind.split(';').next().unwrap_or_default().trim().eq_ignore_ascii_case("application/json"));
    if !is_json {
        return Err((400, "The request body must be application/json".to_owned()));
    }
    let order = Order::read(call.body, &planet, &state.switches)?;
    let now = call.asked.now;
    for backup in &mut state.backups {
        backup.settle(now, call.instant);
    }
    let busy = state.backups.iter().any(|backup| is_of(backup, place, Some(name)) && backup.is_active());
    if busy && !state.switches.parallel_backups {
        return Err((409, format!("A backup of the planet {name} is already in progress")));
    }
    let index = state.start(&planet, order, now);
    let backup = &state.backups[index];
    if state.switches.create_body {
        return Ok(document(state.switches.create_status, &backup.show(&state.switches, now)));
    }
    let location = format!("{}/backups/{}", call.asked.path().split("/planets/").next().unwrap_or_default(), backup.id);
    Ok(Answer::empty(state.switches.create_status).with("location", location))
}

/// Row 4.
fn of_planet(state: &mut State, call: &Call<'_>, place: &Place, name: &str) -> Result<Answer, Refused> {
    admit(state, call, place, Need::Read)?;
    if state.planet(&place.tenant, &place.star_system, name).is_none() {
        return Err(unknown(&state.switches, "planet", name));
    }
    Ok(listed(state, call, place, Some(name)))
}

/// Row 5.
fn of_star_system(state: &mut State, call: &Call<'_>, place: &Place) -> Result<Answer, Refused> {
    admit(state, call, place, Need::Read)?;
    Ok(listed(state, call, place, None))
}

/// Newest first.
fn listed(state: &mut State, call: &Call<'_>, place: &Place, planet: Option<&str>) -> Answer {
    let now = call.asked.now;
    let mut found: Vec<&mut Backup> = state.backups.iter_mut().filter(|backup| is_of(backup, place, planet)).collect();
    found.sort_by_key(|backup| std::cmp::Reverse((backup.started, backup.id)));
    let switches = &state.switches;
    let shown = found.into_iter().map(|backup| {
        backup.look(now, call.instant);
        backup.show(switches, now)
    });
    list(shown.collect(), switches)
}

fn is_of(backup: &Backup, place: &Place, planet: Option<&str>) -> bool {
    backup.tenant == place.tenant
        && backup.star_system == place.star_system
        && planet.is_none_or(|planet| backup.planet == planet)
}

fn find(state: &State, place: &Place, id: &str) -> Result<usize, Refused> {
    let is_it = |backup: &Backup| is_of(backup, place, None) && backup.id.to_string() == id;
    state.backups.iter().position(is_it).ok_or_else(|| unknown(&state.switches, "backup", id))
}

/// Rows 2 and 3.
fn show(state: &mut State, call: &Call<'_>, place: &Place, id: &str) -> Result<Answer, Refused> {
    admit(state, call, place, Need::Read)?;
    let index = find(state, place, id)?;
    let now = call.asked.now;
    state.backups[index].look(now, call.instant);
    Ok(document(200, &state.backups[index].show(&state.switches, now)))
}

/// Row 6.
fn delete(state: &mut State, call: &Call<'_>, place: &Place, id: &str) -> Result<Answer, Refused> {
    admit(state, call, place, Need::Write)?;
    let index = find(state, place, id)?;
    let now = call.asked.now;
    state.backups[index].settle(now, call.instant);
    if state.backups[index].is_active() && !state.switches.delete_running {
        return Err((409, format!("The backup {id} is in progress")));
    }
    if state.switches.delete_ms == 0 {
        state.backups.remove(index);
        return Ok(Answer::empty(200));
    }
    let until = now.saturating_add_unsigned(state.switches.delete_ms);
    state.backups[index].delete(until);
    Ok(Answer::empty(202))
}
