defmodule QuickBEAM.DoctestTest do
  use ExUnit.Case, async: true

  doctest QuickBEAM
  doctest QuickBEAM.Runtime
end
