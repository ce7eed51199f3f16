namespace DaprShop.Ordering;

/// <summary>The times and limits of ordering: settings <c>Ordering:…</c>, durations as <c>hh:mm:ss.fff</c>.</summary>
public sealed record OrderingOptions
{
    public const string Section = "Ordering";

    /// <summary>For each call to another service.</summary>
    public TimeSpan CallTimeout { get; init; } = TimeSpan.FromSeconds(4);

    /// <summary>How long a step of the saga is tried before the saga turns back; at least once, however late it is.</summary>
    public TimeSpan StepBudget { get; init; } = TimeSpan.FromSeconds(12);

    /// <summary>How long a step may take before what was learned until then is recorded, for all to see.</summary>
    public TimeSpan RecordingPatience { get; init; } = TimeSpan.FromMilliseconds(250);

    /// <summary>How long the rates of shipping are taken to be what they were.</summary>
    public TimeSpan RatesAreGoodFor { get; init; } = TimeSpan.FromMinutes(1);

    /// <summary>The pause after a first failed try; it doubles with each.</summary>
    public TimeSpan FirstRetry { get; init; } = TimeSpan.FromMilliseconds(100);

    public TimeSpan LongestRetry { get; init; } = TimeSpan.FromSeconds(3);

    /// <summary>How often the reminder looks after an open order.</summary>
    public TimeSpan ReminderPeriod { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>How long inventory holds a reservation that is neither committed nor released.</summary>
    public TimeSpan ReservationTime { get; init; } = TimeSpan.FromMinutes(15);

    /// <summary>How long the projector gathers views that somebody waits for before it writes them together.</summary>
    public TimeSpan ProjectionDelay { get; init; } = TimeSpan.FromMilliseconds(8);

    /// <summary>How long a view may wait for others when it shows a status that will not last.</summary>
    public TimeSpan ProjectionPatience { get; init; } = TimeSpan.FromMilliseconds(100);

    /// <summary>How often a watched order is looked up for changes made by other replicas; also the heartbeat of streams.</summary>
    public TimeSpan WatchInterval { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>How many orders one process drives at a time.</summary>
    public int MaxConcurrentOrders { get; init; } = 512;

    /// <summary>An actor not called for so long leaves memory.</summary>
    public TimeSpan ActorIdleTimeout { get; init; } = TimeSpan.FromSeconds(30);
}
