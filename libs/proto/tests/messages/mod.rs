//! Every message of `proto/krepis/v1` by its name, for programs that know it at run time only.

use krepis_proto::v1;
use prost::Message;

/// What can be done with a message whose type is known by name.
pub struct Codec {
    /// As in the descriptor, without the package.
    pub name: &'static str,
    /// Binary form to message to binary form.
    pub binary: fn(&[u8]) -> Result<Vec<u8>, String>,
    /// Binary form to proto3 JSON.
    pub to_json: fn(&[u8]) -> Result<Vec<u8>, String>,
    /// proto3 JSON to binary form.
    pub from_json: fn(&[u8]) -> Result<Vec<u8>, String>,
    /// Whether two binary forms are the same message.
    pub same: fn(&[u8], &[u8]) -> Result<bool, String>,
}

fn say(error: impl std::fmt::Display) -> String {
    error.to_string()
}

macro_rules! messages {
    ($($name:ident)*) => {
        /// All messages; a test compares them with the descriptors.
        pub const MESSAGES: &[Codec] = &[$(Codec {
            name: stringify!($name),
            binary: |bytes| v1::$name::decode(bytes).map(|message| message.encode_to_vec()).map_err(say),
            to_json: |bytes| serde_json::to_vec(&v1::$name::decode(bytes).map_err(say)?).map_err(say),
            from_json: |json| serde_json::from_slice::<v1::$name>(json).map(|message| message.encode_to_vec()).map_err(say),
            same: |one, other| Ok(v1::$name::decode(one).map_err(say)? == v1::$name::decode(other).map_err(say)?),
        }),*];
    };
}

messages! {
    ChangeSet FileChange Edit Read
    ClassSite
    Operation FileRecord FileStateRecord EditRecord Owner Horizon
    Barrier Running Install DirectoryRecord UncoveredRecord
    Problem Place
    MasterFrame RunnerFrame RunnerReady CommandStarted StartCommands Command OverlayFile CommandResult Query QueryAnswer Log
    HttpRequest HttpResponse HttpHeader FileAnswer FolderEntry
    PluginManifest PluginCommand Capabilities
}

/// Finds a message by name.
pub fn codec(name: &str) -> Result<&'static Codec, String> {
    MESSAGES
        .iter()
        .find(|codec| codec.name == name)
        .ok_or_else(|| format!("no message {name}: add it to tests/messages/mod.rs"))
}
