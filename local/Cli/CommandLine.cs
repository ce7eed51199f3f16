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

    /// <summary>Where faults can be set while the shop runs; null for nowhere.</summary>
    public int? FaultsPort { get; init; }

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
          --gateway nginx|builtin|none  what listens on the shop's port (default: nginx when it is installed)
          --port N                    the shop's port (default 8080)
          --data DIR                  where state, messages and logs are kept (default: data/)
          --fresh                     throw the data away first
          --no-build                  do not look whether the services are built
          --run-file FILE             the apps to run (default: dapr.yaml, here or above)
          --resources-path DIR        component files instead of those the run file names
          --random-ports              free ports everywhere, whatever the run file says
          --configuration NAME        Debug or Release services (default: as the runtime itself)
          --faults FILE               let things go wrong as the file says, to see that nothing is lost
          --faults-port N             the same while it runs: http://127.0.0.1:N/faults
          --help                      this text
        """;

    private static readonly Dictionary<string, Func<CommandLine, string, CommandLine>> s_valued = new(StringComparer.Ordinal)
    {
        ["--only"] = (line, value) => line with { Only = List(value) },
        ["--gateway"] = (line, value) => line with { Gateway = OneOf("--gateway", value, "nginx", "builtin", "none") },
        ["--port"] = (line, value) => line with { Port = Port(value) },
        ["--data"] = (line, value) => line with { Data = value },
        ["--faults"] = (line, value) => line with { Faults = value },
        ["--faults-port"] = (line, value) => line with { FaultsPort = Port(value, "--faults-port") },
        ["--run-file"] = (line, value) => line with { RunFile = value },
        ["--resources-path"] = (line, value) => line with { ResourcesPath = value },
        ["--configuration"] = (line, value) => line with { Configuration = OneOf("--configuration", value, "Debug", "Release") },
    };

    private static readonly Dictionary<string, Func<CommandLine, CommandLine>> s_switches = new(StringComparer.Ordinal)
    {
        ["--fresh"] = line => line with { Fresh = true },
        ["--no-build"] = line => line with { NoBuild = true },
        ["--random-ports"] = line => line with { RandomPorts = true },
        ["--help"] = line => line with { Help = true },
        ["-h"] = line => line with { Help = true },
    };

    private static readonly string[] s_planned = ["--scale", "--swap", "--redis", "--in-process"];

    /// <exception cref="UsageError">An unknown flag, or a value that it cannot have.</exception>
    public static CommandLine Parse(IReadOnlyList<string> arguments)
    {
        var line = new CommandLine();
        for (var i = 0; i < arguments.Count; i++)
        {
            var (flag, value) = arguments[i].Split('=', 2) is [var name, var given] ? (name, given) : (arguments[i], null);
            if (s_switches.TryGetValue(flag, out var set) && value is null) line = set(line);
            else if (s_valued.TryGetValue(flag, out var take)) line = take(line, value ?? Next(arguments, ++i, flag));
            else throw new UsageError(s_planned.Contains(flag) ? $"{flag} is not here yet" : $"unknown flag {arguments[i]}");
        }
        return line;
    }

    private static string Next(IReadOnlyList<string> arguments, int i, string flag) =>
        i < arguments.Count && !arguments[i].StartsWith("--", StringComparison.Ordinal)
            ? arguments[i]
            : throw new UsageError($"{flag} needs a value");

    private static string[] List(string value) => value.Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);

    private static int Port(string value, string flag = "--port") => int.TryParse(value, out var port) && port is > 0 and <= ushort.MaxValue
        ? port
        : throw new UsageError($"{flag} {value}: a number from 1 to {ushort.MaxValue}");

    private static string OneOf(string flag, string value, params string[] choices) => choices.Contains(value)
        ? value
        : throw new UsageError($"{flag} {value}: choose {string.Join(", ", choices)}");
}

/// <summary>The command line cannot be understood; one line for the person who typed it.</summary>
public sealed class UsageError(string message) : Exception(message);
