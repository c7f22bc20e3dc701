//! The rules about directions, as functions from sources to breaches.

use std::collections::{BTreeMap, BTreeSet};

use super::imports::{Module, module_of, used};
use super::source::Source;

/// A layer, what it may use of the crate, and words it must not contain. Each may use only layers that stand before it.
pub(crate) type Layers<'a> = &'a [(&'a str, &'a [&'a str], &'a [&'a str])];

/// The folder or the single file below `src/` that a source belongs to.
pub(crate) fn layer_of(path: &str) -> Option<&str> {
    let layer = path.split_once('/').map_or_else(|| path.strip_suffix(".rs").unwrap_or(path), |(layer, _)| layer);
    Some(layer).filter(|layer| !["bin", "lib"].contains(layer))
}

fn modules(sources: &[Source]) -> BTreeSet<Module> {
    sources.iter().filter_map(|source| module_of(&source.path)).collect()
}

/// The files that are compiled for tests alone.
fn test_files(sources: &[Source]) -> BTreeSet<Module> {
    let below = |source: &Source| {
        let module = module_of(&source.path)?;
        let names = source.test_modules().into_iter();
        Some(names.map(move |name| [module.clone(), vec![name]].concat()).collect::<Vec<_>>())
    };
    sources.iter().filter_map(below).flatten().collect()
}

/// All that a layer reaches: what it may use, and what that may use. Its tests may set up any of it.
fn reached<'a>(layers: Layers<'a>, layer: &str) -> BTreeSet<&'a str> {
    let allowed = layers.iter().find(|(name, ..)| *name == layer).map_or(&[][..], |(_, allowed, _)| allowed);
    allowed.iter().flat_map(|below| reached(layers, below).into_iter().chain([*below])).collect()
}

/// Layers that use what they may not, in their code and in their tests.
pub(crate) fn directions(sources: &[Source], layers: Layers<'_>) -> Vec<String> {
    let (all, tests) = (modules(sources), test_files(sources));
    let mut breaches = Vec::new();
    for source in sources {
        let (Some(layer), Some(module)) = (layer_of(&source.path), module_of(&source.path)) else { continue };
        let Some((_, allowed, _)) = layers.iter().find(|(name, ..)| *name == layer) else {
            breaches.push(format!("src/{layer} is in no rule"));
            continue;
        };
        let of_tests = reached(layers, layer);
        let is_test = tests.contains(&module);
        for (names, in_tests) in [(&source.names, is_test), (&source.test_names, true)] {
            for used in used(&module, names, &all).iter().filter_map(|module| module.first()) {
                let may = if in_tests { of_tests.contains(used.as_str()) } else { allowed.contains(&used.as_str()) };
                if used != layer && !may {
                    let whose = if in_tests { "tests of " } else { "" };
                    breaches.push(format!("{whose}src/{} use {used}; {layer} may use {allowed:?}", source.path));
                }
            }
        }
    }
    breaches
}

/// Layers of the table that may use one that does not stand before them, so that two could use each other.
pub(crate) fn order(layers: Layers<'_>) -> Vec<String> {
    let breaches = layers.iter().enumerate().flat_map(|(at, (layer, allowed, _))| {
        let before = move |name: &&&str| !layers[..at].iter().any(|(other, ..)| other == *name);
        allowed.iter().filter(before).map(move |name| format!("{layer} may use {name}, which does not stand before it"))
    });
    breaches.collect()
}

/// Circles of imports in a folder: between its files, and between what stands in it directly.
pub(crate) fn circles(sources: &[Source], folder: &str) -> Vec<String> {
    let (all, tests) = (modules(sources), test_files(sources));
    let root = vec![folder.to_owned()];
    let is_inside = |module: &Module| module.starts_with(&root);
    let (mut files, mut rooms) = (BTreeMap::new(), BTreeMap::<Module, BTreeSet<Module>>::new());
    for source in sources {
        let Some(module) = module_of(&source.path).filter(|module| is_inside(module) && !tests.contains(module)) else {
            continue;
        };
        let used: BTreeSet<Module> = used(&module, &source.names, &all).into_iter().filter(is_inside).collect();
        let room = |module: &Module| module[..module.len().min(2)].to_vec();
        let from = rooms.entry(room(&module)).or_default();
        from.extend(used.iter().map(room).filter(|to| *to != room(&module)));
        files.insert(module, used);
    }
    let mut found: Vec<String> = [circle(&files), circle(&rooms)].into_iter().flatten().collect();
    found.dedup();
    found.into_iter().map(|circle| format!("src/{folder} has a circle of imports: {circle}")).collect()
}

/// The shortest circle of a graph, if there is one.
fn circle(graph: &BTreeMap<Module, BTreeSet<Module>>) -> Option<String> {
    let shortest = graph.keys().filter_map(|start| way_back(graph, start)).min_by_key(Vec::len)?;
    Some(shortest.iter().map(|module| module.join("::")).collect::<Vec<_>>().join(" -> "))
}

/// The shortest way from a module back to itself.
fn way_back(graph: &BTreeMap<Module, BTreeSet<Module>>, start: &Module) -> Option<Vec<Module>> {
    let (mut ways, mut seen) = (vec![vec![start.clone()]], BTreeSet::new());
    while !ways.is_empty() {
        let mut longer = Vec::new();
        for way in ways {
            for next in way.last().and_then(|last| graph.get(last)).into_iter().flatten() {
                let way = [way.clone(), vec![next.clone()]].concat();
                if next == start {
                    return Some(way);
                }
                if seen.insert(next.clone()) {
                    longer.push(way);
                }
            }
        }
        ways = longer;
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    const LAYERS: Layers<'static> =
        &[("low", &[], &[]), ("one", &["low"], &[]), ("other", &["low"], &[]), ("high", &["one", "other"], &[])];

    fn sources(texts: &[(&str, &str)]) -> Vec<Source> {
        texts.iter().map(|(path, text)| Source::new(path, text)).collect()
    }

    /// A house in order, to which each case adds something.
    fn house(more: &[(&str, &str)]) -> Vec<Source> {
        let good = [
            ("lib.rs", "pub mod low; pub mod one; pub mod other; pub mod high; pub use high::Thing;"),
            ("low.rs", "pub struct Low;"),
            ("one/mod.rs", "mod a; mod b; pub use a::A;"),
            ("one/a.rs", "use super::b::B; use crate::low::Low; #[cfg(test)] mod tests { use super::*; }"),
            ("one/b.rs", "pub struct B;"),
            ("other/mod.rs", "use crate::low;"),
            ("high/mod.rs", "use crate::one::A; use crate::other; pub struct Thing;"),
            ("bin/program.rs", "use library::high::Thing;"),
        ];
        let kept = good.into_iter().filter(|(path, _)| more.iter().all(|(other, _)| other != path));
        sources(&kept.chain(more.iter().copied()).collect::<Vec<_>>())
    }

    #[test]
    fn a_layer_that_uses_what_it_may_not_is_found_however_it_names_it() {
        assert_eq!(directions(&house(&[]), LAYERS), [] as [String; 0]);
        for text in [
            "use crate::other::X;",
            "use super::super::other::X;",
            "use crate::{low::Low, other::{X, Y}};",
            "fn x() { crate::other::call() }",
            "#[cfg(test)] mod tests { } use crate::other::X;",
            "#[cfg(test)] use crate::low::Low; use super::super::other;",
            "use crate::low::Low as _; use crate::high::Thing;",
            "mod inner { use super::super::super::other::X; }",
        ] {
            let breaches = directions(&house(&[("one/b.rs", text)]), LAYERS);
            assert_eq!(breaches.len(), 1, "{text}: {breaches:?}");
            assert!(breaches[0].starts_with("src/one/b.rs use "), "{breaches:?}");
        }
        assert_eq!(directions(&house(&[("new/mod.rs", "")]), LAYERS), ["src/new is in no rule"]);
        assert_eq!(directions(&house(&[("low.rs", "use crate::one::A;")]), LAYERS).len(), 1, "a file is a layer, too");
    }

    #[test]
    fn tests_may_use_what_their_layer_reaches_and_no_more() {
        let test = |layer: &str, used: &str| {
            let text = format!("#[cfg(test)] mod tests {{ use crate::{used}; }}");
            directions(&house(&[(&format!("{layer}/b.rs"), &text)]), LAYERS)
        };
        assert_eq!(test("high", "low::Low"), [] as [String; 0], "below what is below");
        assert_eq!(test("one", "high::Thing").len(), 1);
        let in_a_file = [("one/b.rs", "#[cfg(test)] mod tests;"), ("one/b/tests.rs", "use crate::high::Thing;")];
        let breaches = directions(&house(&in_a_file), LAYERS);
        assert!(breaches.len() == 1 && breaches[0].starts_with("tests of src/one/b/tests.rs"), "{breaches:?}");
    }

    #[test]
    fn a_table_in_which_two_layers_could_use_each_other_is_found() {
        assert_eq!(order(LAYERS), [] as [String; 0]);
        for layers in
            [&[("a", &["b"][..], &[][..]), ("b", &["a"], &[])][..], &[("a", &["a"], &[])], &[("a", &["x"], &[])]]
        {
            assert_eq!(order(layers).len(), 1, "{layers:?}");
        }
    }

    #[test]
    fn a_circle_inside_a_folder_is_found() {
        assert_eq!(circles(&house(&[]), "one"), [] as [String; 0]);
        for (more, circle) in [
            (&[("one/b.rs", "use super::a::A;")][..], "one::a -> one::b -> one::a"),
            (&[("one/b.rs", "fn x() { super::a::y() }")], "one::a -> one::b -> one::a"),
            (&[("one/b.rs", "use crate::one::{a::A};")], "one::a -> one::b -> one::a"),
            // Through what the folder gives out under its own name.
            (&[("one/b.rs", "use super::A;")], "one -> one::a -> one::b -> one"),
            (&[("one/b.rs", "#[cfg(test)] use x::Y; use super::a::A;")], "one::a -> one::b -> one::a"),
            (
                &[
                    ("one/mod.rs", "mod x; mod y;"),
                    ("one/a.rs", ""),
                    ("one/x/mod.rs", "pub mod p; pub mod q;"),
                    ("one/x/p.rs", "use crate::one::y::r::R;"),
                    ("one/x/q.rs", ""),
                    ("one/y/mod.rs", "pub mod r; pub mod s;"),
                    ("one/y/r.rs", ""),
                    ("one/y/s.rs", "use super::super::x::q::Q;"),
                ],
                "one::x -> one::y -> one::x",
            ),
        ] {
            let found = circles(&house(more), "one");
            assert_eq!(found, [format!("src/one has a circle of imports: {circle}")], "{more:?}");
        }
        let of_tests = [("one/b.rs", "#[cfg(test)] mod tests { use super::super::a::A; }")];
        assert_eq!(circles(&house(&of_tests), "one"), [] as [String; 0], "tests may look around");
        assert_eq!(circles(&house(&[("one/b.rs", "use super::a::A;")]), "other"), [] as [String; 0]);
    }
}
