//! Faults: rules that make a request go wrong on purpose, below the client's retry so that retries are exercised.
//!
//! A rule is a condition, an effect and a limit. This module holds the active rules and chooses those a request
//! meets; [`crate::http`] carries the effects out.

mod condition;
mod rule;

use std::sync::Mutex;

pub use condition::Condition;
pub(crate) use condition::Facts;
pub use rule::{Effect, Rule};

/// The active rules of one emulator, in the order they were added.
#[derive(Debug, Default)]
pub struct Faults {
    active: Mutex<Active>,
}

#[derive(Debug, Default)]
struct Active {
    rules: Vec<ActiveRule>,
    added: u64,
}

#[derive(Debug)]
struct ActiveRule {
    name: String,
    rule: Rule,
    hits: u64,
    left: Option<u64>,
}

/// A rule that a request met.
#[derive(Clone, Debug)]
pub(crate) struct Met {
    pub(crate) name: String,
    pub(crate) effect: Effect,
    pub(crate) after_received: Option<u64>,
    pub(crate) after_sent: Option<u64>,
}

impl Faults {
    /// Adds a rule and returns its name (its own, or `rule-N`).
    pub fn add(&self, rule: Rule) -> String {
        let mut active = crate::lock(&self.active);
        active.added += 1;
        let name = rule.name.clone().unwrap_or_else(|| format!("rule-{}", active.added));
        let left = rule.times;
        active.rules.push(ActiveRule { name: name.clone(), rule, hits: 0, left });
        name
    }

    /// Removes all rules.
    pub fn clear(&self) {
        crate::lock(&self.active).rules.clear();
    }

    /// Removes the rules with this name; says whether there was one.
    pub fn remove(&self, name: &str) -> bool {
        let mut active = crate::lock(&self.active);
        let before = active.rules.len();
        active.rules.retain(|rule| rule.name != name);
        active.rules.len() != before
    }

    /// The active rules with their names filled in and `times` as what is left.
    pub fn list(&self) -> Vec<Rule> {
        let active = crate::lock(&self.active);
        let shown = active.rules.iter().map(|active| Rule {
            name: Some(active.name.clone()),
            times: active.left,
            ..active.rule.clone()
        });
        shown.collect()
    }

    /// The rules this request meets; counts the hit and uses up the limits.
    pub(crate) fn meet(&self, facts: &Facts<'_>) -> Vec<Met> {
        let mut met = Vec::new();
        for active in &mut crate::lock(&self.active).rules {
            if active.left == Some(0) || !active.rule.when.fits(facts) {
                continue;
            }
            active.hits += 1;
            if !active.rule.when.counts(active.hits) {
                continue;
            }
            if let Some(left) = &mut active.left {
                *left -= 1;
            }
            met.push(Met {
                name: active.name.clone(),
                effect: active.rule.effect.clone(),
                after_received: active.rule.when.after_received,
                after_sent: active.rule.when.after_sent,
            });
        }
        met
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn facts(method: &'static str) -> Facts<'static> {
        Facts { service: "dxp", method, path: "/a/deployments", query: "x=1" }
    }

    fn effects(faults: &Faults, requests: usize) -> Vec<usize> {
        (0..requests).map(|_| faults.meet(&facts("GET")).len()).collect()
    }

    #[test]
    fn limits_and_counts_are_kept_per_rule() {
        let table: [(&str, Rule, Vec<usize>); 6] = [
            ("always", Rule::new(Effect::Reset), vec![1, 1, 1, 1]),
            ("twice", Rule::new(Effect::Reset).times(2), vec![1, 1, 0, 0]),
            ("third", Rule::new(Effect::Reset).nth(3), vec![0, 0, 1, 0]),
            ("every second", Rule::new(Effect::Reset).every(2), vec![0, 1, 0, 1]),
            ("other method", Rule::new(Effect::Reset).method("PUT"), vec![0, 0, 0, 0]),
            ("other service", Rule::new(Effect::Reset).service("redis"), vec![0, 0, 0, 0]),
        ];
        for (name, rule, expected) in table {
            let faults = Faults::default();
            faults.add(rule);
            assert_eq!(effects(&faults, 4), expected, "{name}");
        }
    }

    #[test]
    fn rules_have_names_and_can_be_removed() {
        let faults = Faults::default();
        assert_eq!(faults.add(Rule::new(Effect::Stall)), "rule-1");
        assert_eq!(faults.add(Rule::new(Effect::Stall).named("mine")), "mine");
        assert!(faults.remove("rule-1"));
        assert!(!faults.remove("rule-1"));
        assert_eq!(faults.list().len(), 1);
        faults.clear();
        assert!(faults.list().is_empty());
    }
}
