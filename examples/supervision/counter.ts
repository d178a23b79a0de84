// A counter, and a way to end badly.
let count: number = start;

globalThis.increment = (by: number = 1): number => (count += by);

globalThis.explode = (): never => {
  const all: unknown[] = [];
  for (;;) all.push(new Array(1e5).fill(count));
};
