//! The HTTP layer below the API: listener, connections, bodies and routing.

pub(crate) mod body;
pub(crate) mod connections;
pub(crate) mod routes;
pub(crate) mod server;
pub(crate) mod spool;
