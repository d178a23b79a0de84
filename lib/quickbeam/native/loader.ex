defmodule QuickBEAM.Native.Loader do
  @moduledoc false
  # Says where the native library lies. The Mix compiler `:quickbeam_nif` has put it there: a
  # precompiled one whose checksum the repository knows, else one built by cargo.

  @doc "The path of the native library without its extension, as `:erlang.load_nif/2` wants it."
  @spec path() :: charlist()
  def path do
    :quickbeam |> Application.app_dir("priv/native/quickbeam_nif") |> String.to_charlist()
  end
end
