using System.Globalization;

namespace DaprShop.Local.State;

/// <summary>One write as an app asks for it; the key is the app's own.</summary>
/// <param name="Key">Without prefix.</param>
/// <param name="Value">Null deletes.</param>
/// <param name="ETag">Null or empty for none.</param>
/// <param name="Concurrency"><c>first-write</c>, <c>last-write</c> or null.</param>
/// <param name="Consistency"><c>strong</c>, <c>eventual</c> or null; both are strong here.</param>
/// <param name="Ttl"><c>ttlInSeconds</c> as it came.</param>
public readonly record struct StateRequest(
    string Key, ReadOnlyMemory<byte>? Value, string? ETag = null, string? Concurrency = null, string? Consistency = null,
    string? Ttl = null)
{
    /// <exception cref="InvalidOption">It asks for what there is not.</exception>
    public StateWrite ToWrite()
    {
        if (Concurrency is not (null or "" or "first-write" or "last-write"))
            throw new InvalidOption($"unrecognized concurrency model '{Concurrency}'");
        if (Consistency is not (null or "" or "strong" or "eventual"))
            throw new InvalidOption($"unrecognized consistency model '{Consistency}'");
        return new StateWrite(Key, Value, ETag, Concurrency == "first-write", TimeToLive(Ttl));
    }

    /// <summary>Null when nothing is said; 0 and −1 say for ever.</summary>
    private static TimeSpan? TimeToLive(string? ttlInSeconds)
    {
        if (string.IsNullOrEmpty(ttlInSeconds)) return null;
        if (!long.TryParse(ttlInSeconds, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var seconds))
            throw new InvalidOption($"error parsing TTL: incorrect value for metadata 'ttlInSeconds': '{ttlInSeconds}' is not a number");
        if (seconds is < -1 or > int.MaxValue)
            throw new InvalidOption("error parsing TTL: incorrect value for metadata 'ttlInSeconds': must be -1 or greater");
        return TimeSpan.FromSeconds(seconds);
    }

    /// <summary>What is wrong with the request comes with the task, as what is wrong with the write does.</summary>
    internal Task WriteAsync(IStateStore store, CancellationToken cancellation = default)
    {
        try
        {
            return store.WriteAsync(ToWrite(), cancellation);
        }
        catch (InvalidOption invalid)
        {
            return Task.FromException(invalid);
        }
    }
}

/// <summary>A write asks for what there is not.</summary>
internal sealed class InvalidOption(string message) : Exception(message);
