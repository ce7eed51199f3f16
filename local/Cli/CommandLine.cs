using System.Globalization;
using DaprShop.Local.Hosting;

namespace DaprShop.Local.Cli;

/// <summary>What the command line asks for.</summary>
public sealed record CommandLine
{
    public bool Help { get; init; }

    /// <summary>App ids to run; null for all.</summary>
    public IReadOnlyList<string>? Only { get; init; }

    /// <summary><c>nginx</c>, <c>builtin</c>, <c>none</c>; null for nginx when it is installed.</summary>
    public string? Gateway { get; init; }

    /// <summary>The gateway's port.</summary>
    public int? Port { get; init; }

    /// <summary>Null for <c>data/</c> beside the run file.</summary>
    public string? Data { get; init; }

    /// <summary>Host and port of the Redis for components of its types; null embeds them.</summary>
    public string? Redis { get; init; }

    /// <summary>Throw the data away first.</summary>
    public bool Fresh { get; init; }

    public bool NoBuild { get; init; }

    /// <summary>Null for the <c>dapr.yaml</c> of this folder or the closest one above.</summary>
    public string? RunFile { get; init; }

    /// <summary>Instead of the run file's resource folders.</summary>
    public string? ResourcesPath { get; init; }

    /// <summary>Every port a free one, whatever the run file says.</summary>
    public bool RandomPorts { get; init; }

    /// <summary>A fault file; null for none.</summary>
    public string? Faults { get; init; }

    /// <summary>Where the running shop can be told to change; null for nowhere.</summary>
    public int? Control { get; init; }

    /// <summary>The dashboard's port; null for the usual one, 0 for no dashboard.</summary>
    public int? Dashboard { get; init; }

    /// <summary>App id → how many replicas, where it is not one.</summary>
    public IReadOnlyDictionary<string, int> Scale { get; init; } = new Dictionary<string, int>();

    /// <summary>Apps that live in the runtime's own process; empty for none.</summary>
    public IReadOnlyList<string> InProcess { get; init; } = [];

    /// <summary>Services call each other without sidecars.</summary>
    public bool Direct { get; init; }

    /// <summary>Service → the other implementation to run.</summary>
    public IReadOnlyDictionary<string, string> Swap { get; init; } = new Dictionary<string, string>();

    /// <summary>Debug or Release builds of the services; null for that of the runtime itself.</summary>
    public string? Configuration { get; init; }
}

/// <summary>Reads the command line: a table of flags.</summary>
public static class CommandLineParser
{
    public const string Usage = """
        Runs the shop on this machine: every service beside a sidecar, and the gateway in front.

        usage: dotnet run --project local [-- flags]

          --only a,b                  run these apps only
          --scale payment=3           so many replicas; again, or with commas, for other apps
          --in-process[=a,b|all]      these apps in the runtime's own process (default: all)
          --direct                    services call each other straight, to see what their sidecars cost
          --swap shipping=node        another implementation: services/shipping-node
          --gateway nginx|builtin|none  what listens on the shop's port (default: nginx when it is installed)
          --port N                    the shop's port (default 8080)
          --data DIR                  where state, messages and logs are kept (default: data/)
          --redis HOST:PORT           this Redis for state, pubsub, configuration and lock components (default: embedded)
          --fresh                     throw the data away first
          --no-build                  refuse to start a service that is not built
          --run-file FILE             the apps to run (default: dapr.yaml, here or above)
          --resources-path DIR        component files instead of those the run file names
          --dashboard N|none          what it looks like inside (default: http://localhost:8081)
          --random-ports              free ports everywhere, whatever the run file says
          --configuration NAME        Debug or Release services (default: as the runtime itself)
          --faults FILE               let things go wrong as the file says, to see that nothing is lost
          --control N                 change it while it runs: http://127.0.0.1:N/apps and /faults
          --help                      this text
        """;

    /// <summary>Stands for every app.</summary>
    public const string All = "all";

    private static readonly Dictionary<string, Func<CommandLine, string, CommandLine>> s_valued = new(StringComparer.Ordinal)
    {
        ["--only"] = (line, value) => line with { Only = List("--only", value) },
        ["--gateway"] = (line, value) => line with { Gateway = OneOf("--gateway", value, "nginx", "builtin", "none") },
        ["--port"] = (line, value) => line with { Port = Port(value) },
        ["--scale"] = (line, value) => line with { Scale = Merged(line.Scale, Pairs("--scale", value), Count) },
        ["--swap"] = (line, value) => line with { Swap = Merged(line.Swap, Pairs("--swap", value), (_, name) => name) },
        ["--dashboard"] = (line, value) => line with { Dashboard = value == "none" ? 0 : Port(value, "--dashboard") },
        ["--control"] = (line, value) => line with { Control = Port(value, "--control") },
        ["--data"] = (line, value) => line with { Data = value },
        ["--redis"] = (line, value) => line with { Redis = Server("--redis", value) },
        ["--faults"] = (line, value) => line with { Faults = value },
        ["--run-file"] = (line, value) => line with { RunFile = value },
        ["--resources-path"] = (line, value) => line with { ResourcesPath = value },
        ["--configuration"] = (line, value) => line with { Configuration = OneOf("--configuration", value, "Debug", "Release") },
    };

