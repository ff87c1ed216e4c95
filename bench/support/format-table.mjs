/** Rows of texts in columns, the first one to the left and the others to the right. */
export function formatTable(rows) {
  const widths = rows[0].map((_, at) => Math.max(...rows.map((row) => row[at].length)));
  const cell = (text, at) => (at === 0 ? text.padEnd(widths[at]) : text.padStart(widths[at]));
  return rows.map((row) => row.map(cell).join('  ').trimEnd()).join('\n');
}
