const line = "2026-11-21T10:00:00Z host-7 GET /products/KI-1001?page=3 200 12.5ms ";
const text = line.repeat(2000);
function run() {
  let bytes = 0;
  for (const match of text.matchAll(/(\d{4})-(\d\d)-(\d\d)T[\d:]+Z (\S+) (GET|POST) (\S+) (\d{3})/g)) {
    bytes += match[6].length;
  }
  return bytes;
}
