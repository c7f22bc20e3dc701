//! Nothing but a place for `benches/engine.rs`: `cargo bench --package epicloud-micro`.
