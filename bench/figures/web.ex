defmodule QuickBEAM.Bench.Web do
  @moduledoc """
  What do the Web APIs cost that compute: URLs, digests, encodings, clones and streams?

  Each runs many times within one call, of which one run is a sample; what the call itself costs is
  then too little to be seen.
  """

  alias QuickBEAM.Bench.{Figure, JavaScript, Measure}

  @stream Path.expand("../workloads/transform_stream.js", __DIR__)

  @setup """
  const text = "The quick brown fox jumps over the lazy dog, 0123456789\\n".repeat(18_000).slice(0, 1_000_000);
  const bytes = new TextEncoder().encode(text), small = bytes.slice(0, 32);
  const encoder = new TextEncoder(), decoder = new TextDecoder();
  const objects = Array.from({ length: 10_000 }, (_, id) => ({ id, name: `object ${id}` }));
  const node = Buffer.from(bytes);
  let sink;
  function url(n) { for (let i = 0; i < n; i++) sink = new URL("https://user@example.com:8080/a/path?query=1#hash") }
  async function digestLarge(n) { for (let i = 0; i < n; i++) sink = await crypto.subtle.digest("SHA-256", bytes) }
  async function digestSmall(n) { for (let i = 0; i < n; i++) sink = await crypto.subtle.digest("SHA-256", small) }
  function decode(n) { for (let i = 0; i < n; i++) sink = decoder.decode(bytes) }
  function encode(n) { for (let i = 0; i < n; i++) sink = encoder.encode(text) }
  function clone(n) { for (let i = 0; i < n; i++) sink = structuredClone(objects) }
  function base64(n) { for (let i = 0; i < n; i++) sink = btoa(text) }
  function bufferBase64(n) { for (let i = 0; i < n; i++) sink = node.toString("base64") }
  """

  @doc "The figures."
  def figures do
    large = String.duplicate("a", 1_000_000)
    small = binary_part(large, 0, 32)

    [
      figure("new URL", :us, "url", 1_000, 1.5, uri()),
      figure("digest SHA-256 of 1 MB", :ms, "digestLarge", 10, &(&1 * 1.15), sha256(large)),
      figure("digest SHA-256 of 32 B, awaited", :us, "digestSmall", 1_000, 4, sha256(small)),
      figure("TextDecoder of 1 MB", :ms, "decode", 20, 0.3, copy(large)),
      figure("TextEncoder of 1 MB", :ms, "encode", 20, 0.3, copy(large)),
      figure("structuredClone of 10,000 objects", :ms, "clone", 5, 5, external()),
      figure("btoa of 1 MB", :ms, "base64", 20, 0.5, base64(large)),
      figure("Buffer of 1 MB to base64", :ms, "bufferBase64", 20, 0.5, base64(large))
    ] ++ streams()
  end

  defp figure(name, unit, function, times, target, baseline) do
    %Figure{
      name: name,
      unit: unit,
      measure: fn -> JavaScript.samples(@setup, function, times) end,
      baseline: baseline,
      target: target
    }
  end

  defp streams do
    case System.find_executable("node") do
      nil ->
        IO.puts(
          "(without node, 100,000 chunks through a TransformStream have nothing to be held against)"
        )

        []

      node ->
        [
          %Figure{
            name: "100,000 chunks through a TransformStream",
            unit: :ms,
            measure: fn -> JavaScript.samples(File.read!(@stream), "run", 1) end,
            baseline: {"node --jitless", fn -> in_node(node) end},
            target: & &1
          }
        ]
    end
  end

  defp in_node(node) do
    code =
      File.read!(@stream) <>
        """
        (async () => {
          for (let i = 0; i < 9; i++) {
            const start = process.hrtime.bigint();
            await run(1);
            if (i > 1) console.log(Number(process.hrtime.bigint() - start) / 1000);
          }
        })();
        """

    {output, 0} = System.cmd(node, ["--jitless", "--no-expose-wasm", "-e", code])
    for line <- String.split(output), do: line |> Float.parse() |> elem(0)
  end

  defp uri do
    url = "https://user@example.com:8080/a/path?query=1#hash"
    {":uri_string.parse", fn -> Measure.repeat(fn -> :uri_string.parse(url) end) end}
  end

  defp sha256(bytes),
    do: {":crypto.hash", fn -> Measure.repeat(fn -> :crypto.hash(:sha256, bytes) end) end}

  defp copy(bytes), do: {":binary.copy", fn -> Measure.repeat(fn -> :binary.copy(bytes) end) end}

  defp base64(bytes),
    do: {"Base.encode64", fn -> Measure.repeat(fn -> Base.encode64(bytes) end) end}

  defp external do
    objects = for id <- 0..9_999, do: %{"id" => id, "name" => "object #{id}"}

    {"term_to_binary and back",
     fn -> Measure.repeat(fn -> :erlang.binary_to_term(:erlang.term_to_binary(objects)) end) end}
  end
end
