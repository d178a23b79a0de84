// Text: quoting strings, measuring, and laying entries out on lines.
(() => {
  const BREAK_LENGTH = 80;
  const COMPACT = 3;
  const MAX_ITEMS = 100;

  const ESCAPES = { "\b": "\\b", "\t": "\\t", "\n": "\\n", "\f": "\\f", "\r": "\\r", "\\": "\\\\" };
  const CONTROL = /[\x00-\x1f\\\x7f-\x9f]/g;
  const CONTROL_OR_SURROGATE =
    /[\x00-\x1f\\\x7f-\x9f]|[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/g;

  const escapeUnit = (unit) => {
    const known = ESCAPES[unit];
    if (known !== undefined) return known;
    const code = unit.charCodeAt(0);
    const hex = code.toString(16);
    return code < 256 ? `\\x${hex.toUpperCase().padStart(2, "0")}` : `\\u${hex}`;
  };

  const escapeControls = (text) => text.replace(text.isWellFormed() ? CONTROL : CONTROL_OR_SURROGATE, escapeUnit);

  const plural = (count, noun) => `${count} more ${noun}${count > 1 ? "s" : ""}`;

  /** A string literal in the quotes that need the least escaping. */
  const quote = (text) => {
    let mark = "'";
    if (text.includes("'")) {
      if (!text.includes('"')) mark = '"';
      else if (!text.includes("`") && !text.includes("${")) mark = "`";
    }
    const escaped = escapeControls(text);
    return mark + (mark === "'" ? escaped.replaceAll("'", "\\'") : escaped) + mark;
  };

  const WIDE =
    /[\u1100-\u115f\u2329\u232a\u2e80-\u303e\u3040-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe10-\ufe19\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6\u{1f300}-\u{1f64f}\u{1f680}-\u{1f6ff}\u{1f900}-\u{1f9ff}\u{20000}-\u{3fffd}]/u;
  const ZERO_WIDTH =
    /[\u0300-\u036f\u200b-\u200f\u20d0-\u20ff\ufe00-\ufe0f\ufe20-\ufe2f\u{e0100}-\u{e01ef}\x00-\x1f\x7f-\x9f]/u;
  const PLAIN = /^[\x20-\x7e]*$/;

  /** Columns that a text takes in a terminal. */
  const widthOf = (text) => {
    if (PLAIN.test(text)) return text.length;
    let width = 0;
    for (const char of text.normalize("NFC")) {
      if (WIDE.test(char)) width += 2;
      else if (!ZERO_WIDTH.test(char)) width += 1;
    }
    return width;
  };

  const columnCount = (state, widths, totalWidth, widest, entries) => {
    const bias = Math.sqrt(widest - totalWidth / entries);
    const biased = Math.max(widest - 3 - bias, 1);
    return Math.min(
      Math.round(Math.sqrt(2.5 * biased * widths.length) / biased),
      Math.floor((BREAK_LENGTH - state.indentation) / widest),
      COMPACT * 4,
      15,
    );
  };

  /** Puts short entries of a long array into columns. */
  const groupEntries = (state, entries, isNumeric, hasMore) => {
    const count = hasMore ? entries.length - 1 : entries.length;
    const widths = [];
    let totalWidth = 0;
    let widest = 0;
    for (let i = 0; i < count; i++) {
      const width = widthOf(entries[i]);
      widths.push(width);
      totalWidth += width + 2;
      if (width > widest) widest = width;
    }
    const columnWidth = widest + 2;
    const worthwhile =
      columnWidth * 3 + state.indentation < BREAK_LENGTH && (totalWidth / columnWidth > 5 || widest <= 6);
    if (!worthwhile) return entries;
    const columns = columnCount(state, widths, totalWidth, columnWidth, entries.length);
    if (columns <= 1) return entries;
    const columnWidths = [];
    for (let column = 0; column < columns; column++) {
      let width = 0;
      for (let i = column; i < count; i += columns) width = Math.max(width, widths[i]);
      columnWidths.push(width + 2);
    }
    const rows = [];
    for (let start = 0; start < count; start += columns) {
      const end = Math.min(start + columns, count);
      let row = "";
      for (let i = start; i < end; i++) {
        const last = i === end - 1;
        const cell = last ? entries[i] : `${entries[i]}, `;
        const room = columnWidths[i - start] - (last ? 2 : 0) + entries[i].length - widths[i];
        if (isNumeric) row += cell.padStart(room);
        else row += last ? cell : cell.padEnd(room);
      }
      rows.push(row);
    }
    if (hasMore) rows.push(entries[count]);
    return rows;
  };

  const fitsOneLine = (state, entries, base, open) => {
    let length = entries.length * 2 + state.indentation + open.length + base.length + 10;
    if (length + entries.length > BREAK_LENGTH) return false;
    for (const entry of entries) {
      length += entry.length;
      if (length > BREAK_LENGTH) return false;
    }
    return base === "" || !base.includes("\n");
  };

  /** Joins entries within braces, on one line if they are few, short and shallow. */
  const join = (state, entries, base, open, close, list) => {
    const count = entries.length;
    if (list !== undefined && count > 6) entries = groupEntries(state, entries, list.isNumeric, list.hasMore);
    const start = base === "" ? "" : `${base} `;
    if (
      state.lastDepth - state.depth < COMPACT &&
      count === entries.length &&
      fitsOneLine(state, entries, base, open)
    ) {
      const line = entries.join(", ");
      if (!line.includes("\n")) return `${start}${open} ${line} ${close}`;
    }
    const indentation = `\n${" ".repeat(state.indentation)}`;
    return `${start}${open}${indentation}  ${entries.join(`,${indentation}  `)}${indentation}${close}`;
  };

  return { quote, escapeControls, plural, widthOf, join, BREAK_LENGTH, MAX_ITEMS };
})();
