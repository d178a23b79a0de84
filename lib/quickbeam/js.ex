defmodule QuickBEAM.JS do
  @moduledoc """
  TypeScript and JSX, bundling, minifying, and what a source imports. None of it runs JavaScript or needs a
  runtime.

      iex> QuickBEAM.JS.transform("const n: number = 1", "n.ts")
      {:ok, "const n = 1;\\n"}

  A source is JavaScript, TypeScript or either with JSX, as the extension of its file name tells: `.js`, `.mjs`, `.cjs`,
  `.ts`, `.mts`, `.cts`, `.jsx`, `.tsx`; TypeScript for any other and for none. Types are removed, not checked.

  Functions return `{:error, errors}` with a list of `QuickBEAM.JS.Error`, never empty, each with file, line, column and
  a code frame. The variants with a bang raise the first of them. An unknown option raises an `ArgumentError` that names it.

  Sources may come from strangers. An error, and never the end of the VM, are: more than 64 MB, more than 1,000 brackets in each
  other, more than 5,000 levels of syntax, a file with JSX of more than 200 KB, and whatever goes wrong in the tools
  below. The time that a source takes is not limited and may grow with the square of its nesting, so limit the size
  of what strangers send.
  """

  alias QuickBEAM.JS.{Error, Options}
  alias QuickBEAM.Native

  @typedoc "The code; with `sourcemap: true` a map with the code and the source map, version 3, as JSON."
  @type output :: String.t() | %{code: String.t(), map: String.t()}

  @typedoc false
  @type script :: %{
          code: String.t(),
          map: String.t(),
          kind: :script | :module,
          covered: [%{id: integer(), name: String.t(), lines: [pos_integer()]}]
        }

  @type errors :: {:error, [Error.t(), ...]}

  @doc """
  Transforms TypeScript and JSX to JavaScript.

  A source that imports and exports no values comes out as a script, without `import` and `export`.

  Options:

  #{Options.docs(:transform)}

  ## Examples

      iex> QuickBEAM.JS.transform("let a = <b>c</b>", "a.jsx", jsx: :classic, jsx_factory: "h")
      {:ok, "let a = /* @__PURE__ */ h(\\"b\\", null, \\"c\\");\\n"}

      iex> {:ok, %{code: code, map: map}} = QuickBEAM.JS.transform("let a: B", "a.ts", sourcemap: true)
      iex> {code, map =~ ~s("sources":["a.ts"])}
      {"let a;\\n", true}

      iex> {:error, [error]} = QuickBEAM.JS.transform("let a: = 1", "a.ts")
      iex> {error.message, error.line, error.column}
      {"Unexpected token", 1, 8}
  """
  @spec transform(String.t(), String.t(), keyword()) :: {:ok, output()} | errors()
  def transform(source, filename \\ "input.ts", options \\ []) do
    native = named(Options.validate!(:transform, options), filename)
    result(Native.toolchain_transform(source!(source), native), options)
  end

  @doc """
  As `transform/3`, but raises.

      iex> QuickBEAM.JS.transform!("enum A { B }; A.B satisfies A", "a.ts") =~ "enum"
      false
  """
  @spec transform!(String.t(), String.t(), keyword()) :: output()
  def transform!(source, filename \\ "input.ts", options \\ []),
    do: bang(transform(source, filename, options))

  @doc """
  Minifies JavaScript.

  What the top level of a script declares stays as it is, as it is global: other scripts may read and change it.

  Options:

  #{Options.docs(:minify)}

  ## Examples

      iex> QuickBEAM.JS.minify("function add(left, right) { return left + right }", "add.js")
      {:ok, "function add(e,t){return e+t}"}

      iex> {:error, [error]} = QuickBEAM.JS.minify("let a: number", "a.js")
      iex> error.line
      1
  """
  @spec minify(String.t(), String.t(), keyword()) :: {:ok, output()} | errors()
  def minify(source, filename \\ "input.js", options \\ []) do
    native = named(Options.validate!(:minify, options), filename)
    result(Native.toolchain_minify(source!(source), native), options)
  end

  @doc """
  As `minify/3`, but raises.

      iex> QuickBEAM.JS.minify!("let a  =  1 + 2", "a.js")
      "let a=3;"
  """
  @spec minify!(String.t(), String.t(), keyword()) :: output()
  def minify!(source, filename \\ "input.js", options \\ []),
    do: bang(minify(source, filename, options))

  @doc """
  Bundles sources, given as `{name, source}`, into one. Nothing is read from disk.

  A name is a path, such as `"src/app.ts"`; sources import each other by relative path, with or without extension, or by
  a name as it stands. Code that nothing uses is left out.

  Options:

  #{Options.docs(:bundle)}

  ## Examples

      iex> files = [{"main.ts", "import { n } from './n'; globalThis.n = n"}, {"n.ts", "export const n: number = 1"}]
      iex> {:ok, code} = QuickBEAM.JS.bundle(files, minify: true)
      iex> code =~ "globalThis.n=1"
      true

      iex> {:error, [error]} = QuickBEAM.JS.bundle([{"main.ts", "import './lost'"}])
      iex> {error.message, error.file, error.line, error.column}
      {"Could not resolve './lost': not among the files", "main.ts", 1, 8}
  """
  @spec bundle([{String.t(), String.t()}], keyword()) :: {:ok, output()} | errors()
  def bundle(files, options \\ []) do
    unless is_list(files),
      do: raise(ArgumentError, "files must be a list, got: #{inspect(files)}")

    for file <- files, not file?(file) do
      raise ArgumentError, "a file must be {name, source}, both strings, got: #{inspect(file)}"
    end

    result(Native.toolchain_bundle(files, Options.validate!(:bundle, options)), options)
  end

  @doc """
  As `bundle/2`, but raises.

      iex> QuickBEAM.JS.bundle!([{"a.ts", "export const a: number = 1"}], entry: "a.ts", format: :esm)
      "const a = 1;\\nexport { a };\\n"
  """
  @spec bundle!([{String.t(), String.t()}], keyword()) :: output()
  def bundle!(files, options \\ []), do: bang(bundle(files, options))

  @doc """
  Bundles a file with all that it imports, from disk and `node_modules`: TypeScript, JSX, ES modules, CommonJS and JSON, by
  the rules of Node.js and `tsconfig.json`.

  Errors and the source map call files by their path relative to the current directory if `path` is relative, else
  by their absolute path.

  Options:

  #{Options.docs(:bundle_file)}

  ## Examples

      iex> path = Path.join(System.tmp_dir!(), "bundle_file_doctest.ts")
      iex> File.write!(path, "const greeting: string = 'hello'; globalThis.greet = () => greeting")
      iex> {:ok, code} = QuickBEAM.JS.bundle_file(path)
      iex> code =~ "globalThis.greet ="
      true

      iex> {:error, [error]} = QuickBEAM.JS.bundle_file("no/such/file.ts")
      iex> Exception.message(error)
      "no/such/file.ts: cannot be read: No such file or directory (os error 2)"
  """
  @spec bundle_file(Path.t(), keyword()) :: {:ok, output()} | errors()
  def bundle_file(path, options \\ []) do
    native = Options.validate!(:bundle_file, options)
    result(Native.toolchain_bundle_file(path!(path), Map.put(native, :entry, nil)), options)
  end

  @doc """
  As `bundle_file/2`, but raises.

      iex> QuickBEAM.JS.bundle_file!("/")
      ** (QuickBEAM.JS.Error) /: is a directory
  """
  @spec bundle_file!(Path.t(), keyword()) :: output()
  def bundle_file!(path, options \\ []), do: bang(bundle_file(path, options))

  @doc false
  # What a runtime runs at its start: a file that imports nothing as it stands, so that what it
  # declares is global; any other as a bundle. Always with a source map, and whether the code is a
  # script or a module; with `cover?`, also with the files whose lines it counts.
  @spec script_file(Path.t(), boolean()) :: {:ok, script()} | errors()
  def script_file(path, cover?) do
    native = Options.validate!(:bundle_file, format: :auto, sourcemap: true)
    native = Map.merge(native, %{entry: nil, cover: cover?})
    failures(Native.toolchain_script_file(path!(path), native))
  end

  @doc false
  # As `script_file/2`, for a text that stands alone, where JSX cannot import what it calls.
  @spec script_source(String.t(), String.t(), boolean()) :: {:ok, script()} | errors()
  def script_source(source, filename, cover?) do
    native = Options.validate!(:transform, sourcemap: true, jsx: :classic)
    native = %{named(native, filename) | cover: cover?}
    failures(Native.toolchain_transform(source, native))
  end

  @doc false
  # JavaScript that runs as it stands, but counts its lines; its value stays what it is.
  @spec count_lines(String.t(), String.t()) ::
          {:ok, {String.t(), Native.covered()}} | errors()
  def count_lines(source, filename),
    do: failures(Native.toolchain_count_lines(source, filename))

  @doc """
  The specifiers that a source imports, in its order, each once: of `import` and `export … from`, and of `import()` and
  `require()` with a string. Imports of types alone are left out.

      iex> QuickBEAM.JS.imports("import a from './a'; import type B from './b'; export * from 'c'; import('d')")
      {:ok, ["./a", "c", "d"]}
  """
  @spec imports(String.t(), String.t()) :: {:ok, [String.t()]} | errors()
  def imports(source, filename \\ "input.ts") do
    case failures(Native.toolchain_imports(source!(source), filename!(filename))) do
      {:ok, specifiers} -> {:ok, Enum.uniq(specifiers)}
      error -> error
    end
  end

  @doc """
  As `imports/2`, but raises.

      iex> QuickBEAM.JS.imports!("const fs = require('fs')", "a.cjs")
      ["fs"]
  """
  @spec imports!(String.t(), String.t()) :: [String.t()]
  def imports!(source, filename \\ "input.ts"), do: bang(imports(source, filename))

  @doc """
  Whether a source is valid.

      iex> QuickBEAM.JS.valid?("let a: number = await b")
      true
      iex> QuickBEAM.JS.valid?("let a: number", "a.js")
      false
  """
  @spec valid?(String.t(), String.t()) :: boolean()
  def valid?(source, filename \\ "input.ts"),
    do: Native.toolchain_valid(source!(source), filename!(filename))

  defp named(native, filename), do: Map.put(native, :filename, filename!(filename))

  defp source!(source) when is_binary(source), do: source

  defp source!(other),
    do: raise(ArgumentError, "a source must be a string, got: #{inspect(other)}")

  defp filename!(filename) when is_binary(filename) do
    if String.valid?(filename),
      do: filename,
      else: raise(ArgumentError, "a file name must be valid UTF-8, got: #{inspect(filename)}")
  end

  defp filename!(other),
    do: raise(ArgumentError, "a file name must be a string, got: #{inspect(other)}")

  defp path!(path) when is_binary(path) or is_list(path) do
    case path |> IO.chardata_to_string() |> filename!() do
      "" -> no_path!(path)
      path -> path
    end
  end

  defp path!(other), do: no_path!(other)

  defp no_path!(other),
    do:
      raise(
        ArgumentError,
        "the path of a file must be a string, and not empty, got: #{inspect(other)}"
      )

  defp file?({name, source}), do: is_binary(name) and String.valid?(name) and is_binary(source)
  defp file?(_other), do: false

  defp result({:ok, output}, options) do
    if Keyword.get(options, :sourcemap, false),
      do: {:ok, Map.take(output, [:code, :map])},
      else: {:ok, output.code}
  end

  defp result(error, _options), do: failures(error)

  defp failures({:error, failures}), do: {:error, Enum.map(failures, &struct!(Error, &1))}
  defp failures(ok), do: ok

  defp bang({:ok, value}), do: value
  defp bang({:error, [error | _]}), do: raise(error)
end
