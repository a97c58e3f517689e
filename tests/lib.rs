//! The tests are in `it/`; here the programs of the README are compiled.

#[cfg(doctest)]
#[doc = include_str!("../README.md")]
mod readme {}
