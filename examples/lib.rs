//! Empty: the examples are the programs next to this file.
