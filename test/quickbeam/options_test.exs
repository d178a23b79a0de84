defmodule QuickBEAM.OptionsTest do
  use ExUnit.Case, async: true

  alias QuickBEAM.Options
  alias QuickBEAM.Options.{Grants, Request}

  doctest QuickBEAM.JSError

  test "what is accepted" do
    accepted = [
      {[], &match?(%{apis: [:browser], allow: :all, timeout: :infinity}, &1)},
      {[apis: false], &(&1.apis == [])},
      {[apis: :node], &(&1.apis == [:node])},
      {[apis: [:dom, :url, :dom]], &(&1.apis == [:dom, :url])},
      {[handlers: %{"a" => &__MODULE__.handler/1, :b => &__MODULE__.handler/1}],
       &(Map.keys(&1.handlers) == ["a", "b"])},
      {[define: %{"a" => 1, :b => {:any, :term}}],
       &(&1.define == %{"a" => 1, "b" => {:any, :term}})},
      {[sandbox: true],
       &match?(
         %{allow: [], memory_limit: 67_108_864, max_stack_size: 524_288, timeout: 1_000},
         &1
       )},
      {[timeout: 5, sandbox: true, allow: [:net]], &match?(%{timeout: 5, allow: [:net]}, &1)},
      {[sandbox: false], &(&1.allow == :all)},
      {[allow: [:net, {:net, ["a:1"]}, {:read, ["/"]}, {:handlers, []}]],
       &(length(&1.allow) == 4)},
      {[name: {:via, Registry, {A, 1}}], &(&1.name == {:via, Registry, {A, 1}})},
      {[name: {:global, "x"}, id: 7, max_reductions: 1], &(&1.id == 7)}
    ]

    for {options, check} <- accepted do
      assert check.(Options.validate!(options)), inspect(options)
    end
  end

  @refused [
    {[memroy_limit: 1], ~r/unknown option :memroy_limit; the options are :name, :id/},
    {:not_a_list, ~r/must be a keyword list, got: :not_a_list/},
    {[{"name", 1}], ~r/must be a keyword list/},
    {[name: "text"], ~r/option :name must be an atom/},
    {[name: true], ~r/option :name must be an atom/},
    {[handlers: [a: &__MODULE__.handler/1]], ~r/option :handlers must be a map/},
    {[handlers: %{"a" => &Enum.reduce/3}],
     ~r/option :handlers must have a function .* for "a", got: &Enum.reduce\/3/},
    {[handlers: %{"a" => {&__MODULE__.handler/1, timeout: -1}}],
     ~r/option :handlers must have a :timeout .* for "a", got: .*-1/},
    {[handlers: %{"" => &__MODULE__.handler/1}], ~r/option :handlers must have non-empty/},
    {[handlers: %{nil => &__MODULE__.handler/1}], ~r/option :handlers must have non-empty/},
    {[define: %{"a" => 1, :a => 2}], ~r/option :define has the name .* twice/},
    {[define: %{<<255>> => 1}], ~r/option :define must have non-empty strings/},
    {[define: %URI{}], ~r/option :define must be a map/},
    {[apis: [:dom, :nope]], ~r/option :apis has no API group :nope; the groups are :browser/},
    {[apis: [:dom | :url]], ~r/option :apis must be a list/},
    {[apis: "dom"], ~r/option :apis must be false/},
    {[script: :file], ~r/option :script must be the path/},
    {[script: "a\0b"], ~r/option :script must be the path/},
    {[memory_limit: 0],
     ~r/option :memory_limit must be a number of bytes of at least 262144, got: 0/},
    {[max_stack_size: 100], ~r/option :max_stack_size must be a number of bytes from 65536 to/},
    {[max_convert_depth: 2 ** 32],
     ~r/option :max_convert_depth must be a positive integer or nil of at most 4294967295, got/},
    {[max_convert_depth: 0],
     ~r/option :max_convert_depth must be a positive integer or nil, got: 0/},
    {[memory_limit: 2 ** 63],
     ~r/option :memory_limit must be a number of bytes of at most 9223372036854775807, got/},
    {[memory_limit: 1.5], ~r/option :memory_limit must be/},
    {[max_stack_size: 2 ** 64],
     ~r/option :max_stack_size must be a number of bytes of at most \d+, got/},
    {[max_reductions: -1], ~r/option :max_reductions must be a positive integer or nil/},
    {[max_convert_depth: "9"], ~r/option :max_convert_depth must be/},
    {[max_convert_nodes: 0], ~r/option :max_convert_nodes must be/},
    {[timeout: -1], ~r/option :timeout must be a number of milliseconds or :infinity/},
    {[timeout: 2 ** 63], ~r/option :timeout must be a number of milliseconds of at most \d+ or/},
    {[console: &Enum.map/2], ~r/option :console must be a function of one argument/},
    {[allow: :net], ~r/option :allow must be :all or a list of grants, got: :net/},
    {[allow: [:read]], ~r/option :allow has no grant :read; the grants are :net/},
    {[allow: [{:spawn, ["x"]}]], ~r/option :allow has no grant {:spawn/},
    {[allow: [{:net, :all}]], ~r/option :allow has no grant {:net/},
    {[allow: [{:env, [:home]}]], ~r/option :allow has no grant {:env/},
    {[name: :undefined], ~r/option :name must be an atom that a process may be registered under/},
    {[sandbox: :yes], ~r/option :sandbox must be true or false, got: :yes/}
  ]

  test "what is refused, and why" do
    for {options, message} <- @refused do
      assert_raise ArgumentError, message, fn -> Options.validate!(options) end
    end
  end

  test "options of requests" do
    assert Request.eval([]) == {nil, nil, nil}
    assert Request.eval(timeout: 5, filename: "a.js") == {5, "a.js", nil}
    assert Request.eval(vars: %{:a => 1, "_$é" => 2}) == {nil, nil, %{"a" => 1, "_$é" => 2}}
    assert Request.timeout(timeout: :infinity) == :infinity
    assert Request.user_only(user_only: true)

    refused = [
      {&Request.eval/1, [timeuot: 1], ~r/unknown option :timeuot; there is :timeout, :vars/},
      {&Request.eval/1, [timeout: "1"], ~r/option :timeout must be/},
      {&Request.eval/1, [filename: 1], ~r/option :filename must be/},
      {&Request.eval/1, [vars: [a: 1]], ~r/option :vars must be a map/},
      {&Request.eval/1, [vars: %{"a b" => 1}], ~r/option :vars must have JavaScript identifiers/},
      {&Request.eval/1, [vars: %{"a;b()" => 1}], ~r/option :vars must have JavaScript/},
      {&Request.eval/1, [vars: %{"a\n" => 1}], ~r/option :vars must have JavaScript/},
      {&Request.eval/1, %{timeout: 1}, ~r/options must be a keyword list/},
      {&Request.timeout/1, [vars: %{}], ~r/unknown option :vars; there is :timeout/},
      {&Request.user_only/1, [user_only: 1], ~r/option :user_only must be true or false/},
      {&Request.user_only/1, [only: true], ~r/unknown option :only; there is :user_only/}
    ]

    for {parse, options, message} <- refused do
      assert_raise ArgumentError, message, fn -> parse.(options) end
    end
  end

  test "grants" do
    assert Grants.allowed?(:all, :handlers, "a")
    assert Grants.allowed?([:net, :handlers], :handlers, "a")
    assert Grants.allowed?([{:handlers, ["b"]}, {:handlers, ["a"]}], :handlers, "a")
    refute Grants.allowed?([{:handlers, ["a"]}], :handlers, "b")
    refute Grants.allowed?([{:net, ["a"]}], :handlers, "a")
    refute Grants.allowed?([], :handlers, "a")
  end

  test "the tables of the documentation have a row for each option and grant" do
    for key <- Map.keys(%Options{}) -- [:__struct__] do
      assert Options.docs() =~ "| `:#{key}` |"
    end

    assert Grants.docs() =~ "| `:net` or `{:net, [...]}`"
  end

  def handler(args), do: args
end
