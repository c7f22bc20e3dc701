//! The rule package names follow (spec 3.3). Pure.

/// What a package holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// Code of an application.
    Code,
    /// A database.
    Database,
}

/// What the name says the package holds; `None` when it breaks the rule.
pub(crate) fn kind(name: &str) -> Option<Kind> {
    let name = name.strip_suffix('\n').unwrap_or(name).to_lowercase();
    if name.contains('\n') {
        return None;
    }
    // The type may stand at the beginning or behind the dot that ends a prefix of at least one character.
    let starts = std::iter::once(0).chain(name.match_indices('.').filter(|(at, _)| *at > 0).map(|(at, _)| at + 1));
    starts.filter_map(|start| kind_at(&name[start..])).next()
}

fn kind_at(name: &str) -> Option<Kind> {
    let database = ["cms.sqldb.", "commerce.sqldb."].iter().find_map(|start| name.strip_prefix(start));
    if database.is_some_and(|rest| has_version(rest, ".bacpac")) {
        return Some(Kind::Database);
    }
    let code = ["cms.app.", "commerce.app.", "head.app."].iter().find_map(|start| name.strip_prefix(start));
    code.is_some_and(|rest| has_version(rest, ".nupkg") || has_version(rest, ".zip")).then_some(Kind::Code)
}

fn has_version(rest: &str, extension: &str) -> bool {
    rest.strip_suffix(extension).is_some_and(|version| !version.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_names_of_the_spec() {
        let code = [
            "cms.app.1.0.0.nupkg",
            "site.cms.app.1.0.0.nupkg",
            "site.cms.app.1.0.0.zip",
            "a.b.cms.app.1.nupkg",
            "commerce.app.20190311103000.nupkg",
            "mysite.head.app.2025.zip",
            "head.app.1.nupkg",
            "CMS.APP.1.0.NUPKG",
            "cms.app.1.nupkg.zip",
            "cms.app.-.nupkg",
            "cms.app. .nupkg",
            "cms.app...nupkg",
            "..cms.app.1.nupkg",
            "my site.cms.app.1.nupkg",
            "dir/x.cms.app.1.nupkg",
            "cms.app.1.nupkg\n",
        ];
        let database =
            ["cms.sqldb.1.bacpac", "myapp.commerce.sqldb.1.0.0.bacpac", "site.cms.app.1.0.0.nupkg.cms.sqldb.1.bacpac"];
        let invalid = [
            "mycms.app.1.0.nupkg",
            "my-cms.app.1.0.nupkg",
            "cms.app.nupkg",
            "cms.app..nupkg",
            ".cms.app.1.nupkg",
            "head.sqldb.1.bacpac",
            "x.head.sqldb.1.bacpac",
            "site.cms.app.1.0.0.bacpac",
            "cms.sqldb.1.nupkg",
            "cms.sqldb.bacpac",
            "site.1.0.0.nupkg",
            "cmsapp.1.nupkg",
            "site.cms.db.1.bacpac",
            "site.cms.app.1.0.0.7z",
            "site.cms.app.1.0.0.nupkg.bak",
            "dir/cms.app.1.nupkg",
        ];
        let table = code.map(|name| (name, Some(Kind::Code)));
        for (name, expected) in table {
            assert_eq!(kind(name), expected, "{name}");
        }
        for name in database {
            assert_eq!(kind(name), Some(Kind::Database), "{name}");
        }
        for name in invalid {
            assert_eq!(kind(name), None, "{name}");
        }
    }
}
