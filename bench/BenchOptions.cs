using System.Globalization;

namespace DaprShop.Bench;

/// <summary>What to measure, and how.</summary>
public sealed record BenchOptions
{
    public const string Usage = """
        usage: bench checkout|browse|mixed|growth [--clients N] [--seconds S] [--warmup S] [--url U] [--only list|detail] [--products N]
                     [--report FILE] [--pid-root PID] [--start "COMMAND"]
               bench growth --url U --grown U [--sidecar U --orders N] …: two shops, and the HTTP port of the grown one's ordering sidecar
        """;

    /// <summary><c>checkout</c>, <c>browse</c>, <c>mixed</c> or <c>growth</c>.</summary>
    public required string Mode { get; init; }

    /// <summary>Each sends its next request when it has the answer to the last.</summary>
    public int Clients { get; init; } = 16;

    public TimeSpan Duration { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>Load before the measurement, for the just-in-time compilers.</summary>
    public TimeSpan Warmup { get; init; } = TimeSpan.FromSeconds(5);

    public Uri Url { get; init; } = new("http://127.0.0.1:8080/");

    /// <summary>For <c>browse</c>: <c>list</c> or <c>detail</c> alone; null for both in turn.</summary>
    public string? Only { get; init; }

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
        if (args is not ["checkout" or "browse" or "mixed" or "growth", ..] || args.Length % 2 == 0) throw new BenchError(Usage, 2);
        var options = new BenchOptions { Mode = args[0] };
        for (var i = 1; i < args.Length; i += 2) options = options.With(args[i], args[i + 1]);
        if (options.Mode == "growth" != options.Grown is not null) throw new BenchError(Usage, 2);
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
        "--only" => this with { Only = value is "list" or "detail" ? value : throw Bad(flag, value) },
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
