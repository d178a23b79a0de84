//! The format of a message: tags and lengths, written by the serialiser and read by the deserialiser.
//!
//! Messages of other nodes are read, too, so nothing is taken on trust: every length is checked against what is there,
//! every reference against what has been read.

/// What the next value is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub(crate) enum Tag {
    Undefined,
    Null,
    True,
    False,
    Int,
    Number,
    String,
    BigInt,
    Array,
    Object,
    Map,
    Set,
    Date,
    RegExp,
    Boxed,
    Error,
    DomException,
    ArrayBuffer,
    View,
    Reference,
    Port,
    /// A platform object, by its place among the message's parcels.
    Parcel,
    /// Ends the entries of an array or object.
    End,
    /// What crosses as ends, by its class and the place of its first end among the message's.
    Received,
}

impl Tag {
    const ALL: [Tag; 24] = [
        Tag::Undefined,
        Tag::Null,
        Tag::True,
        Tag::False,
        Tag::Int,
        Tag::Number,
        Tag::String,
        Tag::BigInt,
        Tag::Array,
        Tag::Object,
        Tag::Map,
        Tag::Set,
        Tag::Date,
        Tag::RegExp,
        Tag::Boxed,
        Tag::Error,
        Tag::DomException,
        Tag::ArrayBuffer,
        Tag::View,
        Tag::Reference,
        Tag::Port,
        Tag::Parcel,
        Tag::End,
        Tag::Received,
    ];
}

/// Writes a message.
#[derive(Default)]
pub(crate) struct Writer(pub(crate) Vec<u8>);

impl Writer {
    pub(crate) fn tag(&mut self, tag: Tag) {
        self.0.push(tag as u8);
    }

    pub(crate) fn int(&mut self, value: i32) {
        self.0.extend(value.to_le_bytes());
    }

    pub(crate) fn number(&mut self, value: f64) {
        self.0.extend(value.to_le_bytes());
    }

    /// A length or an index: seven bits a byte, low ones first.
    pub(crate) fn length(&mut self, mut value: usize) {
        while value >= 0x80 {
            self.0.push(value as u8 | 0x80);
            value >>= 7;
        }
        self.0.push(value as u8);
    }

    pub(crate) fn bytes(&mut self, bytes: &[u8]) {
        self.length(bytes.len());
        self.0.extend(bytes);
    }

    /// A text: its length, and in the lowest bit of that whether it is UTF-16.
    pub(crate) fn text(&mut self, text: &str) {
        self.length(text.len() << 1);
        self.0.extend(text.as_bytes());
    }

    /// A text with unpaired surrogates.
    pub(crate) fn units(&mut self, units: &[u16]) {
        self.length(units.len() << 1 | 1);
        units.iter().for_each(|unit| self.0.extend(unit.to_le_bytes()));
    }
}

/// A text as it is in a message.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Text<'b> {
    Utf8(&'b str),
    Utf16(Vec<u16>),
}

/// A message that is not in the format.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Malformed;

type Read<T> = Result<T, Malformed>;

/// Reads a message.
pub(crate) struct Reader<'b> {
    rest: &'b [u8],
}

impl<'b> Reader<'b> {
    pub(crate) fn new(bytes: &'b [u8]) -> Reader<'b> {
        Reader { rest: bytes }
    }

    fn take(&mut self, count: usize) -> Read<&'b [u8]> {
        let (taken, rest) = self.rest.split_at_checked(count).ok_or(Malformed)?;
        self.rest = rest;
        Ok(taken)
    }

    fn array<const N: usize>(&mut self) -> Read<[u8; N]> {
        self.take(N)?.try_into().map_err(|_| Malformed)
    }

    pub(crate) fn tag(&mut self) -> Read<Tag> {
        let [byte] = self.array()?;
        Tag::ALL.get(usize::from(byte)).copied().ok_or(Malformed)
    }

    pub(crate) fn int(&mut self) -> Read<i32> {
        self.array().map(i32::from_le_bytes)
    }

    pub(crate) fn number(&mut self) -> Read<f64> {
        self.array().map(f64::from_le_bytes)
    }

    pub(crate) fn flag(&mut self) -> Read<bool> {
        match self.array()? {
            [0] => Ok(false),
            [1] => Ok(true),
            _ => Err(Malformed),
        }
    }

    pub(crate) fn length(&mut self) -> Read<usize> {
        let mut value = 0;
        for shift in (0..56).step_by(7) {
            let [byte] = self.array()?;
            value |= usize::from(byte & 0x7f) << shift;
            if byte & 0x80 == 0 {
                return Ok(value);
            }
        }
        Err(Malformed)
    }

    pub(crate) fn bytes(&mut self) -> Read<&'b [u8]> {
        let length = self.length()?;
        self.take(length)
    }

    pub(crate) fn text(&mut self) -> Read<Text<'b>> {
        let header = self.length()?;
        let length = header >> 1;
        if header & 1 == 0 {
            return std::str::from_utf8(self.take(length)?).map(Text::Utf8).map_err(|_| Malformed);
        }
        let (units, _) = self.take(length.checked_mul(2).ok_or(Malformed)?)?.as_chunks();
        Ok(Text::Utf16(units.iter().map(|unit| u16::from_le_bytes(*unit)).collect()))
    }

    /// A text of which no unpaired surrogate is expected.
    pub(crate) fn utf8(&mut self) -> Read<&'b str> {
        match self.text()? {
            Text::Utf8(text) => Ok(text),
            Text::Utf16(_) => Err(Malformed),
        }
    }

    pub(crate) fn is_at_end(&self) -> bool {
        self.rest.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_come_back() {
        for length in [0, 1, 127, 128, 300, 1 << 20, (1 << 50) - 1] {
            let mut writer = Writer::default();
            writer.length(length);
            assert_eq!(Reader::new(&writer.0).length(), Ok(length));
        }
    }

    #[test]
    fn what_is_cut_off_or_unknown_is_malformed() {
        assert_eq!(Reader::new(&[]).tag(), Err(Malformed));
        assert_eq!(Reader::new(&[200]).tag(), Err(Malformed));
        assert_eq!(Reader::new(&[5, 1]).bytes(), Err(Malformed));
        assert_eq!(Reader::new(&[4, 0xff, 0xfe]).text(), Err(Malformed));
        assert_eq!(Reader::new(&[5, 0, 0xd8, 0]).text(), Err(Malformed));
        assert_eq!(Reader::new(&[3, 0, 0xd8]).utf8(), Err(Malformed));
        assert_eq!(Reader::new(&[0x80; 20]).length(), Err(Malformed));
        assert_eq!(Reader::new(&[7]).flag(), Err(Malformed));
    }

    #[test]
    fn texts_come_back() {
        let mut writer = Writer::default();
        writer.text("é😀");
        writer.units(&[0xd800, 0x61]);
        let mut reader = Reader::new(&writer.0);
        assert_eq!(reader.text(), Ok(Text::Utf8("é😀")));
        assert_eq!(reader.text(), Ok(Text::Utf16(vec![0xd800, 0x61])));
        assert!(reader.is_at_end());
    }

    #[test]
    fn tags_are_their_own_numbers() {
        for (number, tag) in Tag::ALL.into_iter().enumerate() {
            assert_eq!(tag as usize, number);
        }
    }
}
