using System.Text.Json;
using DaprShop.Local.Redis;
using StackExchange.Redis;

namespace DaprShop.Local.PubSub;

/// <summary>
/// A consumer group of a stream. One loop fetches: what this runtime took before and was not done with, as a killed life or a lost
/// connection leaves it; what others had for too long; then what is new. It looks when something was published here, and a few times a
/// second for what others publish. What is in hand is claimed anew now and then, so that nobody else takes it for lost. An acknowledgement
/// that Redis does not take is tried until it does; the message stays in hand as long.
/// </summary>
internal sealed class RedisQueue : MessageQueue, IAsyncDisposable
{
    private const string Oldest = "0-0";
    private const string New = ">";

    private static readonly TimeSpan s_look = TimeSpan.FromMilliseconds(250);
    private static readonly TimeSpan s_pause = TimeSpan.FromMilliseconds(500);

    private readonly RedisBroker _broker;
    private readonly IDatabase _redis;
    private readonly RedisStreamSettings _settings;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private readonly string _consumer;
    private readonly Dictionary<RedisValue, StreamMessage> _inHand = [];
    private readonly List<RedisValue> _done = [];
    private readonly SemaphoreSlim _look = new(0, 1);
    private readonly CancellationTokenSource _closed = new();
    private Task? _fetching;
    private bool _acknowledging;
    private bool _waitsForRoom;

    public RedisQueue(
        RedisBroker broker, IDatabase redis, RedisStreamSettings settings, string pubsub, string topic, string group, string consumer,
        TimeProvider time, ILogger logger)
        : base(pubsub, topic, group, time)
    {
        (_broker, _redis, _settings, _time, _logger) = (broker, redis, settings, time, logger);
        _consumer = consumer;
    }

    public override void Attach(IConsumer consumer)
    {
        base.Attach(consumer);
        lock (Gate) _fetching ??= Task.Run(FetchAsync);
        Look();
    }

    public override void Done(BrokerMessage message)
    {
        lock (Gate) _done.Add(((StreamMessage)message).Id);
        _ = AcknowledgeAsync();
    }

    public override async Task MoveAsync(BrokerMessage message, string topic, CancellationToken cancellation = default)
    {
        var id = ((StreamMessage)message).Id;
        var transaction = _redis.CreateTransaction();
        _ = _broker.AddAsync(transaction, topic, message.Envelope);
        _ = transaction.StreamAcknowledgeAsync(Topic, App, id);
        if (!await transaction.ExecuteAsync().OrFailure()) throw new RedisFailure("the transaction was not made");
        lock (Gate) _inHand.Remove(id);
        _broker.Arrived(topic);
    }

    /// <summary>There may be something new.</summary>
    public void Look()
    {
        lock (_look)
            if (_look.CurrentCount == 0 && !_closed.IsCancellationRequested) _look.Release();
    }

    /// <summary>
    /// Fetches no more, and makes what is in hand look as if it had been for too long, so that whoever comes next takes it at once.
    /// </summary>
    public async ValueTask DisposeAsync()
    {
        await _closed.CancelAsync();
        if (_fetching is not null) await _fetching;
        await GiveBackAsync();
        _look.Dispose();
        _closed.Dispose();
    }

    private async Task GiveBackAsync()
    {
        await AcknowledgeAsync();
        RedisValue[] left;
        lock (Gate) left = [.. _inHand.Keys];
        if (left.Length == 0) return;
        try
        {
            var idle = Milliseconds(_settings.ProcessingTimeout);
            await _redis.ExecuteAsync("XCLAIM", [(RedisKey)Topic, App, _consumer, 0, .. left.Cast<object>(), "IDLE", idle, "JUSTID"]);
        }
        catch (Exception failure) when (RedisCall.IsFailure(failure))
        {
            _logger.LogWarning("{Count} messages of {Topic} could not be given back: {Reason}", left.Length, Topic, failure.Message);
        }
    }

    protected override bool BeginFetch()
    {
        if (_waitsForRoom) Look();
        return false;
    }

    private async Task FetchAsync()
    {
        var position = Oldest;
        var isAway = false;
        var nextReclaim = DateTimeOffset.MinValue;
        while (!_closed.IsCancellationRequested)
        {
            try
            {
                await AcknowledgeAsync();
                if (_settings.Redelivers && _time.GetUtcNow() >= nextReclaim)
                {
                    await ReclaimAsync();
                    nextReclaim = _time.GetUtcNow() + _settings.RedeliverInterval;
                }

                var next = HasRoom() ? await ReadAsync(position) : position;
                if (isAway) _logger.LogWarning("{App} hears of {Topic} again", App, Topic);
                isAway = false;
                if (next == position) await WaitAsync(s_look);
                position = next;
            }
            catch (RedisServerException error) when (error.Message.StartsWith("NOGROUP", StringComparison.Ordinal))
            {
                if (!await TryMakeGroupAsync()) await WaitAsync(s_pause);
            }
            catch (Exception failure)
            {
                if (!isAway) _logger.LogWarning("{App} hears nothing of {Topic}: {Reason}", App, Topic, failure.Message);
                // An answer that was lost on the way may have held messages, which are ours by now.
                (isAway, position) = (true, Oldest);
                await PauseAsync();
            }
        }
    }

