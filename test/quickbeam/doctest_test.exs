defmodule QuickBEAM.DoctestTest do
  use ExUnit.Case, async: true

  doctest QuickBEAM
  doctest QuickBEAM.Cover
  doctest QuickBEAM.Runtime
  doctest QuickBEAM.Context
  doctest QuickBEAM.ContextPool
  doctest QuickBEAM.Pool
  doctest QuickBEAM.Telemetry
end
