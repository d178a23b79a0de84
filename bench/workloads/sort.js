function run() {
  const numbers = [];
  let seed = 42;
  for (let i = 0; i < 100000; i++) {
    seed = (seed * 1103515245 + 12345) % 2147483648;
    numbers.push(seed);
  }
  numbers.sort((a, b) => a - b);
  return numbers[50000];
}
