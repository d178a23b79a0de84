defmodule QuickBEAM.Beam.Child do
  @moduledoc false
  # A runtime that JavaScript has started: with its starter's options, at most its starter's grants,
  # and on the same pool if the starter is in one.
  #
  # Its parent is the process that owns the starter. That process traps exits, so the end of a child is
  # not its own; and as an OTP process ends with its parent, no child outlives its starter. The
  # process is there at once; its script runs after that, and a script that fails ends it.

  use GenServer

  alias QuickBEAM.{JSError, Options, Owner}
  alias QuickBEAM.Beam.{Scripts, Services}
  alias QuickBEAM.Options.Grants

  @doc """
  Starts a child of `owner`'s realm, linked to the calling process, which is the owner's. `blob` is as for `start_worker/4`.
  """
  @spec start(String.t(), {String.t(), String.t()} | nil, map(), Owner.t()) ::
          {:ok, pid()} | {:error, Services.failure()}
  def start(script, blob, options, owner) do
    with {:ok, given} <- options(options, owner.options.allow),
         {:ok, script} <- Scripts.of_child(script, blob, owner.options.allow) do
      start_owner(%{inherited(owner.options, given) | script: script}, owner)
    end
  end

  @typedoc """
  A worker: its name, `"classic"` or `"module"`, the token by which its realm claims its end of the pipe, and the listener of
  its parent that gets the errors which nothing in it catches.
  """
  @type worker :: %{
          name: String.t(),
          type: String.t(),
          token: integer(),
          listener: integer(),
          parent: pid()
        }

  @doc """
  Starts a worker of `owner`'s realm with the script at `url`; `blob` is its text and type if it is at a `blob:` URL of that realm.
  """
  @spec start_worker(String.t(), {String.t(), String.t()} | nil, worker(), Owner.t()) ::
          {:ok, pid()} | {:error, Services.failure()}
  def start_worker(url, blob, worker, owner) do
    with {:ok, script} <- Scripts.of_worker(url, blob, owner.options.allow) do
      options = %{inherited(owner.options, %{}) | script: {:worker, worker, script}}
      start_owner(options, owner)
    end
  end

  # It sets its realm up after this returns.
  defp start_owner(options, %{placement: placement, family: family}) do
    server_options = if options.name, do: [name: options.name], else: []
    parent = self()

    # A function, as a crash report shows it: what handlers close over and what is defined is nothing for a log.
    start = fn -> {parent, options.script, Owner.start(options, placement, family)} end

    case GenServer.start_link(__MODULE__, start, server_options) do
      {:ok, pid} -> {:ok, pid}
      {:error, {:already_started, _pid}} -> taken(options.name)
    end
  end

  @impl true
  def init(start), do: {:ok, nil, {:continue, start}}

  @impl true
  def handle_continue(start, nil) do
    case start.() do
      {_parent, _script, {:ok, owner}} -> {:noreply, owner}
      {parent, script, {:error, reason}} -> fail(parent, script, exit_reason(reason))
    end
  end

  @impl true
  def handle_call({:reset, parent}, from, owner),
    do: {:noreply, Owner.reset(owner, from, parent)}

  @impl true
  def handle_info(message, owner), do: Owner.handle_info(message, owner)

  @impl true
  def terminate(_reason, nil), do: :ok
  def terminate(_reason, owner), do: Owner.stop(owner)

  # A start that failed is no longer linked to the parent, which has not waited for it here.
  defp fail(parent, script, reason) do
    Process.link(parent)
    # The parent of a worker has an event for this, and need not read it in the log.
    {:stop, if(match?({:worker, _, _}, script), do: {:shutdown, reason}, else: reason), nil}
  end

  defp exit_reason(%JSError{} = error), do: {:quickbeam_dead, error}

  defp exit_reason({:script_not_found, path, posix}) do
    message = "the script #{inspect(path)} cannot be read: #{:file.format_error(posix)}"
    {:quickbeam_dead, %JSError{name: "NotFoundError", message: message}}
  end

  # It was stopped while its script ran.
  defp exit_reason(reason), do: reason

  defp taken({:via, Registry, {_registry, name}}) do
    Services.failure("InvalidStateError", "Beam.spawn: the name #{inspect(name)} is taken")
  end

  @doc "The options of a child: those of its starter, without what is the starter's own."
  @spec inherited(Options.t(), map()) :: Options.t()
  def inherited(options, given),
    do: Map.merge(%{options | name: nil, id: nil, define: %{}, script: nil}, given)

  # What the script may say: a map with the keys "name", "allow" and "define".
  defp options(options, allow) when is_map(options) and not is_struct(options) do
    Enum.reduce_while(options, {:ok, %{}}, fn {key, value}, {:ok, given} ->
      case option(key, value, allow) do
        {:ok, key, value} -> {:cont, {:ok, Map.put(given, key, value)}}
        {:error, message} -> {:halt, Services.failure("TypeError", "Beam.spawn: #{message}")}
      end
    end)
  end

  defp options(_other, _allow),
    do: Services.failure("TypeError", "Beam.spawn: the options are not an object")

  defp option("name", name, _allow) when is_binary(name) and byte_size(name) in 1..255,
    do: {:ok, :name, {:via, Registry, {QuickBEAM.Registry, name}}}

  defp option("name", _name, _allow), do: {:error, "the name is not a string of 1 to 255 bytes"}

  defp option("allow", wanted, allow) do
    with {:ok, grants} <- Grants.narrow(allow, wanted), do: {:ok, :allow, grants}
  end

  defp option("define", define, _allow) when is_map(define) do
    if Enum.all?(define, fn {name, _value} -> is_binary(name) and name != "" end),
      do: {:ok, :define, define},
      else: {:error, "define has a name that is not a string"}
  end

  defp option("define", _define, _allow), do: {:error, "define is not an object"}

  defp option(key, _value, _allow),
    do: {:error, "there is no option #{inspect(key)}; there is name, allow and define"}
end
