// 100,000 chunks from a source through a TransformStream to a loop.
async function run(times) {
  let sum = 0;
  for (let i = 0; i < times; i++) {
    let n = 0;
    const source = new ReadableStream({
      pull(controller) {
        if (n === 100_000) controller.close();
        else controller.enqueue(n++);
      },
    });
    const doubled = source.pipeThrough(
      new TransformStream({
        transform(chunk, controller) {
          controller.enqueue(chunk * 2);
        },
      }),
    );
    for await (const chunk of doubled) sum += chunk;
  }
  return sum;
}
