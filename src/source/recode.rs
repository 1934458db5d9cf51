//! Text in any encoding, read as UTF-8. What the encoding does not have becomes U+FFFD, which the stages behind take
//! for a fault and never for a letter.
use encoding_rs::{CoderResult, Decoder, Encoding};
use std::io::{self, Read};

/// Reads UTF-8 from text in another encoding.
pub(super) struct Recoded<R> {
    input: R,
    decoder: Decoder,
    block: Vec<u8>,
    text: String,
    at: usize,
    ended: bool,
}

impl<R: Read> Recoded<R> {
    /// Reads the input, from which a byte-order mark was taken away, in this encoding.
    pub(super) fn new(input: R, encoding: &'static Encoding) -> Self {
        let decoder = encoding.new_decoder_without_bom_handling();
        Self { input, decoder, block: vec![0; 1 << 14], text: String::new(), at: 0, ended: false }
    }

    fn refill(&mut self) -> io::Result<()> {
        self.text.clear();
        self.at = 0;
        let n = self.input.read(&mut self.block)?;
        self.ended = n == 0;
        let mut left = &self.block[..n];
        loop {
            // Three bytes for each of the input's at most, and a few that were held back.
            self.text.reserve(left.len() * 3 + 16);
            let (result, read, _) = self.decoder.decode_to_string(left, &mut self.text, self.ended);
            left = &left[read..];
            if result == CoderResult::InputEmpty {
                return Ok(());
            }
        }
    }
}

impl<R: Read> Read for Recoded<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        while self.at == self.text.len() && !self.ended {
            self.refill()?;
        }
        let rest = &self.text.as_bytes()[self.at..];
        let n = rest.len().min(buffer.len());
        buffer[..n].copy_from_slice(&rest[..n]);
        self.at += n;
        Ok(n)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use encoding_rs::UTF_16LE;

    #[test]
    fn utf_16_that_falls_apart_between_two_reads_is_whole_again() {
        let text = "Zo\u{eb} \u{1f600} ".repeat(9_000);
        let bytes: Vec<u8> = text.encode_utf16().flat_map(u16::to_le_bytes).collect();
        let mut read = String::new();
        Recoded::new(&bytes[..], UTF_16LE).read_to_string(&mut read).unwrap();
        assert!(read == text);
        let mut cut = String::new();
        Recoded::new(&bytes[..3], UTF_16LE).read_to_string(&mut cut).unwrap();
        assert_eq!(cut, "Z\u{fffd}");
    }
}
