defmodule QuickBEAM.CoverTest do
  @moduledoc "Which lines of scripts have run."

  use QuickBEAM.Test.PlacementCase

  @moduletag :tmp_dir

  @main """
  import { area } from './shape';
  import type { Shape } from './shape';
  import answer from 'answer';

  export const unused = (n: number) =>
    n * answer;

  globalThis.measure = (shape: Shape) => {
    if (shape.kind === 'none')
      return 0;
    return area(shape);
  };
  """

  @shape """
  export interface Shape { kind: string; w: number }

  export function area({ kind, w }: Shape): number {
    switch (kind) {
      case 'square':
        return w * w;
      default:
        throw new TypeError(kind);
    }
  }
  """

  setup %{tmp_dir: dir} do
    write_files(dir, %{
      "main.ts" => @main,
      "shape.ts" => @shape,
      "node_modules/answer/package.json" => ~s({"name": "answer", "main": "index.js"}),
      "node_modules/answer/index.js" => "module.exports = 42"
    })

    %{main: Path.join(dir, "main.ts"), shape: Path.join(dir, "shape.ts")}
  end

  defp call(rt, kind), do: QuickBEAM.call(rt, "measure", [%{kind: kind, w: 3}])

  test "are counted by file and line of the source, over resets", %{main: main, shape: shape} do
    rt = start_runtime(script: main, cover: true)
    assert {:ok, coverage} = QuickBEAM.coverage(rt)
    assert Map.keys(coverage) == [main, shape]
    assert coverage[main] == %{5 => 1, 6 => 0, 8 => 1, 9 => 0, 10 => 0, 11 => 0}

    for _ <- 1..5, do: {:ok, 9} = call(rt, "square")
    {:ok, 0} = call(rt, "none")
    {:error, error} = call(rt, "circle")
    # Errors are at their lines, too.
    assert {error.filename, error.line} == {shape, 8}

    {:ok, coverage} = QuickBEAM.coverage(rt)
    assert coverage[main] == %{5 => 1, 6 => 0, 8 => 1, 9 => 7, 10 => 1, 11 => 6}
    assert coverage[shape] == %{4 => 6, 6 => 5, 8 => 1}

    :ok = QuickBEAM.reset(rt)
    {:ok, 9} = call(rt, "square")
    {:ok, coverage} = QuickBEAM.coverage(rt)
    assert coverage[main][8] == 2 and coverage[shape][6] == 6
  end

  test "of code that is given a name are counted, and its value stays what it is" do
    rt = start_runtime(cover: true)

    js =
      "const half = (n) => {\n  if (n % 2)\n    return null;\n  return n / 2;\n}\nhalf(8)\nlet last"

    assert QuickBEAM.eval(rt, js, filename: "half.js") == {:ok, 4}

    {:ok, coverage} = QuickBEAM.coverage(rt)
    assert coverage["half.js"] == %{1 => 1, 2 => 1, 3 => 0, 4 => 1, 6 => 1, 7 => 1}

    for _ <- 1..3 do
      assert QuickBEAM.eval(rt, "await n;\n({ n })", filename: "again.js", vars: %{n: 5}) ==
               {:ok, %{"n" => 5}}
    end

    ts = "type T = number\nconst twice = (n: T) =>\n  2 * n\ntwice(4)"
    assert QuickBEAM.eval_ts(rt, ts, filename: "twice.ts") == {:ok, 8}

    module = "export const area = (w, h) =>\n  w * h\nif (area(0, 1))\n  throw 1"
    assert QuickBEAM.load_module(rt, "geometry", module) == :ok
    assert QuickBEAM.eval(rt, "(await import('geometry')).area(2, 3)") == {:ok, 6}

    {:ok, coverage} = QuickBEAM.coverage(rt)
    assert coverage["again.js"] == %{1 => 3, 2 => 3}
    assert coverage["twice.ts"] == %{2 => 1, 3 => 1, 4 => 1}
    assert coverage["geometry"] == %{1 => 1, 2 => 2, 3 => 1, 4 => 0}

    # What is wrong is told as ever, at its line.
    for {code, name} <- [{"let = ;", "SyntaxError"}, {"\nnull.x", "TypeError"}] do
      {:error, error} = QuickBEAM.eval(rt, code, filename: "wrong.js")
      assert {error.name, error.filename} == {name, "wrong.js"}
      assert name == "SyntaxError" or error.line == 2
    end

    rt = start_runtime(cover: false)
    assert QuickBEAM.eval(rt, "String(() => 1)", filename: "a.js") == {:ok, "() => 1"}
    assert QuickBEAM.coverage(rt) == {:ok, %{}}
  end

  @tag :tmp_dir
  test "of scripts that workers import are counted", %{tmp_dir: dir} do
    write_files(dir, %{
      "worker.js" => "importScripts('part.js')\npostMessage(part())",
      "part.js" => "function part() {\n  return 7\n}"
    })

    QuickBEAM.Cover.start()
    path = Path.join(dir, "worker.js")
    rt = start_runtime(cover: true)

    code =
      "{ const w = new Worker(path); (await new Promise(resolve => { w.onmessage = resolve })).data }"

    assert QuickBEAM.eval(rt, code, vars: %{path: path}, timeout: 10_000) == {:ok, 7}
    QuickBEAM.stop(rt)
    lines = QuickBEAM.Cover.lines()
    assert lines[Path.relative_to_cwd(Path.join(dir, "part.js"))] == %{2 => 1}
  after
    QuickBEAM.Cover.stop()
  end

  test "cost nothing where they are not counted", %{main: main} do
    rt = start_runtime(script: main)
    {:ok, 9} = call(rt, "square")
    assert QuickBEAM.coverage(rt) == {:ok, %{}}

    assert QuickBEAM.eval(rt, "[typeof __quickbeam_cover__, String(measure).includes('cover')]") ==
             {:ok, ["undefined", false]}
  end

  test "scripts without imports declare globals all the same", %{tmp_dir: dir} do
    write_files(dir, %{
      "plain.js" =>
        "'use strict'\nlet n = 1\nfunction f() { return this === undefined ? n : -1 }\n"
    })

    path = Path.join(dir, "plain.js")
    rt = start_runtime(script: path, cover: true)
    assert QuickBEAM.eval(rt, "n + f()") == {:ok, 2}
    assert QuickBEAM.coverage(rt) == {:ok, %{path => %{2 => 1, 3 => 1}}}
    assert QuickBEAM.globals(rt, user_only: true) == {:ok, ["f", "n"]}
  end

  test "a script that meddles harms only its own numbers", %{tmp_dir: dir} do
    write_files(dir, %{"evil.js" => "globalThis.f = () => 1\n"})
    path = Path.join(dir, "evil.js")
    rt = start_runtime(script: path, cover: true)

    code = """
    const count = __quickbeam_cover__;
    for (const args of [[], [1e9, 0], [-1, -1], [NaN, {}], ['1', '1'], [{ valueOf() { throw 1 } }, 0], [1, 2 ** 31]]) count(...args);
    try { 'use strict'; __quickbeam_cover__ = 1 } catch {}
    try { new count(1, 2) } catch {}
    delete globalThis.__quickbeam_cover__;
    Function.prototype.call = Function.prototype.apply = undefined;
    f()
    """

    assert QuickBEAM.eval(rt, code) == {:ok, 1}
    assert QuickBEAM.coverage(rt) == {:ok, %{path => %{1 => 1}}}
  end

  test "workers and children count, too; all is summed up, of those that are gone as well", %{
    tmp_dir: dir
  } do
    write_files(dir, %{
      "worker.js" => "onmessage = ({ data }) => {\n  if (data > 1)\n    postMessage(data)\n}\n",
      "boss.js" => "globalThis.boss = 1\n"
    })

    [worker, boss] = for name <- ["worker.js", "boss.js"], do: Path.join(dir, name)
    {:ok, rt} = start(script: boss, cover: true)

    code = """
    const w = new Worker(path);
    const heard = new Promise(resolve => { w.onmessage = resolve });
    for (const n of [1, 2, 3]) w.postMessage(n);
    await heard; w.terminate(); 1
    """

    {:ok, 1} = QuickBEAM.eval(rt, "{ #{code} }", vars: %{path: worker}, timeout: 10_000)
    {:ok, own} = QuickBEAM.coverage(rt)
    assert Map.keys(own) == [boss]
    :ok = QuickBEAM.stop(rt)

    lines = QuickBEAM.Cover.lines()
    assert lines[Path.relative_to_cwd(boss)] == %{1 => 1}
    assert %{1 => 1, 2 => passed, 3 => posted} = lines[Path.relative_to_cwd(worker)]
    assert passed in 2..3 and posted in 1..2
  end

  test "a coverage of no runtime exits", _ do
    assert {:noproc, {QuickBEAM, :coverage, [:nobody]}} = catch_exit(QuickBEAM.coverage(:nobody))
  end
end
