defmodule QuickBEAM.DOMTest do
  use ExUnit.Case, async: true

  setup do
    runtime = start_supervised!(QuickBEAM)
    %{runtime: runtime, find: &find(runtime, &1)}
  end

  defp find(runtime, html) do
    {:ok, nil} =
      QuickBEAM.eval(runtime, "document.body.innerHTML = html; null", vars: %{html: html})

    {:ok, {"body", [], children}} = QuickBEAM.dom_find(runtime, "body")
    children
  end

  test "elements, texts and comments, templates with their contents", %{find: find} do
    assert find.("a<p>b<br>c</p><!--d-->") ==
             ["a", {"p", [], ["b", {"br", [], []}, "c"]}, {:comment, "d"}]

    assert find.("<template><i>1</i><template>2</template></template><u></u>") ==
             [{"template", [], [{"i", [], ["1"]}, {"template", [], ["2"]}]}, {"u", [], []}]
  end

  test "names that come again, with the same value and with others", %{find: find} do
    html =
      for i <- 1..40,
          do: ~s(<x-#{rem(i, 20)} a="#{div(i, 3)}" b-#{rem(i, 20)}="é"></x-#{rem(i, 20)}>)

    expected =
      for i <- 1..40,
          do: {"x-#{rem(i, 20)}", [{"a", "#{div(i, 3)}"}, {"b-#{rem(i, 20)}", "é"}], []}

    assert find.(IO.iodata_to_binary(html)) == expected
  end

  test "names with prefixes", %{find: find} do
    assert find.(~s(<svg xlink:href="#a" href="#b" xml:lang="c" lang="d"></svg>)) ==
             [
               {"svg", [{"xlink:href", "#a"}, {"href", "#b"}, {"xml:lang", "c"}, {"lang", "d"}],
                []}
             ]
  end

  test "elements within one another are given each with all that is in it", %{
    runtime: runtime,
    find: find
  } do
    find.("<div id=1><div id=2>x</div>y</div>")
    inner = {"div", [{"id", "2"}], ["x"]}

    assert QuickBEAM.dom_find_all(runtime, "div") ==
             {:ok, [{"div", [{"id", "1"}], [inner, "y"]}, inner]}

    assert QuickBEAM.dom_find_all(runtime, "table") == {:ok, []}
    assert QuickBEAM.dom_find(runtime, "table") == {:ok, nil}
  end

  test "elements deep in one another are made once", %{runtime: runtime, find: find} do
    find.(String.duplicate("<b>", 400))
    {:ok, found} = QuickBEAM.dom_find_all(runtime, "b")
    assert length(found) == 400
    assert :erts_debug.size(found) < 10_000
    assert List.last(found) == {"b", [], []}
  end

  test "texts of any length", %{find: find} do
    for size <- [0, 1, 23, 24, 25, 63, 64, 65, 100_000] do
      text = String.duplicate("a", size)
      children = if size == 0, do: [], else: [text]
      assert find.(~s(<p title="#{text}">#{text}</p>)) == [{"p", [{"title", text}], children}]
    end
  end
end
