//! Which endpoint a path means (spec 3). Pure.

use super::config::Spelling;
use crate::http::decode;

/// An endpoint with the names of its path.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Endpoint {
    Health,
    Token,
    /// Rows 1 and 4: the backups of a planet.
    PlanetBackups {
        place: Place,
        planet: String,
    },
    /// Row 5: the backups of a star system.
    StarSystemBackups {
        place: Place,
    },
    /// Rows 2, 3 and 6: one backup.
    Backup {
        place: Place,
        id: String,
    },
}

/// A star system.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Place {
    pub(super) tenant: String,
    pub(super) star_system: String,
}

/// Finds the endpoint; `None` for a path that leads nowhere.
pub(super) fn route(path: &str, list: Spelling) -> Option<Endpoint> {
    let segments: Vec<String> = path.strip_prefix('/')?.split('/').map(decode).collect();
    let segments: Vec<&str> = segments.iter().map(String::as_str).collect();
    match segments[..] {
        ["management", "health"] => return Some(Endpoint::Health),
        ["oauth2", id, "v1", "token"] if !id.is_empty() => return Some(Endpoint::Token),
        _ => {}
    }
    let ["api", "v1", "tenants", tenant, "starsystems", star_system, ref rest @ ..] = segments[..] else {
        return None;
    };
    if segments.iter().any(|segment| segment.is_empty()) {
        return None;
    }
    let place = Place { tenant: tenant.to_owned(), star_system: star_system.to_owned() };
    match *rest {
        ["planets", planet, "backups"] => Some(Endpoint::PlanetBackups { place, planet: planet.to_owned() }),
        ["backup"] if list != Spelling::Backups => Some(Endpoint::StarSystemBackups { place }),
        ["backups"] if list != Spelling::Backup => Some(Endpoint::StarSystemBackups { place }),
        ["backups", id] => Some(Endpoint::Backup { place, id: id.to_owned() }),
        _ => None,
    }
}

impl Endpoint {
    /// The methods the endpoint takes.
    pub(super) fn methods(&self) -> &'static [&'static str] {
        match self {
            Self::Health | Self::StarSystemBackups { .. } => &["GET"],
            Self::Token => &["POST"],
            Self::PlanetBackups { .. } => &["GET", "POST"],
            Self::Backup { .. } => &["GET", "DELETE"],
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_lead_to_endpoints() {
        const P: &str = "/api/v1/tenants/a/starsystems/s";
        let place = || Place { tenant: "a".to_owned(), star_system: "s".to_owned() };
        let list = || Some(Endpoint::StarSystemBackups { place: place() });
        let planet = |name: &str| Some(Endpoint::PlanetBackups { place: place(), planet: name.to_owned() });
        let table = [
            ("/planets/p/backups", Spelling::Both, planet("p")),
            ("/planets/p%2F1/backups", Spelling::Both, planet("p/1")),
            ("/backups/362", Spelling::Both, Some(Endpoint::Backup { place: place(), id: "362".to_owned() })),
            ("/backup", Spelling::Both, list()),
            ("/backups", Spelling::Both, list()),
            ("/backup", Spelling::Backup, list()),
            ("/backups", Spelling::Backup, None),
            ("/backup", Spelling::Backups, None),
            ("/backups", Spelling::Backups, list()),
            ("/planets/p/backup", Spelling::Both, None),
            ("/planets//backups", Spelling::Both, None),
            ("/backups/", Spelling::Both, None),
        ];
        for (below, spelling, expected) in table {
            assert_eq!(route(&format!("{P}{below}"), spelling), expected, "{below} {spelling:?}");
        }
        assert_eq!(route("/management/health", Spelling::Both), Some(Endpoint::Health));
        assert_eq!(route("/oauth2/aus1/v1/token", Spelling::Both), Some(Endpoint::Token));
        assert_eq!(route("/oauth2//v1/token", Spelling::Both), None);
    }
}
