using System.Text.Json.Serialization;
using DaprShop.Local.Errors;
using DaprShop.Local.Resiliency;

namespace DaprShop.Local.Actors;

/// <summary>Names a reminder.</summary>
internal readonly record struct ReminderKey(string AppId, ActorRef Actor, string Name);

/// <summary>What a reminder was registered as; kept as it is until it is replaced.</summary>
/// <param name="DueTime">As given.</param>
/// <param name="Every">The period; null for a reminder that fires once.</param>
/// <param name="Repeats">How often it fires in all; null for no end.</param>
/// <param name="Ttl">As given.</param>
/// <param name="Expires">It does not fire after this time.</param>
/// <param name="Data">JSON, for the callback.</param>
/// <param name="RetryInterval">Between tries of a callback that fails.</param>
/// <param name="MaxRetries">How often a failing callback is tried again before this time is given up; null for no end.</param>
internal sealed record ReminderRegistration(
    string? DueTime, TimeSpan? Every, int? Repeats, string? Ttl, DateTimeOffset? Expires, byte[]? Data,
    TimeSpan RetryInterval, int? MaxRetries)
{
    private static readonly TimeSpan s_retryInterval = TimeSpan.FromSeconds(1);
    private const int DefaultMaxRetries = 3;

    /// <summary>The period as the scheduler says it.</summary>
    [JsonIgnore]
    public string? PeriodText => Every is { } every ? "@every " + GoDuration.Format(every) : null;

    /// <summary>The time to live, when it was given as a point in time.</summary>
    [JsonIgnore]
    public string? TtlTime => Ttl is not null && Period.Parse(Ttl) is null ? Ttl : null;

    /// <summary>Checks as daprd and its scheduler (diagridio/go-etcd-cron) do.</summary>
    /// <returns>The registration and when it fires first.</returns>
    /// <exception cref="DaprError">Something in it is not understood.</exception>
    public static (ReminderRegistration Registration, DateTimeOffset FirstDue) Create(ScheduleBody body, byte[]? data, DateTimeOffset now)
    {
        var period = ParsePeriod(body.Period);
        var dueTime = string.IsNullOrEmpty(body.DueTime) ? null : body.DueTime;
        var ttl = string.IsNullOrEmpty(body.Ttl) ? null : body.Ttl;
        if (dueTime is null && period is null) throw ActorErrors.ReminderCreate("job must have either a due time or a schedule");
        if (period is null && ttl is not null) throw ActorErrors.ReminderCreate("job must have a schedule to have a ttl");

        var due = dueTime is null
            ? now
            : Period.PointInTime(dueTime, now) ?? throw ActorErrors.ReminderCreate("due time format not recognized");
        DateTimeOffset? expires = ttl is null
            ? null
            : Period.PointInTime(ttl, due) ?? throw ActorErrors.ReminderCreate("ttl format not recognized");
        if (dueTime is not null && due > expires) throw ActorErrors.ReminderCreate("ttl must be greater than due time");

        var (interval, maxRetries) = ParseFailurePolicy(body.FailurePolicy ?? body.FailurePolicySnakeCase);
        var every = period is { IsZero: false } ? period.Time : (TimeSpan?)null;
        var registration = new ReminderRegistration(
            dueTime, every, period?.Repetitions is > 0 and var repeats ? repeats : null, ttl, expires, data, interval, maxRetries);
        return (registration, dueTime is null ? due + (every ?? TimeSpan.Zero) : due);
    }

    private static Period? ParsePeriod(string? text)
    {
        if (string.IsNullOrEmpty(text)) return null;
        return Period.Parse(text) is { Months: 0, Days: 0 } period && period.Time >= TimeSpan.Zero
            ? period
            : throw ActorErrors.ReminderCreate($"unsupported period format: {text}");
    }

    private static (TimeSpan Interval, int? MaxRetries) ParseFailurePolicy(FailurePolicyBody? policy)
    {
        if (policy?.Drop is not null) return (TimeSpan.Zero, 0);
        if (policy?.Constant is not { } constant) return (s_retryInterval, DefaultMaxRetries);
        if (constant.Interval is null) return (TimeSpan.Zero, constant.MaxRetries);
        return GoDuration.TryParse(constant.Interval, out var interval) && interval >= TimeSpan.Zero
            ? (interval, constant.MaxRetries)
            : throw ActorErrors.ReminderCreate($"failure policy interval format not recognized: {constant.Interval}");
    }
}

/// <summary>
/// A reminder and how far it has come. Times that were missed, because the runtime was down or a callback took longer than the period,
/// are made up for by firing once; then it goes on in step.
/// </summary>
internal sealed class Reminder(ReminderSlot slot, ReminderRegistration registration) : DueItem
{
    public ReminderSlot Slot { get; } = slot;

    public ReminderKey Key => Slot.Key;

    public ReminderRegistration Registration { get; } = registration;

    /// <summary>The time it is firing for, which retries do not change.</summary>
    public required DateTimeOffset ScheduledAt { get; set; }

    /// <summary>How often it has fired.</summary>
    public int Count { get; set; }

    /// <summary>How often it has failed at this time.</summary>
    public int Attempts { get; set; }

    /// <summary>Unregistered, replaced or over.</summary>
    public bool IsGone => Slot.Current != this;

    /// <summary>The callback went well. False when that was the last time.</summary>
    public bool Succeed(DateTimeOffset now) => MoveOn(now);

    /// <summary>The callback failed. False when there will be no further try and no further time.</summary>
    public bool Fail(DateTimeOffset now)
    {
        Attempts++;
        if (Registration.MaxRetries is { } max && Attempts > max) return MoveOn(now);
        DueAt = now + Registration.RetryInterval;
        return true;
    }

    private bool MoveOn(DateTimeOffset now)
    {
        Count++;
        Attempts = 0;
        if (Registration.Every is not { } every || Count >= Registration.Repeats) return false;
        var missed = Math.Max(0, (now - ScheduledAt).Ticks - 1) / every.Ticks;
        ScheduledAt += (missed + 1) * every;
        DueAt = ScheduledAt;
        return !(ScheduledAt > Registration.Expires);
    }
}
