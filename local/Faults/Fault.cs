using System.Text.RegularExpressions;

namespace DaprShop.Local.Faults;

/// <summary>What passes between an app and its sidecar, and what its name is in a <see cref="Fault.Match"/>.</summary>
public enum FaultPoint
{
    /// <summary>Another app calls the app: <c>POST /internal/payments/7/capture</c>.</summary>
    Invoke,

    /// <summary>A message comes to the app: <c>POST /events/orders.confirmed</c>.</summary>
    Deliver,

    /// <summary>One of the app's actors has its turn: <c>OrderActor/7/Record</c>, <c>OrderActor/7/remind/drive</c>.</summary>
    Turn,

    /// <summary>The app publishes: <c>orders.confirmed</c>.</summary>
    Publish,

    /// <summary>The app saves or deletes state: <c>payment-store/payment/7</c>; of an actor, <c>OrderActor/7</c>.</summary>
    Write,

    /// <summary>The app reads state; named as in <see cref="Write"/>.</summary>
    Read,

    /// <summary>The app sets or ends a reminder: <c>register OrderActor/7/drive</c>, <c>unregister OrderActor/7/drive</c>.</summary>
    Remind,
}

/// <summary>Before the call is carried out, or after that but before it is answered.</summary>
public enum FaultMoment
{
    Before,
    After,
}

/// <summary>What goes wrong.</summary>
public enum FaultKind
{
    /// <summary>The answer is an error.</summary>
    Fail,

    /// <summary>The connection breaks: no answer.</summary>
    Cut,

    /// <summary>All goes well, only later.</summary>
    Delay,

    /// <summary>No answer, and the connection stays.</summary>
    Mute,

    /// <summary>The app's process dies, as by kill -9.</summary>
    Kill,

    /// <summary>The app gets the same call several times.</summary>
    Repeat,

    /// <summary>The app gets the messages of a bulk delivery in another order.</summary>
    Shuffle,
}

/// <summary>One row of a fault file: at these calls, this goes wrong.</summary>
/// <param name="App">The app that is called, or that calls its sidecar; <c>*</c> stands for anything.</param>
/// <param name="On">Which calls.</param>
/// <param name="Match">Their names; <c>*</c> stands for anything.</param>
/// <param name="When">The moment.</param>
/// <param name="Do">What goes wrong.</param>
public sealed record Fault(string App, FaultPoint On, string Match, FaultMoment When, FaultKind Do)
{
    private readonly Regex _app = Glob(App);
    private readonly Regex _match = Glob(Match);

    /// <summary>So many matching calls pass first.</summary>
    public int Skip { get; init; }

    /// <summary>So many are hit; null for all.</summary>
    public int? Times { get; init; }

    /// <summary>The share of those that is hit, 0 to 1.</summary>
    public double Chance { get; init; } = 1;

    /// <summary>Begins so long after the faults were set.</summary>
    public TimeSpan From { get; init; }

    /// <summary>Ends so long after the faults were set; null for never.</summary>
    public TimeSpan? Until { get; init; }

    /// <summary>
    /// How long a delay is, or a silence (null: until the caller goes). For <see cref="FaultKind.Repeat"/>: the further copies come so much
    /// later than the answer; null: at the same time as the first.
    /// </summary>
    public TimeSpan? For { get; init; }

    /// <summary>The HTTP status of a failure.</summary>
    public int Status { get; init; } = 500;

    /// <summary>How often a repeated call comes in all.</summary>
    public int Copies { get; init; } = 2;

    /// <summary>Whose process dies; null for that of the app itself.</summary>
    public string? Target { get; init; }

    /// <summary>Whether this fault is about the call. How often it strikes is the plan's affair.</summary>
    public bool IsAbout(SidecarCall call, FaultMoment when) =>
        On == call.On && When == when && _app.IsMatch(call.App) && call.Names.Any(_match.IsMatch);

    private static Regex Glob(string pattern) =>
        new(
            $"^{Regex.Escape(pattern).Replace("\\*", ".*", StringComparison.Ordinal)}$",
            RegexOptions.Singleline | RegexOptions.CultureInvariant);
}

/// <summary>A call between an app and its sidecar.</summary>
/// <param name="App">The app.</param>
/// <param name="On">What kind of call.</param>
/// <param name="Names">What it is about; a transaction is about all its keys.</param>
public sealed record SidecarCall(string App, FaultPoint On, params IReadOnlyList<string> Names)
{
    /// <summary>The ids of what is published in bulk over HTTP: of each is told that it failed.</summary>
    public IReadOnlyList<string>? Entries { get; init; }
}
