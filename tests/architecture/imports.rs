//! Which modules a source uses: by `use`, with its trees, and by paths in the code, through `crate`, `self` and `super`.

use std::collections::BTreeSet;

/// The path of a module from the crate's root, which is the empty one.
pub(crate) type Module = Vec<String>;

/// The module that a file holds. `None` for a file that is a crate of its own.
pub(crate) fn module_of(path: &str) -> Option<Module> {
    let path = path.strip_suffix(".rs")?;
    if path.starts_with("bin/") {
        return None;
    }
    let path = path.strip_suffix("/mod").unwrap_or(path);
    Some(if path == "lib" { Module::new() } else { path.split('/').map(str::to_owned).collect() })
}

/// The modules that the names in a file use. `all` are those that there are.
pub(crate) fn used(module: &Module, names: &str, all: &BTreeSet<Module>) -> BTreeSet<Module> {
    let tokens = tokens(names);
    let mut used = BTreeSet::new();
    // The inline modules around, each with the depth at which it ends.
    let (mut inline, mut depth) = (Vec::<(String, usize)>::new(), 0_usize);
    let mut at = 0;
    while at < tokens.len() {
        let here = || module.iter().cloned().chain(inline.iter().map(|(name, _)| name.clone())).collect::<Module>();
        match tokens[at] {
            "mod" if tokens.get(at + 2) == Some(&"{") => {
                inline.push((tokens[at + 1].to_owned(), depth));
                at += 2;
            }
            "{" => {
                depth += 1;
                at += 1;
            }
            "}" => {
                depth = depth.saturating_sub(1);
                inline.pop_if(|(_, begun)| *begun == depth);
                at += 1;
            }
            // Not the `use<…>` of a type.
            "use" if tokens.get(at + 1) != Some(&"<") => {
                let (mut paths, mut end) = (Vec::new(), at + 1);
                tree(&tokens, &mut end, &[], &mut paths);
                used.extend(paths.iter().filter_map(|path| resolve(&here(), path, all)));
                at = end;
            }
            word if is_name(word) && tokens.get(at + 1) == Some(&"::") => {
                let mut path = vec![word.to_owned()];
                let is_whole = at == 0 || tokens[at - 1] != "::";
                at += 1;
                while tokens.get(at) == Some(&"::") && tokens.get(at + 1).is_some_and(|next| is_name(next)) {
                    path.push(tokens[at + 1].to_owned());
                    at += 2;
                }
                used.extend(resolve(&here(), &path, all).filter(|_| is_whole));
            }
            _ => at += 1,
        }
    }
    used.remove(module);
    used
}

/// The paths of a tree of imports, from the token at a place on, which moves behind it.
fn tree(tokens: &[&str], at: &mut usize, prefix: &[String], paths: &mut Vec<Vec<String>>) {
    let mut path = prefix.to_vec();
    loop {
        match tokens.get(*at).copied() {
            Some("::") => *at += 1,
            Some("{") => {
                *at += 1;
                while !matches!(tokens.get(*at), None | Some(&"}")) {
                    tree(tokens, at, &path, paths);
                    if tokens.get(*at) == Some(&",") {
                        *at += 1;
                    }
                }
                *at += 1;
                return;
            }
            Some("as") => *at += 2,
            Some("*") => *at += 1,
            // At the end of a path it is the module itself.
            Some("self") if !path.is_empty() => *at += 1,
            Some(word) if is_name(word) => {
                path.push(word.to_owned());
                *at += 1;
            }
            _ => {
                paths.push(path);
                return;
            }
        }
    }
}

/// The module that a path leads into, as seen from a module.
fn resolve(from: &Module, path: &[String], all: &BTreeSet<Module>) -> Option<Module> {
    let mut whole = match path.first()?.as_str() {
        "crate" => Module::new(),
        "self" | "super" => from.clone(),
        // A module below this one; else a crate, or what an import has named.
        child => {
            let mut below = from.clone();
            below.push(child.to_owned());
            if !all.contains(&below) {
                return None;
            }
            from.clone()
        }
    };
    for part in path {
        match part.as_str() {
            "crate" | "self" => {}
            "super" => drop(whole.pop()),
            part => whole.push(part.to_owned()),
        }
    }
    (0..=whole.len()).rev().map(|length| whole[..length].to_vec()).find(|module| all.contains(module))
}

fn is_name(token: &str) -> bool {
    token.starts_with(|letter: char| letter.is_alphabetic() || letter == '_')
}

/// Names, `::`, and single signs.
fn tokens(names: &str) -> Vec<&str> {
    let (mut tokens, mut rest) = (Vec::new(), names.trim_start());
    while let Some(first) = rest.chars().next() {
        let length = if rest.starts_with("::") {
            2
        } else if first.is_alphanumeric() || first == '_' {
            rest.find(|letter: char| !letter.is_alphanumeric() && letter != '_').unwrap_or(rest.len())
        } else {
            first.len_utf8()
        };
        tokens.push(&rest[..length]);
        rest = rest[length..].trim_start();
    }
    tokens
}

#[test]
fn every_way_to_name_a_module_is_seen() {
    let module = |path: &str| path.split("::").filter(|part| !part.is_empty()).map(str::to_owned).collect::<Module>();
    let all: BTreeSet<Module> =
        ["", "a", "a::b", "a::b::c", "a::b::d", "a::e", "f", "f::g"].into_iter().map(module).collect();
    for (names, expected) in [
        ("use crate::f::g::Thing;", &["f::g"][..]),
        ("use super::d::{X, Y};", &["a::b::d"]),
        ("use super::super::e::Z;", &["a::e"]),
        ("pub(crate) use crate::{a::{e, b::d::{self, W as V}}, f::{g::*, h}};", &["a::e", "a::b::d", "f::g", "f"]),
        ("use std::fmt; use tokio::{sync::Mutex, time}; use ::f::g;", &[]),
        ("use super::*;", &["a::b"]),
        ("use crate::f;", &["f"]),
        ("fn x() { crate::f::g::call::<T>(super::d::ONE) }", &["f::g", "a::b::d"]),
        ("fn x(y: &crate::f::g::Type<'_>) -> impl Z + use<T> { Some(y) }", &["f::g"]),
        (
            "mod inner { use super::super::d::X; fn y() { super::super::super::e::z() } } use super::d::Y;",
            &["a::b::d", "a::e"],
        ),
        ("mod inner { use super::Own; }", &[]),
        ("macro_rules! m { () => { $crate::f::g::X } }", &["f::g"]),
        ("let other::b::c::d = crate_name::f::g; xcrate::f::g::h();", &[]),
        ("use self::Kind::{One, Two};", &[]),
    ] {
        let found = used(&module("a::b::c"), names, &all);
        assert_eq!(found, expected.iter().map(|path| module(path)).collect(), "{names}");
    }
    let found = used(&module("a"), "pub use b::c::Thing; fn x() { e::y() }", &all);
    assert_eq!(found, [module("a::b::c"), module("a::e")].into(), "modules below need no word in front");
    assert_eq!(module_of("a/b/mod.rs"), Some(module("a::b")));
    assert_eq!(
        (module_of("f.rs"), module_of("lib.rs"), module_of("bin/epi.rs")),
        (Some(module("f")), Some(module("")), None)
    );
}
