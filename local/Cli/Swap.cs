using System.Diagnostics;
using System.Security.Cryptography;
using System.Text;
using DaprShop.Local.Configuration;
using DaprShop.Local.Hosting;

namespace DaprShop.Local.Cli;

/// <summary>
/// Another implementation of a service, in a folder of its own beside it: <c>services/shipping-node</c> is <c>--swap shipping=node</c>.
/// Its <c>swap.yaml</c> says how to start it; app id, ports and components stay those of the service.
/// </summary>
internal static class Swap
{
    public const string FileName = "swap.yaml";

    private static readonly TimeSpan s_buildPatience = TimeSpan.FromMinutes(5);
    private static readonly TimeSpan s_lookAgain = TimeSpan.FromMilliseconds(200);

    /// <summary>The app with the command, folder and variables of the other implementation.</summary>
    /// <exception cref="ConfigurationError">There is none of that name, its file is wrong, or a tool it needs is missing.</exception>
    public static RunFileApp For(RunFileApp app, string name, bool mayBuild)
    {
        var folder = Path.Combine(Path.GetDirectoryName(app.Directory)!, $"{app.AppId}-{name}");
        var file = Path.Combine(folder, FileName);
        if (!File.Exists(file)) throw new ConfigurationError($"--swap {app.AppId}={name}: {YamlMap.DisplayName(file)} does not exist");
        if (YamlMap.ReadFile(file) is not [var swap])
            throw new ConfigurationError($"{YamlMap.DisplayName(file)}:1: a swap file is one YAML document");
        swap.Only("command", "env", "needs", "build", "makes", "from");
        var command = swap.Texts("command");
        if (command.Count == 0) throw swap.Error("command", "'command' is required");
        RequireTool(swap, "command", command[0], folder);
        Build(swap, folder, mayBuild);
        var environment = new Dictionary<string, string>(app.Environment);
        foreach (var (key, value) in swap.TextMap("env")) environment[key] = value;
        return app with { Directory = folder, Command = command, Environment = environment, Source = swap.Source };
    }

    /// <summary>Runs <c>build</c> when what it <c>makes</c> is not there, or older than what it is made <c>from</c>.</summary>
    private static void Build(YamlMap swap, string folder, bool mayBuild)
    {
        var build = swap.Texts("build");
        if (build.Count == 0) return;
        var product = swap.RequiredText("makes");
        var path = Path.Combine(folder, product);
        var from = swap.Texts("from");
        bool IsBuilt() => Path.Exists(path) && (!mayBuild || IsUpToDate(path, folder, from));
        if (IsBuilt()) return;
        if (!mayBuild) throw swap.Error("makes", $"{product} is not there; run '{string.Join(' ', build)}', or leave out --no-build");
        RequireTool(swap, "build", build[0], folder);
        using var alone = BuildLock(folder);
        // Somebody else may have built it meanwhile.
        if (IsBuilt()) return;
        Console.WriteLine($"{YamlMap.DisplayName(folder)}: {string.Join(' ', build)}");
        if (!Builds.Succeeds(build, folder)) throw swap.Error("build", $"'{string.Join(' ', build)}' failed; see above");
    }

    private static bool IsUpToDate(string product, string folder, IEnumerable<string> from)
    {
        var made = File.GetLastWriteTimeUtc(product);
        return from.Select(name => Path.Combine(folder, name))
            .SelectMany(path => Directory.Exists(path) ? Directory.EnumerateFiles(path, "*", SearchOption.AllDirectories) : [path])
            .All(file => File.GetLastWriteTimeUtc(file) <= made);
    }

    /// <summary>One build of a folder at a time, whoever asks for it; others wait, and look: a file's release is told to nobody.</summary>
    /// <exception cref="IOException">The file cannot be had, even after longer than a build takes.</exception>
    private static FileStream BuildLock(string folder)
    {
        var asked = Stopwatch.GetTimestamp();
        var name = $"daprshop-build-{Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(folder)).AsSpan(0, 8))}.lock";
        while (true)
        {
            try
            {
                return new FileStream(Path.Combine(Path.GetTempPath(), name), FileMode.OpenOrCreate, FileAccess.Write, FileShare.None);
            }
            catch (IOException) when (Stopwatch.GetElapsedTime(asked) < s_buildPatience)
            {
                Thread.Sleep(s_lookAgain);
            }
        }
    }

    private static void RequireTool(YamlMap swap, string key, string tool, string folder)
    {
        if (IsPath(tool) ? File.Exists(Path.Combine(folder, tool)) : Programs.Find(tool) is not null) return;
        var needs = swap.Text("needs") is { } hint ? $": {hint}" : "";
        throw swap.Error(key, $"'{tool}' is not installed{needs}");
    }

    private static bool IsPath(string tool) => tool.AsSpan().ContainsAny('/', '\\');
}
