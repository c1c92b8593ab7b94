//! Dice that fall the same in every run, and bytes bent by them.

/// xorshift64*.
pub struct Dice(pub u64);

// Lengths, counts and bounds that parsers stumble over.
const ODD: [u64; 14] = [0, 1, 2, 0x3f, 0x40, 0x7f, 0x80, 0xff, 0x3fff, 0x4000, 0x3fff_ffff, 0x7fff_ffff, 0xffff_ffff, u64::MAX];
const TOKENS: [&str; 24] = [
    "\"",
    "{",
    "}",
    "[",
    "]",
    ",",
    ":",
    "null",
    "true",
    "-0",
    "1.0",
    "1e400",
    "9007199254740992",
    "18446744073709551616",
    "\\u0000",
    "\\ud800",
    "\\u0041",
    "\u{202e}",
    "\u{0}",
    " ",
    "é",
    "\"kind\":\"chat\",",
    "\"v\":1,",
    "_",
];

impl Dice {
    pub fn roll(&mut self, sides: usize) -> usize {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        usize::try_from(self.0.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 33).unwrap() % sides
    }

    fn of<'a, T>(&mut self, things: &'a [T]) -> &'a T {
        let at = self.roll(things.len());
        &things[at]
    }

    /// The bytes changed in one to four places, sometimes with a piece of `other`; not always to something else.
    pub fn bent(&mut self, bytes: &[u8], other: &[u8], text: bool) -> Vec<u8> {
        let mut bent = bytes.to_vec();
        for _ in 0..=self.roll(4) {
            self.bend(&mut bent, other, text);
        }
        bent.truncate(1 << 20);
        bent
    }

    fn bend(&mut self, bytes: &mut Vec<u8>, other: &[u8], text: bool) {
        let (from, to) = self.stretch(bytes.len());
        match self.roll(if text { 11 } else { 9 }) {
            0 if from < bytes.len() => bytes[from] ^= 1 << self.roll(8),
            1 if from < bytes.len() => bytes[from] = u8::try_from(self.roll(256)).unwrap(),
            2 => bytes.truncate(from),
            3 => bytes.extend_from_within(from..to),
            4 => drop(bytes.drain(from..to)),
            5 => {
                let (start, end) = self.stretch(other.len());
                bytes.splice(from..to, other[start..end].iter().copied());
            }
            6 => {
                let width = *self.of(&[1, 2, 4, 8]);
                let number = self.of(&ODD).to_be_bytes();
                let end = (from + width).min(bytes.len());
                bytes.splice(from..end, number[8 - width..].iter().copied());
            }
            7 => self.bend_length(bytes, from),
            8 => bytes.splice(from..from, vec![*self.of(&[0, b'[', b'9', 0xff]); self.roll(300)]).for_each(drop),
            _ => {
                let token = *self.of(&TOKENS);
                let end = if self.roll(2) == 0 { from } else { to };
                bytes.splice(from..end, token.bytes());
            }
        }
    }

    /// Takes the place for a length as MLS writes it, and lies about it or empties what it counts.
    fn bend_length(&mut self, bytes: &mut Vec<u8>, from: usize) {
        let Some(first) = bytes.get(from).copied().filter(|first| *first < 0x80) else { return };
        let width = if first < 0x40 { 1 } else { 2 };
        let counted =
            if width == 1 { usize::from(first) } else { usize::from(first & 0x3f) << 8 | usize::from(*bytes.get(from + 1).unwrap_or(&0)) };
        let end = (from + width + counted).min(bytes.len());
        let start = (from + width).min(bytes.len());
        match self.roll(4) {
            0 => drop(bytes.splice(from..end, [0])),
            1 => drop(bytes.splice(from..start, [0x80, 0, 0, first])), // not the shortest form
            2 => drop(bytes.splice(from..start, [0xbf, 0xff, 0xff, 0xff])),
            _ => bytes[from] = bytes[from].wrapping_add(1),
        }
    }

    fn stretch(&mut self, length: usize) -> (usize, usize) {
        let from = self.roll(length + 1);
        let most = if self.roll(3) == 0 { length - from } else { (length - from).min(16) };
        (from, from + self.roll(most + 1))
    }
}
