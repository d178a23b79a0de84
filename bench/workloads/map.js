function run() {
  const counts = new Map();
  for (let i = 0; i < 200000; i++) {
    const key = "key" + (i % 1000);
    counts.set(key, (counts.get(key) ?? 0) + 1);
  }
  return counts.size;
}
