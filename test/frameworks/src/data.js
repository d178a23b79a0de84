import { bin, extent, group, max, mean, quantile, rollup, ticks } from "d3-array";
import { Subject, firstValueFrom, from, interval, lastValueFrom, of } from "rxjs";
import { bufferCount, catchError, debounceTime, map, mergeMap, scan, take, toArray } from "rxjs/operators";

globalThis.run = async () => {
  const values = [5, 1, 4, 2, 3];
  const subject = new Subject();
  const debounced = firstValueFrom(subject.pipe(debounceTime(5)));
  for (const value of [1, 2, 3]) subject.next(value);
  return {
    d3: [extent(values), mean(values), max(values), quantile(values, 0.5), ticks(0, 10, 5)],
    groups: [...group(values, (value) => value % 2)].map(([key, { length }]) => [key, length]),
    rollup: rollup(values, (group) => group.length, (value) => value > 2).get(true),
    bins: bin().thresholds(2)(values).map((bin) => bin.length),
    merged: await lastValueFrom(from(values).pipe(mergeMap(async (value) => value * 2), scan((a, b) => a + b, 0))),
    ticked: await lastValueFrom(interval(1).pipe(take(4), map((n) => n * n), bufferCount(2), toArray())),
    debounced: await debounced,
    caught: await firstValueFrom(of(1).pipe(map(() => { throw new Error("x") }), catchError((error) => of(error.message)))),
  };
};

globalThis.expected = {
  d3: [[1, 5], 3, 5, 3, [0, 2, 4, 6, 8, 10]],
  groups: [[1, 3], [0, 2]],
  rollup: 3,
  bins: [1, 2, 2],
  merged: 30,
  ticked: [[0, 1], [4, 9]],
  debounced: 3,
  caught: "x",
};
