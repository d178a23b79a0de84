defmodule QuickBEAM.Bench.Documents do
  @moduledoc "What do parsing, building, searching and reading a document cost?"

  alias QuickBEAM.Bench.{Figure, JavaScript, Measure}

  # 1 MB: 6,500 rows of three elements, some 154 bytes each.
  @html """
  const row = i => `<div class="row" id="row-${i}"><a href="/items/${i}">Item ${i}</a> is here for you, and costs <span class="cell">${i * 7}</span></div>`;
  const rows = Array.from({ length: 6_500 }, (_, i) => row(i).padEnd(153, " of all the items") + "\\n");
  const html = rows.join("");
  const root = document.createElement("main");
  document.body.append(root);
  let sink;
  function parse(n) { for (let i = 0; i < n; i++) root.innerHTML = html }
  function serialise(n) { for (let i = 0; i < n; i++) sink = root.innerHTML.length }
  function byClass(n) { for (let i = 0; i < n; i++) sink = document.querySelectorAll(".cell") }
  function descendants(n) { for (let i = 0; i < n; i++) sink = document.querySelectorAll("main .cell") }
  parse(1);
  if (html.length < 1_000_000 || root.querySelectorAll(".cell").length !== 6_500) throw new Error("not the document");
  """

  @build """
  function build(n) {
    for (let i = 0; i < n; i++) {
      const list = document.createElement("ul");
      for (let k = 0; k < 5_000; k++) list.appendChild(document.createElement("li"));
    }
  }
  """

  @doc "The figures."
  def figures do
    [
      figure("innerHTML = 1 MB", @html, "parse", 5, 22, "copy"),
      figure("innerHTML of 1 MB, read", @html, "serialise", 10, 4, "copy"),
      figure("querySelectorAll, 6,500 matches", @html, "byClass", 20, 0.6, "list"),
      figure(
        "querySelectorAll, descendants, 6,500 matches",
        @html,
        "descendants",
        20,
        0.6,
        "list"
      ),
      figure("createElement and append, 5,000 nodes", @build, "build", 5, 5, "list"),
      %Figure{
        name: "dom_find_all of 929 nodes from Elixir",
        unit: :ms,
        measure: &find_all/0,
        baseline: baseline("list"),
        target: 0.8
      }
    ]
  end

  defp figure(name, setup, function, times, target, baseline) do
    %Figure{
      name: name,
      unit: :ms,
      measure: fn -> JavaScript.samples(setup, function, times) end,
      baseline: baseline(baseline),
      target: target
    }
  end

  defp find_all do
    {:ok, runtime} = QuickBEAM.start()

    {:ok, _} =
      QuickBEAM.eval(runtime, """
      document.body.innerHTML = "<ul>" + Array.from({ length: 929 }, (_, i) => `<li class="item" data-id="${i}">Item <b>${i}</b></li>`).join("") + "</ul>";
      null
      """)

    {:ok, found} = QuickBEAM.dom_find_all(runtime, "li.item")
    929 = length(found)
    samples = Measure.repeat(fn -> QuickBEAM.dom_find_all(runtime, "li.item") end)
    QuickBEAM.stop(runtime)
    samples
  end

  # The VM has no document to compare with: copying as many bytes, and building as long a list.
  defp baseline("copy") do
    html = String.duplicate("a", 1_000_000)
    {":binary.copy", fn -> Measure.repeat(fn -> :binary.copy(html) end) end}
  end

  defp baseline("list") do
    {"list of 6,500 tuples",
     fn -> Measure.repeat(fn -> for i <- 1..6_500, do: {"span", [{"class", i}], []} end) end}
  end
end
