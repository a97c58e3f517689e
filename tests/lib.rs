//! The tests are in `it/`. This file compiles the programs of the README.

#[cfg(doctest)]
#[doc = include_str!("../README.md")]
mod readme {}