    private bool HasRoom()
    {
        lock (Gate)
        {
            var hasRoom = HasConsumers && Ready < _settings.QueueDepth && _inHand.Count < MemoryLimit;
            _waitsForRoom = !hasRoom;
            return hasRoom;
        }
    }

    /// <summary>Where to read on. At the end of what was ours already comes what is new.</summary>
    private async Task<string> ReadAsync(string position)
    {
        var entries = await _redis.StreamReadGroupAsync(Topic, App, _consumer, position, _settings.QueueDepth);
        Take(entries);
        if (entries.Length < _settings.QueueDepth) return New;
        if (position != New) return entries[^1].Id.ToString();
        Look();
        return New;
    }

    private async Task ReclaimAsync()
    {
        RedisValue[] kept;
        lock (Gate) kept = HasConsumers ? [.. _inHand.Keys] : [];
        if (kept.Length > 0) await _redis.StreamClaimIdsOnlyAsync(Topic, App, _consumer, 0, kept);
        RedisValue from = Oldest;
        while (HasRoom())
        {
            var claimed = await _redis.StreamAutoClaimAsync(
                Topic, App, _consumer, Milliseconds(_settings.ProcessingTimeout), from, _settings.QueueDepth);
            Take(claimed.ClaimedEntries);
            from = claimed.NextStartId;
            if (from == Oldest) return;
        }
    }

    private void Take(StreamEntry[] entries)
    {
        var taken = 0;
        lock (Gate)
        {
            foreach (var entry in entries)
            {
                if (entry.IsNull || _inHand.ContainsKey(entry.Id)) continue;
                var message = StreamMessage.Of(entry);
                _inHand.Add(entry.Id, message);
                // What was trimmed away before anybody was done with it is nobody's any more.
                if (entry.Values is not { Length: > 0 })
                {
                    _done.Add(entry.Id);
                    continue;
                }

                Hold(message);
                taken++;
            }
        }

        for (var i = 0; i < taken; i++) Wake();
    }

    /// <summary>One call for all that is done by then; the loop tries again when it fails.</summary>
    private async Task AcknowledgeAsync()
    {
        while (true)
        {
            RedisValue[] ids;
            lock (Gate)
            {
                if (_acknowledging || _done.Count == 0) return;
                _acknowledging = true;
                ids = [.. _done];
                _done.Clear();
            }

            var isTaken = await TryAcknowledgeAsync(ids);
            lock (Gate)
            {
                _acknowledging = false;
                if (!isTaken) _done.AddRange(ids);
                else foreach (var id in ids) _inHand.Remove(id);
            }

            if (!isTaken) return;
        }
    }

    private async Task<bool> TryAcknowledgeAsync(RedisValue[] ids)
    {
        try
        {
            await _redis.StreamAcknowledgeAsync(Topic, App, ids);
            return true;
        }
        catch (Exception failure) when (RedisCall.IsFailure(failure))
        {
            return false;
        }
    }

    private async Task<bool> TryMakeGroupAsync()
    {
        try
        {
            return await _redis.StreamCreateConsumerGroupAsync(Topic, App, Oldest, createStream: true);
        }
        catch (Exception failure) when (RedisCall.IsFailure(failure))
        {
            return failure.Message.StartsWith("BUSYGROUP", StringComparison.Ordinal);
        }
    }

    private async Task WaitAsync(TimeSpan time)
    {
        Task looking = _look.WaitAsync(time, _closed.Token);
        await looking.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }

    /// <summary>Redis is away: nothing that happens here brings it back.</summary>
    private async Task PauseAsync() => await Task.Delay(s_pause, _closed.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);

    private static long Milliseconds(TimeSpan time) => (long)time.TotalMilliseconds;
}

/// <summary>An entry of a stream.</summary>
/// <param name="id">As Redis gave it.</param>
/// <param name="envelope">What it carries.</param>
internal sealed class StreamMessage(RedisValue id, Envelope envelope) : BrokerMessage(envelope)
{
    public RedisValue Id { get; } = id;

    public static StreamMessage Of(StreamEntry entry)
    {
        var data = (byte[]?)entry[RedisBroker.DataField] ?? [];
        var envelope = CloudEvents.Open(data);
        if (entry[RedisBroker.MetadataField] is { IsNull: false } metadata) envelope = Completed(envelope, (byte[])metadata!);
        return new StreamMessage(entry.Id, envelope);
    }

    /// <summary>With what the publisher said beside the data. What cannot be read says nothing, as in daprd.</summary>
    private static Envelope Completed(Envelope envelope, byte[] metadata)
    {
        try
        {
            var said = JsonSerializer.Deserialize<Dictionary<string, string>>(metadata) ?? [];
            return envelope with
            {
                IsRaw = envelope.IsRaw || said.GetValueOrDefault(RedisBroker.RawPayload) is "true",
                TraceParent = envelope.TraceParent ?? said.GetValueOrDefault(RedisBroker.TraceParent),
            };
        }
        catch (JsonException)
        {
            return envelope;
        }
    }
}
