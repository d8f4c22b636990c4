//! What a source file says, without judging it: imports, exports, classes and their dependencies, syntax errors.
//!
//! oxc goes in, facts come out; this is the only crate that names the parser. Facts are plain values that can be kept by
//! content digest.

mod analyze;
mod collect;
mod facts;
mod language;
mod nesting;
mod position;

pub use analyze::{facts, facts_of_bytes};
pub use facts::{
    Class, Dependency, DependencyKind, Export, Facts, Import, ImportKind, ImportedName, SyntaxError, Unknown,
};
pub use language::is_source;
pub use nesting::pool;
pub use position::{Lines, Place, code_frame};
