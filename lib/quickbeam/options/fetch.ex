defmodule QuickBEAM.Options.Fetch do
  @moduledoc false
  # The option `:fetch`: how a realm connects to the network. Declared once, as the options around it.

  import QuickBEAM.Options.Check, only: [all!: 2, must: 2]

  # key: {check, documentation of the default, documentation}
  @options [
    timeout:
      {:timeout, "`:infinity`",
       "milliseconds that a request of `fetch` may take, its body included; it ends in a `TimeoutError`, as does the next"},
    connect_timeout:
      {:timeout, "30,000", "milliseconds that opening a connection may take, TLS included"},
    max_response: {:count, "none", "bytes that a response may have, decoded"},
    cacerts:
      {:cacerts, "`[]`",
       "certificates in DER that are trusted beside the system's, or what `:public_key.cacerts_get/0` returns"},
    proxy:
      {:proxy, "`HTTP_PROXY`, `HTTPS_PROXY`, `ALL_PROXY` and `NO_PROXY` of the environment",
       "`\"http://user:password@host:port\"`, or `false` for none"}
  ]

  @doc "The keys as a Markdown table."
  @spec docs() :: String.t()
  def docs do
    rows = for {key, {_, default, doc}} <- @options, do: "| `:#{key}` | #{doc} | #{default} |\n"
    "| key | meaning | default |\n|---|---|---|\n#{rows}"
  end

  @doc "Checks the value of the option."
  @spec check(term()) :: {:ok, map() | nil} | {:error, String.t()}
  def check(nil), do: {:ok, nil}

  def check(options) when is_list(options) do
    checks = for {key, {check, _, _}} <- @options, do: {key, check}
    {:ok, options |> all!(checks) |> Map.new()}
  rescue
    error in ArgumentError -> {:error, "is wrong: " <> error.message}
  end

  def check(other), do: must("be a keyword list", other)
end
