using System.Globalization;

namespace DaprShop.Bench;

/// <summary>What to measure, and how.</summary>
public sealed record BenchOptions
{
    public const string Usage = """
        usage: bench checkout|browse|mixed|growth [--clients N] [--seconds S] [--warmup S] [--url U] [--only list|detail] [--products N]
                     [--report FILE] [--pid-root PID] [--start "COMMAND"]
               bench growth --url U --grown U [--sidecar U --orders N] …: two shops, and the HTTP port of the grown one's ordering sidecar
               bench sidecar [--daprd PATH] [--connections 1,16,64] [--only NAME,…] [--seconds S] [--report FILE]: what a sidecar costs
        """;

    /// <summary><c>checkout</c>, <c>browse</c>, <c>mixed</c>, <c>growth</c> or <c>sidecar</c>.</summary>
    public required string Mode { get; init; }

    /// <summary>Each sends its next request when it has the answer to the last.</summary>
    public int Clients { get; init; } = 16;

    public TimeSpan Duration { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>Load before the measurement, for the just-in-time compilers.</summary>
    public TimeSpan Warmup { get; init; } = TimeSpan.FromSeconds(5);

    public Uri Url { get; init; } = new("http://127.0.0.1:8080/");

    /// <summary>For <c>browse</c>: <c>list</c> or <c>detail</c> alone; for <c>sidecar</c>: these operations. Null for all.</summary>
    public string? Only { get; init; }

    /// <summary>For <c>sidecar</c>: real daprd, with placement and scheduler beside it; null to measure the local runtime alone.</summary>
    public string? Daprd { get; init; } = Environment.GetEnvironmentVariable("DAPRD") is { Length: > 0 } path ? path : null;

    /// <summary>For <c>sidecar</c>: how many connections at a time.</summary>
    public IReadOnlyList<int> Connections { get; init; } = [1, 16, 64];

    /// <summary>How many different products are ordered and looked at.</summary>
    public int Products { get; init; } = 50;

    /// <summary>Where the JSON report goes.</summary>
    public string? Report { get; init; }

    /// <summary>The process whose descendants, itself included, are the shop; found by the port of <see cref="Url"/> when null.</summary>
    public int? RootPid { get; init; }

    /// <summary>Starts the shop, measures the time to its first accepted order, and stops it in the end.</summary>
    public string? Start { get; init; }

    /// <summary>For <c>growth</c>: the shop that has a past.</summary>
    public Uri? Grown { get; init; }

    /// <summary>For <c>growth</c>: ordering's sidecar in that shop; null when its past is there already.</summary>
    public Uri? Sidecar { get; init; }

    /// <summary>For <c>growth</c>: how many past orders to add.</summary>
    public int Orders { get; init; } = 100_000;

    /// <exception cref="BenchError">Not understood.</exception>
    public static BenchOptions Parse(string[] args)
    {
        if (args is not ["checkout" or "browse" or "mixed" or "growth" or "sidecar", ..] || args.Length % 2 == 0) throw new BenchError(Usage, 2);
        var options = new BenchOptions { Mode = args[0] };
        // There it is for each operation, number of connections and side.
        if (options.Mode == "sidecar") options = options with { Duration = TimeSpan.FromSeconds(6), Warmup = TimeSpan.FromSeconds(1) };
        for (var i = 1; i < args.Length; i += 2) options = options.With(args[i], args[i + 1]);
        if (options.Mode == "growth" != options.Grown is not null) throw new BenchError(Usage, 2);
        if (options is { Mode: "browse", Only: not (null or "list" or "detail") }) throw Bad("--only", options.Only);
        return options;
    }

    private BenchOptions With(string flag, string value) => flag switch
    {
        "--clients" => this with { Clients = Number(flag, value) },
        "--seconds" => this with { Duration = TimeSpan.FromSeconds(Number(flag, value)) },
        "--warmup" => this with { Warmup = TimeSpan.FromSeconds(Number(flag, value, least: 0)) },
        "--products" => this with { Products = Number(flag, value) },
        "--pid-root" => this with { RootPid = Number(flag, value) },
        "--url" => this with { Url = Address(flag, value) },
        "--grown" => this with { Grown = Address(flag, value) },
        "--sidecar" => this with { Sidecar = Address(flag, value) },
        "--orders" => this with { Orders = Number(flag, value) },
        "--only" => this with { Only = value },
        "--daprd" => this with { Daprd = value },
        "--connections" => this with { Connections = [.. value.Split(',').Select(number => Number(flag, number))] },
        "--report" => this with { Report = value },
        "--start" => this with { Start = value },
        _ => throw new BenchError($"unknown flag {flag}\n{Usage}", 2),
    };

    private static int Number(string flag, string value, int least = 1) =>
        int.TryParse(value, NumberStyles.None, CultureInfo.InvariantCulture, out var number) && number >= least
            ? number
            : throw Bad(flag, value);

    private static Uri Address(string flag, string value) =>
        Uri.TryCreate(value, UriKind.Absolute, out var url) && url.Scheme == Uri.UriSchemeHttp ? url : throw Bad(flag, value);

    private static BenchError Bad(string flag, string value) => new($"{flag} cannot be '{value}'\n{Usage}", 2);
}
