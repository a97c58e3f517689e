//! `d360 gateway`: an old program works on unchanged, and nothing is lost or sent twice.
mod calls;
mod hostile;
mod power;
mod programs;
mod rig;
mod translation;
