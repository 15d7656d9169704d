//! Character encodings: which one a file has, and reading it as UTF-8.

use std::io::{self, Read};

use encoding_rs::{
    CoderResult, Decoder, DecoderResult, UTF_16BE, UTF_16LE, WINDOWS_1252, WINDOWS_1258,
};
use unicode_normalization::UnicodeNormalization;

/// Character encoding of a text file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, serde::Serialize)]
pub enum Encoding {
    /// UTF-8, with or without a byte order mark.
    #[serde(rename = "UTF-8")]
    Utf8,
    /// UTF-16, low byte first: "Unicode text" of Excel.
    #[serde(rename = "UTF-16LE")]
    Utf16Le,
    /// UTF-16, high byte first.
    #[serde(rename = "UTF-16BE")]
    Utf16Be,
    /// The code page of Vietnamese Windows: letters with combining tone marks, composed on reading.
    #[serde(rename = "Windows-1258")]
    Windows1258,
    /// The western code page. Texts in TCVN3 or VNI fonts arrive as this: the letters look wrong until rule NM-05 decodes them.
    #[serde(rename = "Windows-1252")]
    Windows1252,
}

impl Encoding {
    /// Its usual name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Utf8 => "UTF-8",
            Self::Utf16Le => "UTF-16LE",
            Self::Utf16Be => "UTF-16BE",
            Self::Windows1258 => "Windows-1258",
            Self::Windows1252 => "Windows-1252",
        }
    }

    /// Reads a name as people write it ("utf8", "UTF-16", "cp1258").
    pub fn parse(name: &str) -> Option<Self> {
        let key: String = name
            .chars()
            .filter(char::is_ascii_alphanumeric)
            .map(|c| c.to_ascii_lowercase())
            .collect();
        Some(match key.as_str() {
            "utf8" | "utf8bom" | "utf8sig" | "unicodeutf8" => Self::Utf8,
            "utf16" | "utf16le" | "unicode" => Self::Utf16Le,
            "utf16be" => Self::Utf16Be,
            "windows1258" | "cp1258" | "win1258" | "1258" => Self::Windows1258,
            "windows1252" | "cp1252" | "win1252" | "1252" | "latin1" | "iso88591" => {
                Self::Windows1252
            }
            _ => return None,
        })
    }

    /// A decoder, or `None` for UTF-8, which is read as it is.
    pub(crate) fn decoder(self) -> Option<Decoder> {
        Some(match self {
            Self::Utf8 => return None,
            Self::Utf16Le => UTF_16LE.new_decoder_without_bom_handling(),
            Self::Utf16Be => UTF_16BE.new_decoder_without_bom_handling(),
            Self::Windows1258 => WINDOWS_1258.new_decoder_without_bom_handling(),
            Self::Windows1252 => WINDOWS_1252.new_decoder_without_bom_handling(),
        })
    }
}

/// What the first bytes say: the encoding and how many bytes of byte order mark to skip. `None`: no text (UTF-32).
pub(crate) fn detect(sample: &[u8]) -> Option<(Encoding, usize)> {
    match sample {
        [0xEF, 0xBB, 0xBF, ..] => Some((Encoding::Utf8, 3)),
        [0xFF, 0xFE, 0, 0, ..] | [0, 0, 0xFE, 0xFF, ..] => None,
        [0xFF, 0xFE, ..] => Some((Encoding::Utf16Le, 2)),
        [0xFE, 0xFF, ..] => Some((Encoding::Utf16Be, 2)),
        _ => Some((
            utf16_by_zeros(sample).unwrap_or_else(|| eight_bit(sample)),
            0,
        )),
    }
}

/// UTF-16 without a mark: digits, delimiters and most letters have a zero byte on one side, and hardly any character has it on the other.
/// A quarter of all pairs is far more than stray NULs make, and far less than a Vietnamese text has.
fn utf16_by_zeros(sample: &[u8]) -> Option<Encoding> {
    let zeros = |offset: usize| {
        sample
            .iter()
            .skip(offset)
            .step_by(2)
            .filter(|b| **b == 0)
            .count()
    };
    let (pairs, even, odd) = (sample.len() / 2, zeros(0), zeros(1));
    if pairs < 4 {
        None
    } else if odd * 4 > pairs && even * 20 < odd {
        Some(Encoding::Utf16Le)
    } else if even * 4 > pairs && odd * 20 < even {
        Some(Encoding::Utf16Be)
    } else {
        None
    }
}

