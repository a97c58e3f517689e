//! Everything through public doors: the same scripts through mocks, reqwest and ureq; real sockets; the sandbox.
mod authority;
mod blocking;
mod contract;
mod errors;
mod faults;
mod hostile;
mod logs;
mod messages;
mod options;
mod pacing;
mod retries;
mod rig;
mod sandbox;
mod secrets;
mod server;
mod systems;
mod tls;
