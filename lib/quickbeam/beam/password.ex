defmodule QuickBEAM.Beam.Password do
  @moduledoc false
  # Password hashes: PBKDF2 with HMAC-SHA-256 (RFC 8018) as PHC strings,
  # `$pbkdf2-sha256$i=600000,l=32$salt$hash`. The crypto library computes them on a dirty scheduler.

  @salt_bytes 16
  @hash_bytes 32
  @max_iterations 10_000_000

  @doc "The hash of `password` with a fresh salt."
  @spec hash(String.t(), pos_integer()) :: String.t()
  def hash(password, iterations) do
    salt = :crypto.strong_rand_bytes(@salt_bytes)
    hash = derive(password, salt, iterations, @hash_bytes)
    "$pbkdf2-sha256$i=#{iterations},l=#{@hash_bytes}$#{encode(salt)}$#{encode(hash)}"
  end

  @doc "Whether `phc` is a hash of `password`; false for what is no hash at all."
  @spec verify?(String.t(), String.t()) :: boolean()
  def verify?(password, phc) do
    with ["", "pbkdf2-sha256", parameters, salt, hash] <- String.split(phc, "$"),
         {:ok, iterations} <- iterations(parameters),
         {:ok, salt} <- Base.decode64(salt, padding: false),
         {:ok, hash} when byte_size(hash) in 16..64 <- Base.decode64(hash, padding: false) do
      :crypto.hash_equals(derive(password, salt, iterations, byte_size(hash)), hash)
    else
      _other -> false
    end
  end

  defp iterations(parameters) do
    with ["i=" <> digits | _rest] <- String.split(parameters, ","),
         {iterations, ""} when iterations in 1..@max_iterations <- Integer.parse(digits) do
      {:ok, iterations}
    end
  end

  defp derive(password, salt, iterations, bytes),
    do: :crypto.pbkdf2_hmac(:sha256, password, salt, iterations, bytes)

  defp encode(bytes), do: Base.encode64(bytes, padding: false)
end
