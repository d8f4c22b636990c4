//! The values.

use serde::{Deserialize, Serialize};

use crate::Place;

/// What one file says.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Facts {
    /// Set if the file, or a part of it, could not be understood; what stands in the other fields is then incomplete.
    pub unknown: Option<Unknown>,
    /// Every place that names another module by a literal, in source order.
    pub imports: Vec<Import>,
    /// `import(…)` and `require(…)` whose argument is not a literal: nobody can say what they load.
    pub opaque_imports: Vec<Place>,
    /// What the module exports, in source order.
    pub exports: Vec<Export>,
    /// Every class, in source order, nested ones included.
    pub classes: Vec<Class>,
    /// Syntax errors, in source order.
    pub errors: Vec<SyntaxError>,
}

/// Why a file says nothing, or not all it could.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Unknown {
    /// No language this crate reads.
    Language,
    /// Not UTF-8.
    NotText,
    /// Larger than 4 MiB.
    TooLarge,
    /// Nested deeper than the parser can be trusted with.
    TooDeep,
    /// A syntax error made the parser stop.
    Syntax,
    /// The parser itself failed.
    Parser,
}

impl Unknown {
    /// In words, as the end of "the file cannot be analysed: …".
    pub const fn reason(self) -> &'static str {
        match self {
            Self::Language => "it is not JavaScript or TypeScript",
            Self::NotText => "it is not UTF-8",
            Self::TooLarge => "it is larger than 4 MiB",
            Self::TooDeep => "it is nested too deeply",
            Self::Syntax => "it has a syntax error",
            Self::Parser => "the parser failed on it",
        }
    }
}

/// One place that names another module.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Import {
    /// By which form.
    pub kind: ImportKind,
    /// The module's name as written, without quotes.
    pub specifier: String,
    /// True if nothing of it is left at run time (`import type`, `import('x').T`, only `type` names).
    pub type_only: bool,
    /// The names it brings in; empty for a side effect, `export *`, `require` and dynamic forms.
    pub names: Vec<ImportedName>,
    /// Where the specifier's literal stands, quotes included.
    pub at: Place,
    /// First byte of the whole statement or expression.
    pub start: u32,
    /// Byte after the whole statement or expression.
    pub end: u32,
}

/// The form of an import.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum ImportKind {
    /// `import … from 'x'`, `import 'x'`
    Static,
    /// `export … from 'x'`
    ReExport,
    /// `import('x')`
    Dynamic,
    /// `require('x')`, `require.resolve('x')`
    Require,
    /// `import x = require('x')`
    ImportEquals,
    /// `import('x').T` as a type
    TypeQuery,
}

/// A name that an import brings in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ImportedName {
    /// The name in the other module; `default`, or `*` for a namespace.
    pub imported: String,
    /// The name here (of a re-export: the name it goes out by).
    pub local: String,
    /// True for `type x` and in `import type`.
    pub type_only: bool,
}

/// A name that goes out.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Export {
    /// The name outside; `default`, `*` for `export *`, `=` for `export =`.
    pub name: String,
    /// The name inside, where there is one.
    pub local: Option<String>,
    /// True if it is a type only.
    pub type_only: bool,
    /// Where.
    pub at: Place,
}

/// A class.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Class {
    /// Its name; empty for an anonymous one. A class expression bound to a `const` has the name of the `const`.
    pub name: String,
    /// Where the name stands, or the class if it has none.
    pub at: Place,
    /// True if the module exports it, by whatever name.
    pub exported: bool,
    /// True for `abstract class`.
    pub is_abstract: bool,
    /// The class it extends, if written as a name (`Base`, `ns.Base`).
    pub extends: Option<String>,
    /// Names of its decorators (`Injectable` for `@Injectable()`, `nest.Module` for `@nest.Module({…})`).
    pub decorators: Vec<String>,
    /// Names of its methods, accessors included, the constructor not; overloads once.
    pub methods: Vec<String>,
    /// What it is given: constructor parameters and `inject(X)` fields.
    pub dependencies: Vec<Dependency>,
}

/// Something a class is given.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Dependency {
    /// By what way.
    pub kind: DependencyKind,
    /// Name of the parameter or field; empty if it is destructured.
    pub name: String,
    /// The type's or token's name (`OrdersService`, `ns.Orders`); `None` for a type that has no name.
    pub token: Option<String>,
    /// Where.
    pub at: Place,
}

/// How a class is given something.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum DependencyKind {
    /// A constructor parameter: its `@Inject(X)`, or else its type.
    Constructor,
    /// A field `x = inject(X)`.
    Inject,
}

/// A syntax error.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SyntaxError {
    /// What the parser says.
    pub message: String,
    /// Where.
    pub at: Place,
}
