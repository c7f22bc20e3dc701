//! Which endpoint a path means (spec 2.0). Pure.

use crate::http::decode;

/// An endpoint with the ids of its path.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Endpoint {
    PackageLocation,
    Deployments,
    Deployment(String),
    Complete(String),
    Reset(String),
    StorageContainers(String),
    SasLink { environment: String, container: String },
    Exports { environment: String, database: String },
    Export { environment: String, database: String, id: String },
    EdgeLogs,
}

/// What a path leads to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Route {
    /// A project and an endpoint of it.
    To { project: String, endpoint: Endpoint },
    /// Nothing.
    Nowhere,
}

/// Finds the endpoint below any base path: everything in front of `/projects/` is the base.
pub(crate) fn route(path: &str) -> Route {
    let Some((_, below)) = path.split_once("/projects/") else {
        return Route::Nowhere;
    };
    let segments: Vec<String> = below.split('/').map(decode).collect();
    let Some((project, rest)) = segments.split_first() else {
        return Route::Nowhere;
    };
    match endpoint(rest) {
        Some(endpoint) => Route::To { project: project.clone(), endpoint },
        None => Route::Nowhere,
    }
}

fn endpoint(segments: &[String]) -> Option<Endpoint> {
    let words: Vec<String> = segments.iter().map(|segment| segment.to_lowercase()).collect();
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    let given = |index: usize| segments[index].clone();
    Some(match words[..] {
        ["packages", "location"] => Endpoint::PackageLocation,
        ["edgelogs", "location"] => Endpoint::EdgeLogs,
        ["deployments"] => Endpoint::Deployments,
        ["deployments", id] if !id.is_empty() => Endpoint::Deployment(given(1)),
        ["deployments", _, "complete"] => Endpoint::Complete(given(1)),
        ["deployments", _, "reset"] => Endpoint::Reset(given(1)),
        ["environments", _, "storagecontainers"] => Endpoint::StorageContainers(given(1)),
        ["environments", _, "storagecontainers", _, "saslink"] => {
            Endpoint::SasLink { environment: given(1), container: given(3) }
        }
        ["environments", _, "databases", _, "exports"] => {
            Endpoint::Exports { environment: given(1), database: given(3) }
        }
        ["environments", _, "databases", _, "exports", id] if !id.is_empty() => {
            Endpoint::Export { environment: given(1), database: given(3), id: given(5) }
        }
        _ => return None,
    })
}

impl Endpoint {
    /// The methods the endpoint takes.
    pub(crate) fn takes(&self, method: &str) -> bool {
        match self {
            Self::PackageLocation
            | Self::Deployment(_)
            | Self::StorageContainers(_)
            | Self::Export { .. }
            | Self::EdgeLogs => method == "GET",
            Self::Deployments => matches!(method, "GET" | "POST"),
            Self::Complete(_) | Self::Reset(_) | Self::SasLink { .. } | Self::Exports { .. } => method == "POST",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn endpoints_are_found_below_any_base() {
        let to = |endpoint| Route::To { project: "p".to_owned(), endpoint };
        let table = [
            ("/api/v1.0/projects/p/packages/location", to(Endpoint::PackageLocation)),
            ("/projects/p/deployments", to(Endpoint::Deployments)),
            ("/any/base/projects/p/Deployments/d", to(Endpoint::Deployment("d".into()))),
            ("/projects/p/deployments/d/complete", to(Endpoint::Complete("d".into()))),
            ("/projects/p/deployments/d/reset", to(Endpoint::Reset("d".into()))),
            ("/projects/p/environments/H%C3%A4lso/storagecontainers", to(Endpoint::StorageContainers("Hälso".into()))),
            (
                "/projects/p/environments/e/storagecontainers/c/saslink",
                to(Endpoint::SasLink { environment: "e".into(), container: "c".into() }),
            ),
            (
                "/projects/p/environments/e/databases/d/exports",
                to(Endpoint::Exports { environment: "e".into(), database: "d".into() }),
            ),
            ("/projects/p/edgelogs/location", to(Endpoint::EdgeLogs)),
            ("/api/v1.0/projects", Route::Nowhere),
            ("/projects/p/packages", Route::Nowhere),
            ("/projects/p/database-exports", Route::Nowhere),
            ("/projects/p/deployments/", Route::Nowhere),
            ("/", Route::Nowhere),
        ];
        for (path, expected) in table {
            assert_eq!(route(path), expected, "{path}");
        }
    }
}
