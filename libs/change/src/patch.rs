//! Unified diffs in git's dialect: printing a change, reading one that somebody wrote.

mod input;
mod parse;
mod place;
mod quote;
mod render;
mod section;

pub use input::parse_input;
pub use parse::parse_patch;
pub use render::render_patch;
