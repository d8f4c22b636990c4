//! Reads messages on stdin and sends each back on stdout, by way of the Rust types. The round-trip tests of the
//! TypeScript side talk to it; `ts/testing/echo.ts` is its twin.
//!
//! A request is three parts (what to do, message name, content), an answer is two (`ok` or `error`, content); a part is
//! its length, four bytes little-endian, and its bytes.

use std::io::{self, BufReader, BufWriter, Read, Write};

#[path = "../tests/messages/mod.rs"]
mod messages;

fn main() -> io::Result<()> {
    let (mut input, mut output) = (
        BufReader::new(io::stdin().lock()),
        BufWriter::new(io::stdout().lock()),
    );
    while let Some(what) = part(&mut input)? {
        let name = part(&mut input)?.unwrap_or_default();
        let content = part(&mut input)?.unwrap_or_default();
        let (status, answer) = match answer(&what, &name, &content) {
            Ok(answer) => ("ok", answer),
            Err(error) => ("error", error.into_bytes()),
        };
        for part in [status.as_bytes(), &answer] {
            let length = u32::try_from(part.len()).map_err(io::Error::other)?;
            output.write_all(&length.to_le_bytes())?;
            output.write_all(part)?;
        }
        output.flush()?;
    }
    Ok(())
}

fn answer(what: &[u8], name: &[u8], content: &[u8]) -> Result<Vec<u8>, String> {
    let codec = messages::codec(&String::from_utf8_lossy(name))?;
    // The twin in the tests uses the rest of the table.
    let _ = (codec.same, messages::MESSAGES);
    match what {
        b"binary" => (codec.binary)(content),
        b"toJson" => (codec.to_json)(content),
        b"fromJson" => (codec.from_json)(content),
        _ => Err(format!("unknown request {}", String::from_utf8_lossy(what))),
    }
}

/// `None` at the end of the input.
fn part(input: &mut impl Read) -> io::Result<Option<Vec<u8>>> {
    let mut length = [0; 4];
    match input.read_exact(&mut length) {
        Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => return Ok(None),
        other => other?,
    }
    let mut content = vec![0; u32::from_le_bytes(length) as usize];
    input.read_exact(&mut content)?;
    Ok(Some(content))
}
