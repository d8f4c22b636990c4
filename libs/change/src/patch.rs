//! Unified diffs in git's dialect: printing a change, reading one that somebody wrote.

mod quote;
mod render;

pub use render::render_patch;
