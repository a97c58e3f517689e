//! HTTP below the API: the listener, its connections, bodies and tables of routes.

pub(crate) mod body;
pub(crate) mod connections;
pub(crate) mod routes;
pub(crate) mod server;
pub(crate) mod spool;
