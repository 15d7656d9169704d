//! Base45 (RFC 9285): bytes in the 45 characters of a QR code's alphanumeric mode.
//!
//! The space is one of the 45, so nothing here ever trims.

/// The alphabet, in order of value (RFC 9285, table 1).
const ALPHABET: &[u8; 45] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ $%*+-./:";

/// Appends the text of the bytes.
///
/// ```
/// let mut text = String::new();
/// passport::base45::encode_into(b"Hello!!", &mut text);
/// assert_eq!(text, "%69 VD92EX0");
/// assert_eq!(passport::base45::decode(&text)?, b"Hello!!");
/// # Ok::<(), passport::base45::Base45Error>(())
/// ```
pub fn encode_into(bytes: &[u8], text: &mut String) {
    text.reserve(bytes.len().div_ceil(2) * 3);
    let digit = |n: u32| char::from(ALPHABET[(n % 45) as usize]);
    let (pairs, rest) = bytes.as_chunks::<2>();
    for &pair in pairs {
        let n = u32::from(u16::from_be_bytes(pair));
        text.extend([digit(n), digit(n / 45), digit(n / 2025)]);
    }
    if let &[byte] = rest {
        let n = u32::from(byte);
        text.extend([digit(n), digit(n / 45)]);
    }
}

/// The bytes of a text.
///
/// # Errors
/// [`Base45Error`] with the place of the first character that cannot stand where it does.
pub fn decode(text: &str) -> Result<Vec<u8>, Base45Error> {
    let mut bytes = Vec::with_capacity(text.len() / 3 * 2 + 1);
    let (triples, rest) = text.as_bytes().as_chunks::<3>();
    for (index, &[a, b, c]) in triples.iter().enumerate() {
        let [a, b, c] = [a, b, c].map(|character| VALUE[usize::from(character)]);
        let n = u32::from(a) + u32::from(b) * 45 + u32::from(c) * 2025;
        // The value of a foreign character is so large that the sum leaves the range as well.
        let Ok(pair) = u16::try_from(n) else {
            return Err(fault(text, index * 3));
        };
        if a == FOREIGN || b == FOREIGN {
            return Err(fault(text, index * 3));
        }
        bytes.extend(pair.to_be_bytes());
    }
    match *rest {
        [] => {}
        [a, b] => {
            let [a, b] = [a, b].map(|character| VALUE[usize::from(character)]);
            let n = u32::from(a) + u32::from(b) * 45;
            match u8::try_from(n) {
                Ok(byte) if a != FOREIGN => bytes.push(byte),
                _ => return Err(fault(text, triples.len() * 3)),
            }
        }
        _ => return Err(fault(text, triples.len() * 3)),
    }
    Ok(bytes)
}

/// Why a text is not Base45. Places count characters from 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Base45Error {
    /// A character that is not in the alphabet.
    #[error("character {place} ({character:?}) is not a Base45 character")]
    Character {
        /// Where.
        place: usize,
        /// Which.
        character: char,
    },
    /// Three characters that stand for more than two bytes, or two for more than one.
    #[error("the characters from {place} on stand for no bytes")]
    Overflow {
        /// Where the group begins.
        place: usize,
    },
    /// One character too many or too few at the end.
    #[error("the text ends in the middle of a group, after {length} characters")]
    Length {
        /// How long the text is.
        length: usize,
    },
}

/// What is wrong in the group that begins at a byte; all groups before it are good, hence ASCII.
fn fault(text: &str, group: usize) -> Base45Error {
    let rest = text.as_bytes().get(group..).unwrap_or_default();
    let foreign = rest
        .iter()
        .take(3)
        .position(|&byte| VALUE[usize::from(byte)] == FOREIGN);
    if let Some(offset) = foreign {
        let at = group + offset;
        let character = text.get(at..).and_then(|rest| rest.chars().next());
        return Base45Error::Character {
            place: at + 1,
            character: character.unwrap_or(char::REPLACEMENT_CHARACTER),
        };
    }
    if rest.len() == 1 {
        return Base45Error::Length { length: text.len() };
    }
    Base45Error::Overflow { place: group + 1 }
}

/// Marks a byte that is no character of the alphabet.
const FOREIGN: u8 = u8::MAX;

/// The value of every byte.
static VALUE: [u8; 256] = {
    let mut values = [FOREIGN; 256];
    let mut value = 0;
    while value < ALPHABET.len() {
        values[ALPHABET[value] as usize] = value as u8;
        value += 1;
    }
    values
};

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_examples_of_the_standard_hold() {
        for (bytes, expected) in [
            ("AB", "BB8"),
            ("Hello!!", "%69 VD92EX0"),
            ("base-45", "UJCLQE7W581"),
            ("ietf!", "QED8WEX0"),
        ] {
            let mut text = String::new();
            encode_into(bytes.as_bytes(), &mut text);
            assert_eq!(text, expected);
            assert_eq!(decode(expected), Ok(bytes.into()));
        }
    }

    #[test]
    fn a_fault_is_named_with_its_place() {
        let character = |place, character| Base45Error::Character { place, character };
        for (text, expected) in [
            ("GGW", Base45Error::Overflow { place: 1 }),
            ("BB8:::", Base45Error::Overflow { place: 4 }),
            ("BB8::", Base45Error::Overflow { place: 4 }),
            ("BB8B", Base45Error::Length { length: 4 }),
            ("BB8b", character(4, 'b')),
            ("BB8B8\n", character(6, '\n')),
            ("BBĐ", character(3, 'Đ')),
            ("😀", character(1, '😀')),
        ] {
            assert_eq!(decode(text), Err(expected), "{text}");
        }
    }
}
