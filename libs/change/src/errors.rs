//! Every error code of this crate: 2xxx.

use crate::Code;

/// The input is not JSON, or not the JSON of a change set.
pub const JSON_SYNTAX: Code = Code {
    id: "KRP2001",
    exit: 2,
    title: "the input is not the JSON form of a change set",
};
/// The JSON names a field that no change set has.
pub const JSON_FIELD: Code = Code {
    id: "KRP2002",
    exit: 2,
    title: "the change set has an unknown field",
};
/// `schema` is not a version this build reads.
pub const SCHEMA: Code = Code {
    id: "KRP2003",
    exit: 2,
    title: "the change set has a schema version this build does not read",
};
/// A file entry says nothing, or more than one thing, about its path.
pub const BODY: Code = Code {
    id: "KRP2004",
    exit: 2,
    title: "a file of a change set has not exactly one of text, content, edits, delete, symlink",
};
/// `mode` is not `"644"` or `"755"`, or stands where no mode can be.
pub const MODE: Code = Code {
    id: "KRP2005",
    exit: 2,
    title: "a file mode is not 644 or 755",
};
/// Two entries name the same path.
pub const DUPLICATE: Code = Code {
    id: "KRP2006",
    exit: 2,
    title: "a change set names a path twice",
};
/// A digest is not 64 lower-case hexadecimal digits.
pub const DIGEST: Code = Code {
    id: "KRP2007",
    exit: 2,
    title: "a digest is not a lower-case sha256 in hex",
};
/// An edit is neither a span nor a find/replace.
pub const EDIT_FORM: Code = Code {
    id: "KRP2008",
    exit: 2,
    title: "an edit is neither a span nor a find/replace",
};
/// An edit's offsets lie outside the content or inside a character.
pub const EDIT_BOUNDS: Code = Code {
    id: "KRP2009",
    exit: 2,
    title: "an edit lies outside the content or inside a character",
};
/// Two edits of one file touch the same bytes.
pub const EDIT_OVERLAP: Code = Code {
    id: "KRP2010",
    exit: 2,
    title: "two edits of a file overlap",
};
/// The text of a `find` does not occur exactly once.
pub const FIND: Code = Code {
    id: "KRP2011",
    exit: 2,
    title: "the text of a find does not occur exactly once",
};
/// Edits of something that is not a UTF-8 text file.
pub const NOT_TEXT: Code = Code {
    id: "KRP2012",
    exit: 2,
    title: "edits of a file that is not UTF-8 text",
};
/// A rename that cannot be.
pub const RENAME: Code = Code {
    id: "KRP2013",
    exit: 2,
    title: "a rename is not possible",
};

/// A path leads out of the workspace.
pub const PATH_OUTSIDE: Code = Code {
    id: "KRP2101",
    exit: 2,
    title: "a path lies outside the workspace",
};
/// A path lies in `.git`, `.krepis` or `node_modules`.
pub const PATH_PROTECTED: Code = Code {
    id: "KRP2102",
    exit: 2,
    title: "a path lies in a folder no change may touch",
};
/// A path is not in the form of a workspace path.
pub const PATH_MALFORMED: Code = Code {
    id: "KRP2103",
    exit: 2,
    title: "a path is malformed",
};
/// A symbolic link would point out of the workspace.
pub const SYMLINK_TARGET: Code = Code {
    id: "KRP2104",
    exit: 2,
    title: "a symbolic link points out of the workspace",
};
/// A parent of a path is a symbolic link.
pub const SYMLINK_PARENT: Code = Code {
    id: "KRP2105",
    exit: 2,
    title: "a path goes through a symbolic link",
};
/// Two paths differ in upper and lower case only.
pub const CASE_TWIN: Code = Code {
    id: "KRP2106",
    exit: 2,
    title: "two paths differ in upper and lower case only",
};
/// One path would have to be a file and a folder.
pub const FILE_AND_FOLDER: Code = Code {
    id: "KRP2107",
    exit: 2,
    title: "a path would be a file and a folder",
};
/// A folder or a device stands where the change wants a file.
pub const NOT_A_FILE: Code = Code {
    id: "KRP2108",
    exit: 2,
    title: "a folder or a device stands at the path",
};
/// The tree could not be read.
pub const UNREADABLE: Code = Code {
    id: "KRP2109",
    exit: 1,
    title: "a path of the workspace cannot be read",
};

/// The input is not a unified diff.
pub const PATCH_SYNTAX: Code = Code {
    id: "KRP2201",
    exit: 2,
    title: "the input is not a unified diff",
};
/// A diff holds a binary file.
pub const PATCH_BINARY: Code = Code {
    id: "KRP2202",
    exit: 2,
    title: "a diff changes a binary file",
};

/// A file is not what the change was made from.
pub const STALE: Code = Code {
    id: "KRP2301",
    exit: 3,
    title: "a file is not what the change was made from",
};
/// A path exists that the change means to create.
pub const EXISTS: Code = Code {
    id: "KRP2302",
    exit: 3,
    title: "a path exists already",
};
/// A file that the change was planned from is not what it was.
pub const STALE_READ: Code = Code {
    id: "KRP2303",
    exit: 3,
    title: "a file that the change was planned from has changed",
};
/// A hunk of a diff finds no place, or several.
pub const PATCH_CONTEXT: Code = Code {
    id: "KRP2304",
    exit: 3,
    title: "a hunk of a diff does not fit the file",
};
/// Two proposals of one invocation want different things of one place.
pub const MERGE_CONFLICT: Code = Code {
    id: "KRP2401",
    exit: 3,
    title: "two changes of one invocation cannot be merged",
};

/// All of them, for the reference.
pub const CODES: &[&Code] = &[
    &JSON_SYNTAX,
    &JSON_FIELD,
    &SCHEMA,
    &BODY,
    &MODE,
    &DUPLICATE,
    &DIGEST,
    &EDIT_FORM,
    &EDIT_BOUNDS,
    &EDIT_OVERLAP,
    &FIND,
    &NOT_TEXT,
    &RENAME,
    &PATH_OUTSIDE,
    &PATH_PROTECTED,
    &PATH_MALFORMED,
    &SYMLINK_TARGET,
    &SYMLINK_PARENT,
    &CASE_TWIN,
    &FILE_AND_FOLDER,
    &NOT_A_FILE,
    &UNREADABLE,
    &PATCH_SYNTAX,
    &PATCH_BINARY,
    &STALE,
    &EXISTS,
    &STALE_READ,
    &PATCH_CONTEXT,
    &MERGE_CONFLICT,
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_code_is_listed_once_and_lies_in_the_range_of_this_crate() {
        let source = include_str!("errors.rs");
        let declared = source.matches("\n    id: \"KRP2").count();
        assert_eq!(declared, CODES.len(), "a code is missing from CODES");
        let mut ids: Vec<_> = CODES.iter().map(|code| code.id).collect();
        ids.sort_unstable();
        ids.dedup();
        assert_eq!(ids.len(), CODES.len(), "two codes share an id");
        assert!(ids.iter().all(|id| id.len() == 7 && id.starts_with("KRP2")));
    }
}
