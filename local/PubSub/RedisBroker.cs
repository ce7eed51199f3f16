using System.Collections.Concurrent;
using System.Text.Json;
using DaprShop.Local.Redis;
using StackExchange.Redis;

namespace DaprShop.Local.PubSub;

/// <summary>
/// <c>pubsub.redis</c>: daprd's own layout (components-contrib <c>pubsub/redis</c>), so that either can use the data: a topic is a stream
/// of its name, an entry has the fields <c>data</c> and perhaps <c>metadata</c>, and each app is a consumer group, which begins with
/// the oldest entry.
/// </summary>
/// <param name="redis">Its connection belongs to others.</param>
/// <param name="settings">Of the component.</param>
/// <param name="life">Names this runtime's consumers, in this and its next lives.</param>
public sealed class RedisBroker(IDatabase redis, RedisStreamSettings settings, string life, TimeProvider time, ILogger logger)
    : IBroker, IAsyncDisposable
{
    internal const string DataField = "data";
    internal const string MetadataField = "metadata";
    internal const string RawPayload = "rawPayload";
    internal const string TraceParent = "traceparent";

    private const string PublishError = "redis streams: error from publish: ";

    private readonly ConcurrentDictionary<(string Topic, string Group), RedisQueue> _queues = new();

    /// <summary>A stream keeps its entries for those who come later.</summary>
    public bool Keeps(string pubsub, string topic) => true;

    public async Task PublishAsync(string pubsub, string topic, params IReadOnlyList<Envelope> envelopes)
    {
        if (envelopes.Count == 1) await AddAsync(redis, topic, envelopes[0]).OrFailure(PublishError);
        else await AddAllAsync(topic, envelopes);
        Arrived(topic);
    }

    public Task<MessageQueue> QueueAsync(string pubsub, string topic, string app) => Task.FromResult<MessageQueue>(
        _queues.GetOrAdd((topic, app), _ => new RedisQueue(this, redis, settings, pubsub, topic, app, $"{app}@{life}", time, logger)));

    public async Task<IReadOnlyList<QueueDepth>> DepthsAsync()
    {
        try
        {
            return await Task.WhenAll(_queues.Values.Select(DepthAsync));
        }
        catch (Exception error) when (RedisCall.IsFailure(error))
        {
            return [];
        }
    }

    /// <summary>What the queues were busy with they give back.</summary>
    public async ValueTask DisposeAsync() => await Task.WhenAll(_queues.Values.Select(queue => queue.DisposeAsync().AsTask()));

    internal Task<RedisValue> AddAsync(IDatabaseAsync to, string topic, Envelope envelope)
    {
        NameValueEntry[] fields = envelope.IsRaw
            ? [new(DataField, envelope.Data), new(MetadataField, RawMetadata(envelope))]
            : [new(DataField, envelope.Data)];
        return settings switch
        {
            { MaxLength: { } length } => to.StreamAddAsync(topic, fields, maxLength: length, useApproximateMaxLength: true),
            { EntryTtl: { } ttl } => to.StreamAddAsync(topic, fields, new StreamAddOptions { MinId = MinId(ttl), Approximate = true }),
            _ => to.StreamAddAsync(topic, fields),
        };
    }

    /// <summary>There is something new on a topic: nobody needs to look for it.</summary>
    internal void Arrived(string topic)
    {
        foreach (var ((name, _), queue) in _queues)
            if (name == topic) queue.Look();
    }

    private async Task AddAllAsync(string topic, IReadOnlyList<Envelope> envelopes)
    {
        var transaction = redis.CreateTransaction();
        foreach (var envelope in envelopes) _ = AddAsync(transaction, topic, envelope);
        if (!await transaction.ExecuteAsync().OrFailure(PublishError)) throw new RedisFailure("the transaction was not made");
    }

    /// <summary>What the group has not fetched, and what it fetched and was not done with.</summary>
    private async Task<QueueDepth> DepthAsync(RedisQueue queue)
    {
        var groups = await redis.KeyExistsAsync(queue.Topic) ? await redis.StreamGroupInfoAsync(queue.Topic) : [];
        var depth = groups.Where(group => group.Name == queue.App).Sum(group => group.PendingMessageCount + (group.Lag ?? 0));
        return new QueueDepth(queue.PubSub, queue.Topic, queue.App, depth);
    }

    private static byte[] RawMetadata(Envelope envelope)
    {
        var metadata = new Dictionary<string, string> { [RawPayload] = "true" };
        if (envelope.TraceParent is { } trace) metadata[TraceParent] = trace;
        return JsonSerializer.SerializeToUtf8Bytes(metadata);
    }

    private string MinId(TimeSpan ttl) => $"{(time.GetUtcNow() - ttl).ToUnixTimeMilliseconds()}-1";
}