    private static readonly Dictionary<string, Func<CommandLine, CommandLine>> s_switches = new(StringComparer.Ordinal)
    {
        ["--fresh"] = line => line with { Fresh = true },
        ["--direct"] = line => line with { Direct = true },
        ["--no-build"] = line => line with { NoBuild = true },
        ["--random-ports"] = line => line with { RandomPorts = true },
        ["--help"] = line => line with { Help = true },
        ["-h"] = line => line with { Help = true },
    };

    /// <summary>Flags whose value may be left out, and then is this; a value comes after <c>=</c>.</summary>
    private static readonly Dictionary<string, (string Value, Func<CommandLine, string, CommandLine> Take)> s_optional = new()
    {
        ["--in-process"] = (All, (line, value) => line with { InProcess = [.. line.InProcess, .. List("--in-process", value)] }),
    };

    /// <exception cref="UsageError">An unknown flag, a value that it cannot have, or flags that do not go together.</exception>
    public static CommandLine Parse(IReadOnlyList<string> arguments)
    {
        var line = new CommandLine();
        for (var i = 0; i < arguments.Count; i++)
        {
            var (flag, value) = arguments[i].Split('=', 2) is [var name, var given] ? (name, given) : (arguments[i], null);
            if (s_switches.TryGetValue(flag, out var set) && value is null) line = set(line);
            else if (s_optional.TryGetValue(flag, out var optional)) line = optional.Take(line, value ?? optional.Value);
            else if (s_valued.TryGetValue(flag, out var take)) line = take(line, ValueOf(flag, value ?? Next(arguments, ++i)));
            else throw new UsageError($"unknown flag {arguments[i]}");
        }
        if (line is { Direct: true } and not { Scale.Count: 0, Control: null, Faults: null })
            throw new UsageError("--direct: not with --scale, --control or --faults, which work in the sidecars that it passes by");
        return line;
    }

    private static string? Next(IReadOnlyList<string> arguments, int i) =>
        i < arguments.Count && !arguments[i].StartsWith("--", StringComparison.Ordinal) ? arguments[i] : null;

    private static string ValueOf(string flag, string? value) =>
        string.IsNullOrEmpty(value) ? throw new UsageError($"{flag} needs a value") : value;

    private static string Server(string flag, string value) =>
        value.Split(':') is [{ Length: > 0 }, var port] && int.TryParse(port, out var number) && number is > 0 and <= ushort.MaxValue
            ? value
            : throw new UsageError($"{flag} {value}: write host:port");

    private static string[] List(string flag, string value) =>
        value.Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries) is { Length: > 0 } items
            ? items
            : throw new UsageError($"{flag} needs a value");

    private static IEnumerable<(string App, string Value)> Pairs(string flag, string value) => List(flag, value).Select(pair =>
        pair.Split('=') is [{ Length: > 0 } app, { Length: > 0 } given]
            ? (app, given)
            : throw new UsageError($"{flag} {value}: write app=value"));

    private static Dictionary<string, T> Merged<T>(
        IReadOnlyDictionary<string, T> before, IEnumerable<(string App, string Value)> pairs, Func<string, string, T> read)
    {
        var all = new Dictionary<string, T>(before);
        foreach (var (app, value) in pairs) all[app] = read(app, value);
        return all;
    }

    private static int Count(string app, string value) =>
        int.TryParse(value, NumberStyles.None, CultureInfo.InvariantCulture, out var count) && count is >= 1 and <= Fleet.MaxReplicas
            ? count
            : throw new UsageError($"--scale {app}={value}: a number from 1 to {Fleet.MaxReplicas}");

    private static int Port(string value, string flag = "--port") => int.TryParse(value, out var port) && port is > 0 and <= ushort.MaxValue
        ? port
        : throw new UsageError($"{flag} {value}: a number from 1 to {ushort.MaxValue}");

    private static string OneOf(string flag, string value, params string[] choices) => choices.Contains(value)
        ? value
        : throw new UsageError($"{flag} {value}: choose {string.Join(", ", choices)}");
}

/// <summary>The command line cannot be understood; one line for the person who typed it.</summary>
public sealed class UsageError(string message) : Exception(message);
