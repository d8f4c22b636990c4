//! The framing between master and runner: magic `KRPF`, length (u32, little endian, at most 64 MiB), CRC-32 (IEEE) of the
//! payload, payload.

use krepis_change::Failure;

use crate::errors;

/// The largest payload, in bytes.
pub const MAX_PAYLOAD: usize = 64 * 1024 * 1024;
const MAGIC: &[u8; 4] = b"KRPF";
const HEADER: usize = 12;

/// Puts a payload into a frame.
///
/// ```
/// use krepis_host::{FrameDecoder, encode_frame};
/// let frame = encode_frame(b"hello")?;
/// let mut decoder = FrameDecoder::default();
/// decoder.push(&frame[..7]);
/// assert_eq!(decoder.next_payload()?, None);
/// decoder.push(&frame[7..]);
/// assert_eq!(decoder.next_payload()?.as_deref(), Some(&b"hello"[..]));
/// # Ok::<(), krepis_change::Failure>(())
/// ```
pub fn encode_frame(payload: &[u8]) -> Result<Vec<u8>, Failure> {
    let length = u32::try_from(payload.len())
        .ok()
        .filter(|_| payload.len() <= MAX_PAYLOAD)
        .ok_or_else(|| {
            Failure::new(
                &errors::MESSAGE_TOO_LARGE,
                format!("a message of {} bytes does not fit into a frame", payload.len()),
            )
            .hint(format!("{MAX_PAYLOAD} bytes fit; ask for less at a time"))
        })?;
    let mut frame = Vec::with_capacity(HEADER + payload.len());
    frame.extend_from_slice(MAGIC);
    frame.extend_from_slice(&length.to_le_bytes());
    frame.extend_from_slice(&crc32fast::hash(payload).to_le_bytes());
    frame.extend_from_slice(payload);
    Ok(frame)
}

/// Takes frames out of a stream of bytes, however it is cut.
#[derive(Debug, Default)]
pub struct FrameDecoder {
    buffer: Vec<u8>,
    start: usize,
}

impl FrameDecoder {
    /// Adds bytes.
    pub fn push(&mut self, bytes: &[u8]) {
        if self.start == self.buffer.len() {
            self.buffer.clear();
            self.start = 0;
        }
        self.buffer.extend_from_slice(bytes);
    }

    /// The next whole payload, if there is one. After an error the stream cannot be read on.
    pub fn next_payload(&mut self) -> Result<Option<Vec<u8>>, Failure> {
        let rest = &self.buffer[self.start..];
        let Some((header, rest)) = rest.split_at_checked(HEADER) else {
            return Ok(None);
        };
        if &header[..4] != MAGIC {
            return Err(bad("a frame does not begin with KRPF"));
        }
        let number =
            |at: usize| u32::from_le_bytes([header[at], header[at + 1], header[at + 2], header[at + 3]]);
        let length = number(4) as usize;
        if length > MAX_PAYLOAD {
            return Err(bad(&format!("a frame claims {length} bytes")));
        }
        let Some(payload) = rest.get(..length) else {
            return Ok(None);
        };
        if crc32fast::hash(payload) != number(8) {
            return Err(bad(&format!(
                "the checksum of a frame of {length} bytes is wrong"
            )));
        }
        let payload = payload.to_vec();
        self.start += HEADER + length;
        // What was handed out is dropped once it is the larger part.
        if self.start > self.buffer.len() / 2 {
            self.buffer.drain(..self.start);
            self.start = 0;
        }
        Ok(Some(payload))
    }

    /// Whether the stream stands between two frames.
    pub fn is_empty(&self) -> bool {
        self.start == self.buffer.len()
    }
}

fn bad(message: &str) -> Failure {
    Failure::new(&errors::BAD_FRAME, message).hint(
        "run the command again; if it stays, the krepis program and its runner are of different versions",
    )
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn decode(bytes: &[u8], cuts: &[usize]) -> Result<(Vec<Vec<u8>>, bool), Failure> {
        let mut decoder = FrameDecoder::default();
        let mut found = Vec::new();
        let mut rest = bytes;
        for cut in cuts.iter().cycle() {
            if rest.is_empty() {
                break;
            }
            let (now, later) = rest.split_at((*cut).min(rest.len()));
            decoder.push(now);
            while let Some(payload) = decoder.next_payload()? {
                found.push(payload);
            }
            rest = later;
        }
        Ok((found, decoder.is_empty()))
    }

    proptest! {
        #[test]
        fn frames_come_out_as_they_went_in(
            payloads in proptest::collection::vec(proptest::collection::vec(any::<u8>(), 0..200), 0..8),
            cuts in proptest::collection::vec(1usize..60, 1..6),
        ) {
            let stream: Vec<u8> = payloads.iter().flat_map(|payload| encode_frame(payload).expect("a frame")).collect();
            prop_assert_eq!(decode(&stream, &cuts).expect("frames"), (payloads, true));
        }

        #[test]
        fn a_flipped_bit_anywhere_is_seen(payload in proptest::collection::vec(any::<u8>(), 1..100), position: usize) {
            let mut frame = encode_frame(&payload).expect("a frame");
            let bit = position % (frame.len() * 8);
            frame[bit / 8] ^= 1 << (bit % 8);
            // A length that grew makes the frame incomplete: seen when the stream ends.
            prop_assert!(decode(&frame, &[1000]).map_or(true, |(found, complete)| found.is_empty() && !complete));
        }
    }

    #[test]
    fn a_frame_that_claims_too_much_is_refused_before_its_payload() {
        let mut decoder = FrameDecoder::default();
        decoder.push(b"KRPF\xff\xff\xff\xff\0\0\0\0");
        assert_eq!(
            decoder.next_payload().expect_err("refused").code,
            &errors::BAD_FRAME
        );
    }
}
