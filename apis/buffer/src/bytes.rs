//! Searching and filling.

use memchr::memmem;

/// Where `needle` is, searched from `offset` on or back; a negative offset counts from the end. Wide text is found only at whole
/// units from where its search starts.
pub(crate) fn index_of(bytes: &[u8], needle: &[u8], offset: i64, forward: bool, is_wide: bool) -> Option<usize> {
    let length = i64::try_from(bytes.len()).unwrap_or(i64::MAX);
    let size = i64::try_from(needle.len()).unwrap_or(i64::MAX);
    let from = if offset < 0 {
        match offset.checked_add(length) {
            Some(from) if from >= 0 => from,
            _ if forward || size == 0 => 0,
            _ => return None,
        }
    } else if offset.checked_add(size).is_some_and(|end| end <= length) {
        offset
    } else if size == 0 {
        length
    } else if forward {
        return None;
    } else {
        length - 1
    };
    let from = usize::try_from(from).ok()?;
    if needle.is_empty() {
        return Some(from);
    }
    if needle.len() > bytes.len() || is_wide && (bytes.len() < 2 || needle.len() < 2) {
        return None;
    }
    if is_wide {
        return index_of_units(bytes, needle, from, forward);
    }
    if forward {
        return memmem::find(&bytes[from..], needle).map(|index| from + index);
    }
    let end = from.saturating_add(needle.len()).min(bytes.len());
    memmem::rfind(&bytes[..end], needle)
}

/// In 16-bit units; an odd byte at the end of either side does not count.
fn index_of_units(bytes: &[u8], needle: &[u8], from: usize, forward: bool) -> Option<usize> {
    let needle = &needle[..needle.len() & !1];
    let bytes = &bytes[..bytes.len() & !1];
    let last = bytes.len().checked_sub(needle.len())?;
    let from = from & !1;
    if forward {
        let mut start = from;
        while start <= last {
            let found = start + memmem::find(&bytes[start..], needle)?;
            if found.is_multiple_of(2) {
                return Some(found);
            }
            start = found + 1;
        }
        return None;
    }
    let mut end = from.min(last) + needle.len();
    loop {
        let found = memmem::rfind(&bytes[..end], needle)?;
        if found.is_multiple_of(2) {
            return Some(found);
        }
        end = (found + needle.len()).checked_sub(1)?;
    }
}

/// Repeats `pattern` from `start` to `end`.
pub(crate) fn fill(bytes: &mut [u8], pattern: &[u8], start: usize, end: usize) {
    let end = end.min(bytes.len());
    let start = start.min(end);
    let target = &mut bytes[start..end];
    if pattern.is_empty() {
        return;
    }
    let mut filled = pattern.len().min(target.len());
    target[..filled].copy_from_slice(&pattern[..filled]);
    // Each round doubles what is there; its length stays a multiple of the pattern's until the last one.
    while filled < target.len() {
        let count = filled.min(target.len() - filled);
        target.copy_within(..count, filled);
        filled += count;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn searching_agrees_with_comparing_at_every_place() {
        let bytes = b"abcabxabc\0a\0b\0abab\0b\0";
        let needles: [&[u8]; 8] = [b"", b"a", b"ab", b"b\0", b"a\0b\0", b"abc", b"zz", bytes];
        for needle in needles {
            for offset in 0..=bytes.len() {
                for step in [1, 2] {
                    let start = if step == 2 { offset & !1 } else { offset };
                    if needle.is_empty() || (step == 2 && !needle.len().is_multiple_of(2)) {
                        continue;
                    }
                    let hits = |index: &usize| bytes[*index..].starts_with(needle) && index.is_multiple_of(step);
                    let ahead = (start..bytes.len()).find(hits).filter(|_| offset + needle.len() <= bytes.len());
                    assert_eq!(
                        index_of(bytes, needle, offset as i64, true, step == 2),
                        ahead,
                        "{needle:?} {offset} {step}"
                    );
                    let start = if offset + needle.len() <= bytes.len() { start } else { bytes.len() - 1 };
                    let back = (0..=start).rev().find(hits);
                    assert_eq!(
                        index_of(bytes, needle, offset as i64, false, step == 2),
                        back,
                        "{needle:?} {offset} {step}"
                    );
                }
            }
        }
    }
}
