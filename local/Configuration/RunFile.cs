using DaprShop.Local.AppHealth;

namespace DaprShop.Local.Configuration;

/// <summary>
/// A run file (<c>dapr.yaml</c>), as <c>dapr run -f</c> reads it: the same keys, the same precedence, the same meaning of relative paths.
/// Unlike there, unknown and mistyped keys are errors.
/// </summary>
/// <param name="Path">Absolute.</param>
/// <param name="Name">The file's <c>name</c>, or its folder's.</param>
/// <param name="Apps">In the file's order.</param>
public sealed record RunFile(string Path, string Name, IReadOnlyList<RunFileApp> Apps)
{
    public const string DefaultName = "dapr.yaml";

    public string Folder => System.IO.Path.GetDirectoryName(Path)!;

    /// <summary>Reads the file, or the <c>dapr.yaml</c> of a folder.</summary>
    public static RunFile Read(string path)
    {
        var file = System.IO.Path.GetFullPath(Directory.Exists(path) ? System.IO.Path.Combine(path, DefaultName) : path);
        var name = YamlMap.DisplayName(file);
        if (!File.Exists(file)) throw new ConfigurationError($"{name}: the run file does not exist; name one with --run-file");
        return YamlMap.ReadFile(file) is [var document]
            ? RunFileParser.Parse(document, file)
            : throw new ConfigurationError($"{name}:1: a run file is one YAML document");
    }
}

/// <summary>One app of a run file, what it shares with others already folded in. Ports are 0 where a free one may be taken.</summary>
/// <param name="AppId">Its <c>appID</c>, or the name of its folder.</param>
/// <param name="Directory">Where its command runs; absolute.</param>
/// <param name="AppPort">Where the app listens.</param>
/// <param name="DaprHttpPort">Its sidecar's HTTP API.</param>
/// <param name="DaprGrpcPort">Its sidecar's gRPC API.</param>
/// <param name="Command">Program and arguments; empty for a sidecar without an app.</param>
/// <param name="Environment">Variables for the command.</param>
/// <param name="ResourcesPaths">Folders of component files; absolute.</param>
/// <param name="ConfigFile">The Dapr configuration; absolute.</param>
/// <param name="Source">File and line.</param>
public sealed record RunFileApp(
    string AppId, string Directory, int AppPort, int DaprHttpPort, int DaprGrpcPort, IReadOnlyList<string> Command,
    IReadOnlyDictionary<string, string> Environment, IReadOnlyList<string> ResourcesPaths, string? ConfigFile, string Source)
{
    /// <summary>Where what is asked of its sidecar is told, as numbers.</summary>
    public int MetricsPort { get; init; }

    /// <summary><c>http</c> or <c>grpc</c>.</summary>
    public string Protocol { get; init; } = "http";

    /// <summary>How the app is asked whether it is well; null without <c>enableAppHealthCheck</c>.</summary>
    public HealthCheck? HealthCheck { get; init; }
}
