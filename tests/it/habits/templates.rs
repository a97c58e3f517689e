//! Templates as people fill them in.
