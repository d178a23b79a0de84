[
  inputs: [
    "{mix,.formatter}.exs",
    "{lib,test,bench,examples}/**/*.{ex,exs}",
    "apis/*/{lib,test}/**/*.{ex,exs}"
  ]
]
