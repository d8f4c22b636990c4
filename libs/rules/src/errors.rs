//! Every error code of this crate: 3xxx.

use krepis_change::Code;

macro_rules! codes {
    ($($(#[doc = $doc:literal])+ $name:ident = $id:literal, $exit:literal, $title:literal;)+) => {
        $($(#[doc = $doc])+ pub const $name: Code = Code { id: $id, exit: $exit, title: $title };)+
        /// All of them, for the reference.
        pub const CODES: &[&Code] = &[$(&$name),+];
    };
}

codes! {
    /// krepis.json is not JSON.
    CONFIG_SYNTAX = "KRP3001", 2, "krepis.json is not JSON";
    /// krepis.json has a key that means nothing.
    CONFIG_KEY = "KRP3002", 2, "krepis.json has an unknown key";
    /// krepis.json has a value of a wrong type or form.
    CONFIG_VALUE = "KRP3003", 2, "krepis.json has a value of a wrong type or form";
    /// krepis.json lacks a key.
    CONFIG_MISSING = "KRP3004", 2, "krepis.json lacks a required key";
    /// A name or an id stands twice.
    CONFIG_DUPLICATE = "KRP3005", 2, "krepis.json says something twice";
    /// A rule names something that is not there.
    CONFIG_REFERENCE = "KRP3006", 2, "a rule of krepis.json names something that does not exist";
    /// A glob cannot be read.
    CONFIG_GLOB = "KRP3007", 2, "krepis.json has a malformed glob or path";
    /// No file belongs to an element that is not optional.
    EMPTY_ELEMENT = "KRP3008", 2, "an element of krepis.json has no files";
    /// krepis.json is for another version.
    CONFIG_SCHEMA = "KRP3009", 2, "krepis.json has a schema version this build does not read";
    /// The baseline cannot be read.
    BASELINE = "KRP3010", 2, "the baseline is malformed";
    /// A file or folder of the workspace cannot be read.
    UNREADABLE = "KRP3011", 1, "a path of the workspace cannot be read";
    /// A manifest of a project cannot be read.
    MANIFEST = "KRP3012", 2, "a manifest cannot be read, so what its project depends on is unknown";
    /// A project graph given to `krepis check --graph` cannot be read.
    GRAPH = "KRP3013", 2, "a project graph is malformed";
    /// A project graph is given and no element has projects.
    NO_PROJECTS = "KRP3014", 2, "a project graph is given and no element of krepis.json has projects";
    /// A rule denies the dependency.
    DENIED = "KRP3101", 4, "a dependency that a rule denies";
    /// A rule does not list the dependency among what it allows.
    NOT_ALLOWED = "KRP3102", 4, "a dependency that a rule does not allow";
    /// A source file belongs to no element and `unclassified` is `error`.
    UNCLASSIFIED = "KRP3103", 4, "a source file that belongs to no element";
    /// A project reaches through others what a transitive rule denies.
    REACHED = "KRP3104", 4, "a project reaches through others what a rule denies";
    /// A change would leave a file with a syntax error it did not have.
    NEW_SYNTAX_ERROR = "KRP3201", 2, "a change would bring in a syntax error";
}

#[cfg(test)]
mod tests {
    use super::CODES;

    #[test]
    fn ids_are_unique_and_in_the_range_of_this_crate() {
        let mut ids: Vec<_> = CODES.iter().map(|code| code.id).collect();
        ids.sort_unstable();
        ids.dedup();
        assert_eq!(ids.len(), CODES.len());
        assert!(ids.iter().all(|id| id.len() == 7 && id.starts_with("KRP3")));
    }
}
