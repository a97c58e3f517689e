//! `d360 gateway`: an old program works unchanged, and nothing is lost or sent twice.
mod aside;
mod calls;
mod configuration;
#[cfg(target_os = "linux")]
mod disk;
mod fences;
mod hostile;
#[cfg(unix)]
mod packaging;
mod power;
mod programs;
#[cfg(unix)]
mod recorder;
mod rig;
mod scripted;
mod state;
mod translation;