/// UTF-8 when more characters are right in it than bytes are wrong (a few damaged rows don't change the encoding of a file); else the
/// Vietnamese code page when its letters are Vietnamese ones, else the western one.
fn eight_bit(sample: &[u8]) -> Encoding {
    let (mut right, mut wrong) = (0_usize, 0_usize);
    for chunk in sample.utf8_chunks() {
        right += chunk.valid().chars().filter(|c| !c.is_ascii()).count();
        wrong += chunk.invalid().len();
    }
    // The sample may end inside a character.
    if wrong <= 3 && std::str::from_utf8(sample).is_err_and(|e| e.error_len().is_none())
        || right >= wrong
    {
        return Encoding::Utf8;
    }
    if looks_vietnamese(&WINDOWS_1258.decode_without_bom_handling(sample).0) {
        Encoding::Windows1258
    } else {
        Encoding::Windows1252
    }
}

/// Nine in ten characters beyond ASCII are letters of Vietnamese, once marks are composed.
fn looks_vietnamese(text: &str) -> bool {
    let (mut all, mut ours) = (0_usize, 0_usize);
    for c in text.nfc().filter(|c| !c.is_ascii()) {
        all += 1;
        ours += usize::from(is_vietnamese(c));
    }
    ours * 10 >= all * 9
}

/// A letter that Vietnamese writes and ASCII does not have.
fn is_vietnamese(c: char) -> bool {
    matches!(c, '\u{1EA0}'..='\u{1EF9}')
        || "ÀÁÂÃÈÉÊÌÍÒÓÔÕÙÚÝàáâãèéêìíòóôõùúýĂăĐđĨĩŨũƠơƯư".contains(c)
}

/// Stands in for a unit that does not decode: no UTF-8 text has this byte, so the row around it is found undecodable like any other.
const UNDECODABLE: u8 = 0xFF;
const CHUNK: usize = 64 * 1024;

/// Reads an encoding as UTF-8.
pub(crate) struct Transcoder<R> {
    source: R,
    decoder: Decoder,
    input: Vec<u8>,
    /// Unread part of `input`.
    pending: std::ops::Range<usize>,
    source_ended: bool,
    finished: bool,
}

impl<R: Read> Transcoder<R> {
    pub(crate) fn new(source: R, decoder: Decoder) -> Self {
        Self {
            source,
            decoder,
            input: vec![0; CHUNK],
            pending: 0..0,
            source_ended: false,
            finished: false,
        }
    }

    pub(crate) fn source(&self) -> &R {
        &self.source
    }

    fn refill(&mut self) -> io::Result<()> {
        if self.pending.is_empty() && !self.source_ended {
            let read = self.source.read(&mut self.input)?;
            self.pending = 0..read;
            self.source_ended = read == 0;
        }
        Ok(())
    }
}

impl<R: Read> Read for Transcoder<R> {
    /// Needs room for a character (4 bytes) and the stand-in; the lines' window gives a kilobyte at least.
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let room = out.len().saturating_sub(1);
        while !self.finished {
            self.refill()?;
            let (Some(input), Some(target)) =
                (self.input.get(self.pending.clone()), out.get_mut(..room))
            else {
                break;
            };
            let (result, read, mut written) =
                self.decoder
                    .decode_to_utf8_without_replacement(input, target, self.source_ended);
            self.pending.start += read;
            match result {
                DecoderResult::InputEmpty => self.finished = self.source_ended,
                DecoderResult::OutputFull => {}
                DecoderResult::Malformed(..) => {
                    if let Some(byte) = out.get_mut(written) {
                        *byte = UNDECODABLE;
                        written += 1;
                    }
                }
            }
            if written > 0 {
                return Ok(written);
            }
            if matches!(result, DecoderResult::OutputFull) {
                return Err(io::Error::other("no room for a character"));
            }
        }
        Ok(0)
    }
}

/// Decodes a sample in one go.
pub(crate) fn decode_sample(sample: &[u8], encoding: Encoding) -> Vec<u8> {
    let Some(mut decoder) = encoding.decoder() else {
        return sample.to_vec();
    };
    let mut text = String::with_capacity(
        decoder
            .max_utf8_buffer_length(sample.len())
            .unwrap_or(sample.len() * 3),
    );
    let (result, _, _) = decoder.decode_to_string(sample, &mut text, false);
    debug_assert!(
        matches!(result, CoderResult::InputEmpty),
        "the buffer has the size that the decoder asked for"
    );
    text.into_bytes()
}
