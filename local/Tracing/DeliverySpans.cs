using System.Diagnostics;
using DaprShop.Local.PubSub;

namespace DaprShop.Local.Tracing;

/// <summary>
/// The spans of one attempt to deliver: of each message one, which goes on from what published it. Of messages that go together, the
/// app's own trace goes on from the last one's, as in daprd.
/// </summary>
internal readonly struct DeliverySpans : IDisposable
{
    private readonly Activity?[] _spans;

    private DeliverySpans(Activity?[] spans, string? publisher)
    {
        _spans = spans;
        TraceParent = spans is [.., { Id: { } id }] ? id : ActivityContext.TryParse(publisher, null, out _) ? publisher : null;
    }

    /// <summary>What the app is told; null for nothing. An event may say anything that it came from.</summary>
    public string? TraceParent { get; }

    public static DeliverySpans Of(SidecarTracer? tracer, string topic, string? publisher)
    {
        if (tracer is null || publisher is null) return new([], publisher);
        return new([tracer.Deliver(topic, publisher)], publisher);
    }

    public static DeliverySpans Of(SidecarTracer? tracer, string topic, IReadOnlyList<BulkEntry> entries)
    {
        var last = entries[^1].Message.Envelope.TraceParent;
        if (tracer is null) return new([], last);
        Activity?[] spans =
            [.. entries.Select(entry => entry.Message.Envelope.TraceParent).OfType<string>().Select(publisher => tracer.Deliver(topic, publisher))];
        return new(spans, last);
    }

    public void Answered(int status)
    {
        foreach (var span in _spans) span.Answered(status);
    }

    public void Fail(string reason)
    {
        foreach (var span in _spans) span.Fail(reason);
    }

    public void Dispose()
    {
        foreach (var span in _spans) span?.Dispose();
    }
}
