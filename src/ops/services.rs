//! The table of services. Each has a room below, `src/NAME`, with its configuration and account, and one here,
//! `src/ops/NAME`, with its operations.
//!
//! What is to be made for every service is a macro that takes the rows; so a service is added by its rooms and one row.

/// Gives the rows to a macro: the name of the service's variants, its rooms, and its name in documents.
macro_rules! services {
    ($taker:ident) => {
        $taker! {
            /// The Optimizely DXP deployment API.
            Dxp, dxp, "dxp";
            /// The Database API of Guidewire Cloud.
            Guidewire, guidewire, "guidewire";
            /// The REST API of a Redis Enterprise Software cluster.
            RedisEnterprise, redis_enterprise, "redis-enterprise";
        }
    };
}
pub(super) use services;
