//! A buf plugin that generates Rust: `krepis-protoc prost` for the messages, `krepis-protoc serde` for their JSON.
//!
//! buf starts it through cargo, so its version stands in Cargo.lock and nobody installs anything by hand.

use std::io::{self, Read, Write};
use std::process::ExitCode;

use prost::Message;
use protoc_gen_prost::GeneratorResultExt;

fn main() -> ExitCode {
    let generator = std::env::args().nth(1).unwrap_or_default();
    match generate(&generator) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("krepis-protoc: {error}");
            ExitCode::FAILURE
        }
    }
}

fn generate(generator: &str) -> io::Result<()> {
    let mut request = Vec::new();
    io::stdin().read_to_end(&mut request)?;
    let result = match generator {
        "prost" => protoc_gen_prost::execute(&request),
        "serde" => protoc_gen_prost_serde::execute(&request),
        other => {
            return Err(io::Error::other(format!(
                "unknown generator `{other}`: use `prost` or `serde`"
            )));
        }
    };
    io::stdout().write_all(&result.unwrap_codegen_response().encode_to_vec())
}
