[
  inputs: [
    "{mix,.formatter}.exs",
    "{lib,test,bench,script}/**/*.{ex,exs}",
    "examples/*/*.{ex,exs}",
    "examples/*/lib/**/*.{ex,exs}",
    "apis/*/{lib,test}/**/*.{ex,exs}"
  ]
]
