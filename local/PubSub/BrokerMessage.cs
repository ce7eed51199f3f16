namespace DaprShop.Local.PubSub;

/// <summary>What is published: one for all queues it goes to.</summary>
/// <param name="Data">The CloudEvent as JSON, or the raw payload.</param>
/// <param name="IsRaw">Published with <c>rawPayload</c>.</param>
/// <param name="TraceParent">W3C trace context of the publisher.</param>
/// <param name="ExpiresAt">When its time to live ends; null for never.</param>
public sealed record Envelope(ReadOnlyMemory<byte> Data, bool IsRaw, string? TraceParent, DateTimeOffset? ExpiresAt);

/// <summary>An envelope in one queue.</summary>
/// <param name="envelope">What it carries.</param>
public abstract class BrokerMessage(Envelope envelope)
{
    public Envelope Envelope { get; } = envelope;

    /// <summary>Failed deliveries since it was last given to the app anew.</summary>
    public int Failures { get; set; }

    /// <summary>Deliveries that ended without an answer.</summary>
    public int Interruptions { get; set; }
}

/// <summary>A message of the embedded broker.</summary>
/// <param name="id">Its place in the log; unique, growing.</param>
/// <param name="envelope">What it carries.</param>
public sealed class LogMessage(long id, Envelope envelope) : BrokerMessage(envelope)
{
    public long Id { get; } = id;
}
