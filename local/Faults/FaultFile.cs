using DaprShop.Local.Configuration;
using DaprShop.Local.Resiliency;

namespace DaprShop.Local.Faults;

/// <summary>
/// Faults as a file has them, or the body of <c>PUT /faults</c> (JSON is YAML too): a <c>seed</c>, which makes chances repeatable, and
/// <c>faults</c>, a list of rows. <c>local/README.md</c> has an example.
/// </summary>
/// <param name="Seed">Of the chances.</param>
/// <param name="Faults">In the order in which they are asked; a call meets at most one at each moment.</param>
public sealed record FaultFile(int Seed, IReadOnlyList<Fault> Faults)
{
    public static FaultFile Empty { get; } = new(0, []);

    /// <exception cref="ConfigurationError">Names file and line.</exception>
    public static FaultFile Read(string path) => Parse(File.Exists(path)
        ? File.ReadAllText(path)
        : throw new ConfigurationError($"{path}: the fault file does not exist"), YamlMap.DisplayName(path));

    /// <param name="text">YAML or JSON.</param>
    /// <param name="name">What messages call it.</param>
    /// <exception cref="ConfigurationError">Names file and line.</exception>
    public static FaultFile Parse(string text, string name) => YamlMap.Parse(text, name) switch
    {
        [] => Empty,
        [var document] => new FaultFile(
            document.Only("seed", "faults").Number("seed") ?? 0, [.. document.Maps("faults").Select(ParseFault)]),
        _ => throw new ConfigurationError($"{name}: one document is enough"),
    };

    private static Fault ParseFault(YamlMap row)
    {
        row.Only("app", "on", "match", "when", "do", "skip", "times", "chance", "from", "until", "for", "status", "copies", "target");
        var (on, what) = (OneOf<FaultPoint>(row, "on"), OneOf<FaultKind>(row, "do"));
        var fault = new Fault(
            row.RequiredText("app"), on, row.Text("match") ?? "*",
            row.Has("when") ? OneOf<FaultMoment>(row, "when") : FaultMoment.Before, what)
        {
            Skip = AtLeast(row, "skip", 0) ?? 0,
            // A process that dies at every call would never get anywhere.
            Times = AtLeast(row, "times", 1) ?? (what == FaultKind.Kill ? 1 : null),
            Chance = Share(row, "chance"),
            From = Duration(row, "from") ?? TimeSpan.Zero,
            Until = Duration(row, "until"),
            For = Duration(row, "for"),
            Status = AtLeast(row, "status", 400) ?? 500,
            Copies = AtLeast(row, "copies", 2) ?? 2,
            Target = row.Text("target"),
        };
        return Wrong(fault) is { } reason ? throw row.Error("do", reason) : fault;
    }

    private static string? Wrong(Fault fault) => fault switch
    {
        { Do: FaultKind.Delay, For: null } => "a delay needs 'for'",
        { Do: FaultKind.Shuffle, On: not FaultPoint.Deliver } => "only deliveries can be shuffled",
        { Do: FaultKind.Repeat, On: FaultPoint.Publish or FaultPoint.Write or FaultPoint.Read or FaultPoint.Remind } =>
            "only calls to an app can be repeated",
        { Do: FaultKind.Repeat or FaultKind.Shuffle, When: FaultMoment.After } => "repeated or shuffled is what is not carried out yet",
        { Do: FaultKind.Fail, When: FaultMoment.After, On: not (FaultPoint.Invoke or FaultPoint.Deliver or FaultPoint.Turn) } =>
            "what a sidecar has carried out it does not answer with an error; use cut",
        _ => null,
    };

    private static T OneOf<T>(YamlMap row, string key) where T : struct, Enum =>
        Enum.TryParse<T>(row.RequiredText(key), ignoreCase: true, out var value) && Enum.IsDefined(value)
            ? value
            : throw row.Error(key, $"'{key}' must be one of {string.Join(", ", Enum.GetNames<T>()).ToLowerInvariant()}");

    private static int? AtLeast(YamlMap row, string key, int least) => row.Number(key) is not { } number || number >= least
        ? row.Number(key)
        : throw row.Error(key, $"'{key}' must be at least {least}");

    private static double Share(YamlMap row, string key) => row.Text(key) is not { } text ? 1
        : double.TryParse(text, System.Globalization.CultureInfo.InvariantCulture, out var share) && share is >= 0 and <= 1 ? share
        : throw row.Error(key, $"'{key}' must be 0 to 1");

    private static TimeSpan? Duration(YamlMap row, string key) => row.Text(key) is not { } text ? null
        : GoDuration.TryParse(text, out var duration) && duration >= TimeSpan.Zero ? duration
        : throw row.Error(key, $"'{key}' must be a duration: 500ms, 3s");
}
