using System.Text.Json;

namespace DaprShop.Common;

/// <summary>An event that a service could not take, after all retries.</summary>
/// <param name="Id"><c>{service}-{16 hexadecimal digits}</c>.</param>
/// <param name="Service">Which could not take it; another subscriber may have.</param>
/// <param name="Topic">It was published to.</param>
/// <param name="EventId">Of the CloudEvent.</param>
/// <param name="Reason">What kept the latest attempt from taking effect.</param>
/// <param name="Attempts">How often it was tried, replays included, as far as the service could note it.</param>
/// <param name="GivenUpAt">When it became a dead letter.</param>
/// <param name="Event">The CloudEvent, as it was published.</param>
/// <param name="ReplayedAt">Set once it took effect after all; such letters are not listed.</param>
public sealed record DeadLetter(
    string Id, string Service, string Topic, string EventId, string Reason, int Attempts, DateTimeOffset GivenUpAt, JsonElement Event,
    DateTimeOffset? ReplayedAt = null);

/// <summary>A letter in the list of them all.</summary>
public sealed record DeadLetterEntry(string Id, DateTimeOffset GivenUpAt);

/// <summary>What came of a replay.</summary>
/// <param name="Outcome"><c>replayed</c> or <c>failed</c>.</param>
/// <param name="Reason">Of a failure.</param>
public sealed record ReplayReply(string Outcome, string? Reason = null)
{
    /// <summary>The event took effect, and the letter is gone.</summary>
    public const string Replayed = "replayed";

    /// <summary>It did not, and the letter stays.</summary>
    public const string Failed = "failed";
}
