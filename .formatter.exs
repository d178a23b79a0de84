[
  inputs: [
    "{mix,.formatter}.exs",
    "{lib,test,bench,script}/**/*.{ex,exs}",
    "examples/*/mix.exs",
    "examples/*/lib/**/*.{ex,exs}",
    "apis/*/{lib,test}/**/*.{ex,exs}"
  ]
]
