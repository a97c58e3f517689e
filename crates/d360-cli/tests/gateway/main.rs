//! `d360 gateway`: an old program works on unchanged, and nothing is lost or sent twice.
mod aside;
mod calls;
#[cfg(target_os = "linux")]
mod disk;
mod fences;
mod hostile;
mod power;
mod programs;
mod rig;
mod scripted;
mod state;
mod translation;
