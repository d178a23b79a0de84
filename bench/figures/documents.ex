defmodule QuickBEAM.Bench.Documents do
  @moduledoc "What do parsing, building, searching and reading a document cost?"

  alias QuickBEAM.Bench.{Figure, JavaScript, Measure}

  # 1 MB: articles of a shop with some 160 bytes each.
  @html """
  const item = i => `<article class="item ${i % 7 ? "" : "sale"}" id="item-${i}"><h2>Article ${i}</h2><p>Costs <b>${i}</b> &amp; more</p><a href="/items/${i}?a=1&amp;b=2">buy</a></article>\\n`;
  let html = "";
  for (let i = 0; html.length < 1_000_000; i++) html += item(i);
  const root = document.createElement("div");
  document.body.append(root);
  let sink;
  function parse(n) { for (let i = 0; i < n; i++) root.innerHTML = html }
  function serialise(n) { for (let i = 0; i < n; i++) sink = root.innerHTML.length }
  """

  # 6,500 matches, and as many others.
  @list """
  document.body.innerHTML = "<main>" + "<section><div class='row'><span class='cell'>x</span></div></section>".repeat(6_500) + "</main>";
  let sink;
  function byClass(n) { for (let i = 0; i < n; i++) sink = document.querySelectorAll(".cell") }
  function descendants(n) { for (let i = 0; i < n; i++) sink = document.querySelectorAll("section .cell") }
  if (document.querySelectorAll(".cell").length !== 6_500) throw new Error("other than 6,500 matches");
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
      figure("innerHTML of 1 MB, read", @html <> "parse(1);", "serialise", 10, 4, "copy"),
      figure("querySelectorAll, 6,500 matches", @list, "byClass", 20, 0.6, "list"),
      figure(
        "querySelectorAll, descendants, 6,500 matches",
        @list,
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
